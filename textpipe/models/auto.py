"""Measure, then choose: a linear model, and with enough text a TextCNN beside it, averaged as held-back data says.

The probabilities of the members are averaged, Σ weight · probability (a linear opinion pool, Stone 1961), with the
weights under which most held-back labels are found. A member that adds nothing to the others is not kept. Where a text
has several labels, most is the highest micro F1 at any one threshold.
A text that was learned from, word for word, is left to the last member, which knows all of these by heart, and to the
label that it had: a nearest neighbour that is the text itself.

{prefix}classifier.json      also "members": architecture → weight (their files have its name before theirs), and the
                             "thresholds" of several labels
{prefix}learned.npy          with more than one member the texts that were learned from, see learned_texts.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import check_separator
from textpipe.errors import REMAKE, ArtifactError, UsageError
from textpipe.models import Classifier, classifier_class
from textpipe.models.explanation import Parts
from textpipe.models.files import (
    best_labels,
    checked_texts,
    known_class,
    read_config,
    read_description,
    write_description,
)
from textpipe.models.held_back import calibration_error_of, held_back_scores, read_thresholds, thresholds_of
from textpipe.models.label_sets import predicted_sets
from textpipe.models.labels import gold_of, judged_by, label_places
from textpipe.models.learned_texts import (
    UNDECIDED,
    Learned,
    known_labels,
    learned_texts,
    read_learned,
    write_learned,
)
from textpipe.models.opinion_pool import best_weights, pooled
from textpipe.segment.tokenizer import Tokenizer
from textpipe.settings import check_choices, check_numbers
from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors

Floats = npt.NDArray[np.float32]
_FEWEST = 5_000  # texts to learn from: below, a TextCNN beside the linear model was no sure gain
_MOST = 6_000_000  # characters that a network goes over in all its epochs
_MOST_EPOCHS = 5
_LONGEST = 256  # characters of a text that a network reads
_LEARNED = "learned.npy"
_OF_LETTERS = (3, 5)  # characters of n-grams of texts in Latin letters, of which one or two tell little
_LATIN, _LOOKED_AT = 0.9, 1_000  # share of characters that are ASCII; texts that are looked at


@dataclass(frozen=True, kw_only=True)
class AutoConfig:
    """What is chosen among.

    unit: of the members; freeze: vectors that are given stay as they are
    network: whether a TextCNN is tried (`auto`: with texts enough, when torch is installed)
    seed: of everything that is drawn
    label_sep: what stands between several labels of a text; empty: it has one

    Raises UsageError for settings that make no sense.
    """

    unit: Literal["word", "char", "both"] = "both"
    freeze: bool = False
    network: Literal["auto", "never", "always"] = "auto"
    seed: int = 0
    label_sep: str = ""

    def __post_init__(self) -> None:
        check_choices(self)
        check_separator(self.label_sep)
        check_numbers(self, seed=(0, (1 << 63) - 1))


class _Member(NamedTuple):
    arch: str
    weight: float
    model: Classifier


class Auto:
    """A classifier that others make up."""

    Config: ClassVar[type] = AutoConfig

    def __init__(
        self,
        config: AutoConfig | None = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,
        workers: int | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config or AutoConfig()
        self.labels: tuple[str, ...] = ()
        self._tokenizer = tokenizer or Tokenizer()
        self._vectors = vectors
        self._machine: dict[str, Any] = {"workers": workers, "device": device}
        self.held_back: Floats | None = None
        self.thresholds: tuple[float, ...] | None = None
        self._members: list[_Member] = []
        self._learned: Learned = learned_texts((), ())

    @property
    def members(self) -> dict[str, float]:
        """architecture → its weight"""
        return {member.arch: member.weight for member in self._members}

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> Self:
        """As `Classifier.fit`: each member by itself, then their weights on `valid`.

        Memory: that of the members, one after the other.
        """
        chosen, reason = self._candidates(documents, valid)
        log.note(f"{' and '.join(chosen)}: {reason}")
        if self._vectors is not None and "textcnn" not in chosen:
            log.note("the embeddings are of no use without a network (network=always tries one)")
        fitted: list[Classifier] = []
        told: dict[str, object] = {}
        for arch in chosen:
            part = _log_of(log, arch)
            fitted.append(self._made(arch, documents).fit(documents, valid=valid, refit=refit, log=part))
            told[arch] = part.facts
        self.labels = fitted[0].labels
        separator = self.config.label_sep
        judging = judged_by(valid, self.labels, separator)
        gold = gold_of(judging, self.labels, separator)
        weights = [1.0]
        self._learn(documents)
        self.thresholds = fitted[-1].thresholds  # of texts that it held back itself
        if len(gold):
            given = [_held_back(model) for model in fitted]
            known, _ = known_labels([one.text for one in judging], self._learned)
            new = ~known if not known.all() else known
            weights = best_weights([one[new] for one in given], gold[new])
            self.held_back = self._mixed([one.text for one in judging], given, weights)
            self.thresholds = thresholds_of(self.held_back, gold)
            log.facts["valid"] = held_back_scores(self.held_back, gold, self.labels)
            log.facts["calibration"] = {"ece_after": round(calibration_error_of(self.held_back, gold), 6)}
        log.facts["members"] = dict(zip(chosen, weights, strict=True))
        if len(chosen) > 1:
            shown = ", ".join(f"{arch} {weight:.2f}" for arch, weight in zip(chosen, weights, strict=True))
            log.note(f"weights of probabilities by {int(new.sum()):,} held-back texts: {shown}")
        log.facts["of_members"] = told
        self._members = [
            _Member(arch, weight, model) for arch, weight, model in zip(chosen, weights, fitted, strict=True) if weight
        ]
        if refit:
            self._learn([*documents, *judging])
        return self

    def _learn(self, documents: Sequence[Document]) -> None:
        """Know these again. Where a text has several labels, the last member alone says which."""
        found = [document for document in documents if document.label is not None]
        alone = not self.config.label_sep
        places = label_places(found, self.labels).tolist() if alone else [UNDECIDED] * len(found)
        self._learned = learned_texts((one.text for one in found), places)

    def _mixed(self, texts: Sequence[str], given: Sequence[Floats], weights: Sequence[float]) -> Floats:
        """The members' mean; of a text that was learned from the mean of the last member's and of the label it had."""
        found = pooled(given, weights)
        if sum(weight > 0 for weight in weights) == 1:
            return found
        known, places = known_labels(texts, self._learned)
        found[known] = given[-1][known]
        decided = np.flatnonzero(places != UNDECIDED)
        found[decided] /= 2
        found[decided, places[decided]] += np.float32(0.5)
        return found

    def _candidates(self, documents: Sequence[Document], valid: Sequence[Document]) -> tuple[list[str], str]:
        """The members that are tried, and why."""
        rows, wanted = len(documents), self.config.network
        if wanted == "never":
            return ["linear"], "no network is wanted"
        if find_spec("torch") is None:
            return ["linear"], "torch is not installed, which a network needs: pip install 'textpipe-zh[torch]'"
        if not valid:
            return ["linear"], "nothing is held back to weigh members by"
        if rows < _FEWEST and wanted == "auto":
            return ["linear"], f"{rows:,} texts to learn from are too few for a network"
        return ["textcnn", "linear"], f"{rows:,} texts to learn from"

    def _made(self, arch: str, documents: Sequence[Document]) -> Classifier:
        found = classifier_class(arch)
        settings: dict[str, Any] = {
            "unit": self.config.unit,
            "seed": self.config.seed,
            "label_sep": self.config.label_sep,
        }
        if arch == "linear" and _is_latin(documents):
            settings.update(char_ngrams=_OF_LETTERS)
        if arch == "textcnn":
            settings.update(epochs=epochs_for(documents), freeze=self.config.freeze)
        vectors = self._vectors if arch == "textcnn" else None
        return found(found.Config(**settings), tokenizer=self._tokenizer, vectors=vectors, **self._machine)

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """float32[texts, labels]: the members' weighted mean; of a text that was learned from see above."""
        texts = checked_texts(texts)
        return self._mixed(texts, self._given(texts), [one.weight for one in self.learned])

    def predict_proba_as_new(self, texts: Sequence[str]) -> Floats:
        """float32[texts, labels]: the members' weighted mean, as if none of the texts had been learned from."""
        return pooled(self._given(checked_texts(texts)), [one.weight for one in self.learned])

    def _given(self, texts: Sequence[str]) -> list[Floats]:
        return [one.model.predict_proba(texts) for one in self.learned]

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text, of equally likely ones the first."""
        return best_labels(self.labels, self.predict_proba(texts))

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """See textpipe.models.Classifier."""
        return predicted_sets(self, texts)

    def explain(self, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
        """A member's own explanation where it alone decides; else, for members have no decision in common, what the
        log-odds of their mean do as a text is uncovered."""
        from textpipe.models.occlusion import occluded

        members, texts = self.learned, checked_texts(texts)
        alone = np.ones(len(texts), np.bool_) if len(members) == 1 else known_labels(texts, self._learned)[0]
        found: dict[int, Parts] = {}
        own = getattr(members[-1].model, "explain", None)
        for rows, way in ((np.flatnonzero(alone).tolist(), own), (np.flatnonzero(~alone).tolist(), None)):
            chosen, wanted = [texts[row] for row in rows], [labels[row] for row in rows]
            parts = occluded(self, chosen, wanted) if way is None else way(chosen, wanted)
            found.update(zip(rows, parts, strict=True))
        return [found[row] for row in range(len(texts))]

    @property
    def learned(self) -> list[_Member]:
        """What `fit` found: of each member its arch, weight and model. Raises UsageError before it did."""
        if not self._members:
            hint = "Auto(...).fit(documents, log=TrainingLog())"
            raise UsageError("a classifier that was not trained", hint=hint)
        return self._members

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        members = self.learned
        more: dict[str, Any] = {"members": self.members}
        if self.thresholds is not None:
            more["thresholds"] = self.thresholds
        write_description(folder, prefix=prefix, arch="auto", labels=self.labels, config=self.config, **more)
        for member in members:
            member.model.save(folder, prefix=f"{prefix}{member.arch}.")
        if len(members) > 1:
            write_learned(folder / f"{prefix}{_LEARNED}", self._learned)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Self:
        """What `save` wrote. Raises ArtifactError for anything else."""
        description = read_description(folder, prefix=prefix)
        where = folder / f"{prefix}classifier.json"
        self = cls(read_config(AutoConfig, description["config"], where=where), tokenizer=tokenizer, device=device)
        self.labels = tuple(description["labels"])
        self.thresholds = read_thresholds(description, self.config, where=where)
        for arch, weight in _read_members(description, where).items():
            found = known_class(arch, where=where)
            model = found.load(folder, prefix=f"{prefix}{arch}.", tokenizer=tokenizer, device=device)
            if model.labels != self.labels or model.config.label_sep != self.config.label_sep:
                raise ArtifactError(f"its {arch} knows other labels", where=where, hint=REMAKE)
            self._members.append(_Member(arch, weight, model))
        if len(self._members) > 1:
            self._learned = read_learned(folder / f"{prefix}{_LEARNED}", labels=len(self.labels))
        return self


def epochs_for(documents: Sequence[Document]) -> int:
    """How often a network goes over the texts: often over few, seldom over many, so that an hour is never needed."""
    characters = sum(min(len(document.text), _LONGEST) for document in documents)
    return min(_MOST_EPOCHS, max(1, round(_MOST / max(characters, 1))))


def _is_latin(documents: Sequence[Document]) -> bool:
    text = "".join(document.text for document in documents[:_LOOKED_AT])
    return len(text.encode("ascii", "ignore")) > _LATIN * len(text)


def _held_back(model: Classifier) -> Floats:
    assert model.held_back is not None  # there are held-back texts with labels that are known
    return model.held_back


def _log_of(log: TrainingLog, arch: str) -> TrainingLog:
    """The log for one member: a folder and facts of its own, the rest is told as it comes."""
    return replace(log, work=None if log.work is None else log.work / arch, facts={})


def _read_members(description: Mapping[str, Any], where: Path) -> dict[str, float]:
    members: Any = description.get("members")
    sound = isinstance(members, dict) and members and "auto" not in members
    if not sound or not all(type(weight) is float and 0 < weight <= 1 for weight in members.values()):
        raise ArtifactError("not the members of a classifier", where=where, hint=REMAKE)
    if abs(sum(members.values()) - 1) > 1e-9:
        raise ArtifactError("the weights of its members do not sum to 1", where=where, hint=REMAKE)
    found: dict[str, float] = members
    return found
