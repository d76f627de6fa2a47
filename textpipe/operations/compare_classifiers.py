"""Two classifiers against the same gold labels, as a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import is_labelled, labels_of
from textpipe.corpus.split import text_hash
from textpipe.discover.labels import quoted
from textpipe.errors import InputError, UsageError
from textpipe.metrics.paired import accuracy, by_label, differences, macro_f1, mcnemar, sides
from textpipe.models import Classifier

MEASURES = ("accuracy", "macro_f1")
_BATCH = 512
_DIGITS = 6
_SHOWN = 60  # characters of a text
Hashes = npt.NDArray[np.uint64]


class Contender(NamedTuple):
    """A classifier that is compared. name: its artifact; seen: sorted hashes of the texts that it learned from, None
    where nobody knows"""

    name: str
    classifier: Classifier
    seen: Hashes | None = None


class ComparisonRecord(TypedDict):
    """Two classifiers on the same texts.

    texts: rows with a label; unlabelled: rows without, left out; seen: of each classifier, of how many texts it has
    learned, None where nobody knows
    scores: measure → [A's, B's]; differences: measure → {"value", "low", "high"}: B's less A's, with the 95% interval
    mcnemar: texts that both, one alone, neither is right about, and p
    unknown: label that a classifier does not know → rows, of each
    labels: a record a label, those that changed most first; disagreements: how many texts they label otherwise
    shown: the disagreements, or the first of them
    """

    id: str
    a: str
    b: str
    identical: bool
    texts: int
    unlabelled: int
    seen: list[int | None]
    scores: dict[str, list[float]]
    differences: dict[str, dict[str, float | None]]
    mcnemar: dict[str, Any]
    unknown: list[dict[str, int]]
    labels: list[dict[str, Any]]
    disagreements: int
    shown: list[dict[str, Any]]


class Comparison:
    """Collects what two classifiers say of documents, batch by batch; texts are kept where they disagree.

    most: disagreements that are kept, None for all; separator: what stands between the labels of a text
    """

    def __init__(self, a: Contender, b: Contender, *, most: int | None = None) -> None:
        self._both = (a, b)
        self._most = most
        self.separator = label_separator(a.classifier, b.classifier)
        self._gold: list[frozenset[str]] = []
        self._given: tuple[list[frozenset[str]], list[frozenset[str]]] = ([], [])
        self._hashes: list[int] = []
        self._unlabelled = self._disagreements = 0
        self._shown: list[dict[str, Any]] = []

    def add(self, documents: Iterable[Document]) -> Iterator[int]:
        """Ask both; how many documents are done is told after each batch."""
        batch: list[Document] = []
        for document in documents:
            if is_labelled(document, self.separator):
                batch.append(document)
            else:
                self._unlabelled += 1
            if len(batch) == _BATCH:
                yield self._ask(batch)
                batch = []
        if batch:
            yield self._ask(batch)

    def _ask(self, batch: Sequence[Document]) -> int:
        texts = [document.text for document in batch]
        asked = [_answers(one.classifier, texts) for one in self._both]
        for document, first, second in zip(batch, *asked, strict=True):
            gold = frozenset(labels_of(document, self.separator))
            self._gold.append(gold)
            for given, answer in zip(self._given, (first, second), strict=True):
                given.append(frozenset(answer.labels))
            if self._given[0][-1] != self._given[1][-1]:
                self._disagreements += 1
                if self._most is None or len(self._shown) < self._most:
                    self._shown.append(self._disagreement(document, gold, first, second))
        self._hashes += [text_hash(text) for text in texts]
        return len(self._gold)

    def _disagreement(
        self, document: Document, gold: frozenset[str], first: _Answer, second: _Answer
    ) -> dict[str, Any]:
        right = [frozenset(one.labels) == gold for one in (first, second)]
        text = " ".join(document.text.split())
        between = self.separator or ","
        return {
            "id": document.id,
            "source": document.source,
            "gold": document.label,
            "a": between.join(first.labels),
            "score_a": round(first.probability, _DIGITS),
            "b": between.join(second.labels),
            "score_b": round(second.probability, _DIGITS),
            "right": "a" if right[0] else "b" if right[1] else "neither",
            "text": text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…",
        }

    def record(self, *, identity: str, resamples: int = 1000, seed: int = 0) -> ComparisonRecord:
        """What was found. identity: what the data is called; resamples, seed: how intervals are drawn

        Raises InputError when no document had a label, or none one that a classifier knows.
        """
        a, b = self._both
        self._check(identity)
        known = {*a.classifier.labels, *b.classifier.labels}
        classes = sorted(known.union(*self._gold))
        first, second = (sides(self._gold, given, classes) for given in self._given)
        found = differences(first, second, resamples=resamples, seed=seed)
        return ComparisonRecord(
            id=identity,
            a=a.name,
            b=b.name,
            identical=a.name == b.name,
            texts=len(self._gold),
            unlabelled=self._unlabelled,
            seen=[self._seen(one.seen) for one in self._both],
            scores={
                name: [round(measure(side), _DIGITS) for side in (first, second)]
                for name, measure in zip(MEASURES, (accuracy, macro_f1), strict=True)
            },
            differences={name: _rounded(one._asdict()) for name, one in found.items()},
            mcnemar=_rounded(mcnemar(first.right, second.right)._asdict()),
            unknown=[self._unknown(one.classifier) for one in self._both],
            labels=[_rounded(one._asdict()) for one in by_label(first, second, classes)],
            disagreements=self._disagreements,
            shown=self._shown,
        )

    def _check(self, identity: str) -> None:
        if not self._gold:
            hint = "--label-col NAME names the column; a folder for each class and lines of __label__NAME do as well"
            raise InputError("no row has a label", where=identity, hint=hint)
        known = {label for one in self._both for label in one.classifier.labels}
        if not any(known & gold for gold in self._gold):
            strange = min(next((gold for gold in self._gold if gold), {""}))
            message = f"neither classifier knows any of the labels, as {quoted(strange)}"
            some = f"{', '.join(map(quoted, sorted(known)[:5]))}{' …' if len(known) > 5 else ''}"
            raise InputError(message, where=identity, hint=f"they know {some}; see --label-col")

    def _seen(self, seen: Hashes | None) -> int | None:
        return None if seen is None else int(np.isin(np.array(self._hashes, np.uint64), seen).sum())

    def _unknown(self, classifier: Classifier) -> dict[str, int]:
        known = set(classifier.labels)
        return dict(Counter(label for gold in self._gold for label in sorted(gold - known)).most_common())


class _Answer(NamedTuple):
    """The labels that a classifier gives a text; the least of their probabilities, of no label the greatest."""

    labels: tuple[str, ...]
    probability: float


def worse(record: ComparisonRecord, measures: Iterable[str]) -> list[str]:
    """A line for each measure by which B is worse than A beyond chance: its interval lies below 0."""
    lines = []
    for name in measures:
        value, low, high = (record["differences"][name][end] for end in ("value", "low", "high"))
        if value is not None and low is not None and high is not None and high < 0:
            lines.append(f"{name} of B is lower by {-value:.6g} (95% interval {-high:.6g} to {-low:.6g})")
    return lines


def _answers(classifier: Classifier, texts: Sequence[str]) -> list[_Answer]:
    model: Any = classifier
    probabilities = classifier.predict_proba(texts)
    if not getattr(classifier.config, "label_sep", ""):
        best = probabilities.argmax(axis=1).tolist()
        return [
            _Answer((classifier.labels[place],), float(row[place]))
            for row, place in zip(probabilities, best, strict=True)
        ]
    places = {label: place for place, label in enumerate(classifier.labels)}
    return [
        _Answer(labels, float(row[[places[label] for label in labels]].min() if labels else row.max()))
        for row, labels in zip(probabilities, model.predict_labels(texts), strict=True)
    ]


def label_separator(a: Classifier, b: Classifier) -> str:
    """What stands between the labels of a text. Raises UsageError when the two do not agree on it."""
    found = sorted({sep for one in (a, b) if (sep := getattr(one.config, "label_sep", ""))})
    if len(found) > 1:
        message = f"A and B were trained on labels with different separators, {found[0]!r} and {found[1]!r}"
        raise UsageError(message, hint="train them with the same --label-sep")
    return found[0] if found else ""


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, _DIGITS) + 0.0 if isinstance(value, float) else value for name, value in values.items()}
