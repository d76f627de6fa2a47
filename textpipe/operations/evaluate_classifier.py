"""A classifier against documents with gold labels, as a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import is_labelled
from textpipe.corpus.split import text_hash
from textpipe.discover.labels import quoted
from textpipe.errors import InputError, UsageError, did_you_mean
from textpipe.metrics.classification import (
    AVERAGES,
    RATIOS,
    Judged,
    calibration,
    confusions,
    intervals,
    joined,
    judge,
    overall,
    per_class,
    worst_errors,
)
from textpipe.metrics.label_sets import MEASURES as MEASURES_OF_SETS
from textpipe.models import Classifier
from textpipe.operations.evaluate_label_sets import SetsOf

MEASURES = ("accuracy", *(f"{average}_{ratio}" for average in AVERAGES for ratio in RATIOS))
_BATCH = 512
_DIGITS = 6
_SHOWN = 60  # characters of a text that was taken for another class
Hashes = npt.NDArray[np.uint64]


class ClassifierRecord(TypedDict):
    """How well a classifier meets gold labels.

    texts: rows with a label; unlabelled: rows without, left out
    scores: those of textpipe.metrics.classification.scores, where a text may have several labels those of
    textpipe.metrics.label_sets.overall_of_sets; intervals: measure → [low, high], of 95%
    unknown: label that the classifier does not know → rows, each an error
    seen: rows whose text was learned from, None where nobody knows; unseen: texts and scores of the others, None
    when there are none or no others
    classes, confusions, calibration, errors: a record each; the most frequent confusions and worst errors first; of
    several labels a text there are no confusions, and calibration is that of all decisions
    """

    id: str
    model: str
    texts: int
    unlabelled: int
    scores: dict[str, float]
    intervals: dict[str, list[float]]
    unknown: dict[str, int]
    seen: int | None
    unseen: dict[str, Any] | None
    classes: list[dict[str, Any]]
    confusions: list[dict[str, Any]]
    calibration: list[dict[str, Any]]
    errors: list[dict[str, Any]]


class ClassifierScorer:
    """Collects what a classifier says of documents, batch by batch; texts are kept of the worst errors alone.

    seen: sorted hashes of the texts that were learned from, None where nobody knows; errors: how many are kept
    """

    def __init__(self, classifier: Classifier, *, seen: Hashes | None = None, errors: int = 10) -> None:
        self._classifier = classifier
        self._seen = seen
        self._errors = errors
        self._separator: str = getattr(classifier.config, "label_sep", "")
        self._kind: Any = SetsOf(classifier) if self._separator else _LabelOf(classifier)
        self._parts: list[Any] = []  # as the kind has them
        self._hashes: list[int] = []
        self._kept: dict[int, Document] = {}
        self._unlabelled = 0

    def add(self, documents: Iterable[Document]) -> Iterator[int]:
        """Judge documents; how many are done is told after each batch."""
        batch: list[Document] = []
        for document in documents:
            if is_labelled(document, self._separator):
                batch.append(document)
            else:
                self._unlabelled += 1
            if len(batch) == _BATCH:
                yield self._judge(batch)
                batch = []
        if batch:
            yield self._judge(batch)

    def _judge(self, batch: Sequence[Document]) -> int:
        judged = self._kind.judged(batch)
        start = len(self._hashes)
        self._kept |= {start + place: batch[place] for place in self._kind.worst(judged, most=self._errors)}
        self._hashes += [text_hash(one.text) for one in batch]
        self._parts.append(judged)
        return len(self._hashes)

    def record(self, *, identity: str, model: str, resamples: int = 1000, seed: int = 0) -> ClassifierRecord:
        """What was found. identity: what the data is called; resamples, seed: how intervals are drawn

        Raises InputError when no document had a label, or none one that the classifier knows.
        """
        kind, judged = self._kind, self._judged(identity)
        unseen = None if self._seen is None else ~np.isin(np.array(self._hashes, np.uint64), self._seen)
        others = None
        if unseen is not None and unseen.any() and not unseen.all():
            others = {"texts": int(unseen.sum()), "scores": _rounded(kind.overall(kind.only(judged, unseen)))}
        details = kind.details(judged, resamples=resamples, seed=seed)
        return ClassifierRecord(
            id=identity,
            model=model,
            texts=len(judged.gold),
            unlabelled=self._unlabelled,
            scores=_rounded(kind.overall(judged)),
            intervals={name: [round(end, _DIGITS) for end in both] for name, both in details["intervals"].items()},
            unknown=kind.unknown(judged),
            seen=None if unseen is None else int((~unseen).sum()),
            unseen=others,
            classes=[_rounded(one) for one in details["classes"]],
            confusions=details["confusions"],
            calibration=[_rounded(one) for one in details["calibration"]],
            errors=[self._error(judged, place) for place in kind.worst(judged, most=self._errors)],
        )

    def _judged(self, identity: str) -> Any:
        if not self._parts:
            hint = "--label-col NAME names the column; a folder for each class and lines of __label__NAME do as well"
            raise InputError("no row has a label", where=identity, hint=hint)
        judged = self._kind.joined(self._parts)
        strange = self._kind.nothing_known(judged)
        if strange is not None:
            labels = self._classifier.labels
            message = f"the classifier knows none of the labels, as {quoted(strange)}"
            hint = f"it knows {', '.join(map(quoted, labels[:5]))}{' …' if len(labels) > 5 else ''}; see --label-col"
            raise InputError(message, where=identity, hint=hint)
        return judged

    def _error(self, judged: Any, place: int) -> dict[str, Any]:
        document = self._kept[place]
        text = " ".join(document.text.split())
        return {
            "id": document.id,
            "source": document.source,
            **_rounded(self._kind.error(judged, place)),
            "text": text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…",
        }


class _LabelOf:
    """What `ClassifierScorer` asks of judged texts, where each has one label."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def judged(self, documents: Sequence[Document]) -> Judged:
        """Predictions beside gold labels."""
        probabilities = self._classifier.predict_proba([one.text for one in documents])
        return judge([one.label or "" for one in documents], self._classifier.labels, probabilities)

    def joined(self, parts: Sequence[Judged]) -> Judged:
        """Those of all documents."""
        return joined(parts)

    def worst(self, judged: Judged, *, most: int) -> list[int]:
        """The texts with the worst errors, by number, the worst first."""
        return worst_errors(judged, most=most)

    def nothing_known(self, judged: Judged) -> str | None:
        """A gold label, where the classifier knows none of them."""
        return judged.classes[int(judged.gold[0])] if judged.unknown == len(judged.gold) else None

    def overall(self, judged: Judged) -> dict[str, float]:
        """The scores."""
        return overall(judged)

    def unknown(self, judged: Judged) -> dict[str, int]:
        """label that the classifier does not know → texts, the most frequent first"""
        counts = Counter(judged.gold[judged.gold >= judged.known].tolist())
        return {judged.classes[place]: count for place, count in counts.most_common()}

    def only(self, judged: Judged, which: npt.NDArray[np.bool_]) -> Judged:
        """Those of the texts alone."""
        return judged.only(which)

    def details(self, judged: Judged, *, resamples: int, seed: int) -> dict[str, Any]:
        """intervals, classes, confusions, calibration"""
        return {
            "intervals": intervals(judged, resamples=resamples, seed=seed),
            "classes": [one._asdict() for one in per_class(judged)],
            "confusions": [one._asdict() for one in confusions(judged)],
            "calibration": [one._asdict() for one in calibration(judged)],
        }

    def error(self, judged: Judged, place: int) -> dict[str, Any]:
        """gold, label; score: the probability of that label"""
        gold, label = (judged.classes[int(one[place])] for one in (judged.gold, judged.predicted))
        return {"gold": gold, "label": label, "score": float(judged.confidence[place])}


def bars(given: Sequence[str]) -> dict[str, float]:
    """measure → the least value of each `measure=value`. Raises UsageError for what is none."""
    found = {}
    measures = list(dict.fromkeys((*MEASURES, *MEASURES_OF_SETS)))
    for one in given:
        name, equals, text = one.partition("=")
        if name not in measures:
            guess = did_you_mean(name, measures)
            raise UsageError(f"--fail-under {one}: no such measure{guess}", hint=f"one of: {', '.join(measures)}")
        try:
            found[name] = float(text)
        except ValueError:
            found[name] = -1.0
        if not equals or not 0 <= found[name] <= 1:
            raise UsageError(f"--fail-under {one}: a number from 0 to 1 is needed", hint=f"--fail-under {name}=0.9")
    return found


def check_bars(least: Mapping[str, float], classifier: Classifier) -> None:
    """Raises UsageError for a measure that there is not of such a classifier."""
    several = bool(getattr(classifier.config, "label_sep", ""))
    measures = MEASURES_OF_SETS if several else MEASURES
    for name in least:
        if name not in measures:
            kind = "one that gives a text several labels" if several else "one that gives a text one label"
            raise UsageError(
                f"--fail-under {name}: not of a classifier like this, {kind}", hint=f"one of: {', '.join(measures)}"
            )


def shortfalls(record: Mapping[str, Any], least: Mapping[str, float]) -> list[str]:
    """A line for each measure that is under its bar."""
    scores = record["scores"]
    return [
        f"{name} {scores[name]:.6g} is under {bar:.6g}, by {bar - scores[name]:.2g}"
        for name, bar in least.items()
        if scores[name] < bar
    ]


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in values.items()}
