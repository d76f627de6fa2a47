"""What speaks for a candidate phrase, as numbers, and the model that weighs them."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from textpipe.keywords.candidate_phrases import Candidate, CandidatePhrases

# in the order in which the compiled kernel adds them up as well
SIGNALS = (
    "frequency", "first", "spread", "rarity", "graph", "nested", "freedom", "bracketed", "characters",
)  # fmt: skip
CLASSES = ("length", "first_word", "last_word")  # a weight each, by what a candidate is
SIMILARITY = "similarity"  # one more, where word vectors are given


@dataclass(frozen=True)
class PhraseModel:
    """A weight for each signal, for each length and for the class of the first and of the last word.

    A score is the logistic function of their sum: how likely an author is to name the phrase as a keyword.

    longest: words of a candidate
    in_characters: whether a length is one of characters; else of words
    lengths: weights of 1, 2, 3 …; the last one is that of all longer ones
    similarity: the weight of the signal that is there only with word vectors
    """

    longest: int
    in_characters: bool
    bias: float
    weights: dict[str, float]
    lengths: tuple[float, ...]
    first_kind: dict[str, float]
    last_kind: dict[str, float]
    similarity: float

    def length_weight(self, candidate: Candidate) -> float:
        """The weight of the candidate's length."""
        length = len(candidate.text) if self.in_characters else candidate.length
        return self.lengths[min(length, len(self.lengths)) - 1]

    def class_weights(self, candidate: Candidate) -> dict[str, float]:
        """The weights of its length, and of the classes of its first and last word."""
        first, last = candidate.kinds
        weights = self.length_weight(candidate), self.first_kind[first], self.last_kind[last]
        return dict(zip(CLASSES, weights, strict=True))

    def total(self, candidate: Candidate, values: dict[str, float]) -> float:
        """The weighted sum, always added in the same order."""
        total = self.bias + self.length_weight(candidate)
        total += self.first_kind[candidate.kinds[0]]
        total += self.last_kind[candidate.kinds[1]]
        for name in SIGNALS:
            total += self.weights[name] * values[name]
        return total


def logistic(total: float) -> float:
    """1 / (1 + exp(-total)), the probability of odds exp(total); what is no number or below -709 is as -709."""
    return 1.0 / (1.0 + math.exp(-max(-709.0, total)))  # exp(710) is too large for a float


def signals(candidate: Candidate, phrases: CandidatePhrases, *, length: int, idf: Sequence[float]) -> dict[str, float]:
    """The signals of a candidate of a finished document of `length` code points; `idf` is that of each word.

    frequency: ln of its count
    first: where it first occurs, as a share of the document
    spread: from there to the end of its last occurrence, as a share of the document; 0 for a single occurrence
    rarity: the IDF of its most common word
    graph: ln of (1 +) the mean number of other words that stand near its words (degree in the co-occurrence graph)
    nested: 1 when it never stands without the same word beside it
    freedom: share of occurrences with nothing before them that a phrase could go on from, plus that behind them
    bracketed: 1 if once in brackets or quotation marks, or before an opening one
    characters: ln of its length in code points
    """
    words = candidate.words()
    size = candidate.length
    return {
        "frequency": math.log(candidate.count),
        "first": candidate.first / length,
        "spread": (candidate.last - candidate.first) / length if candidate.count > 1 else 0.0,
        "rarity": min(idf[word] for word in words),
        "graph": math.log1p(sum(phrases.degrees[word] for word in words) / size),
        "nested": float(candidate.inside >= candidate.count),
        "freedom": candidate.left / candidate.count + candidate.right / candidate.count,
        "bracketed": float(candidate.bracketed),
        "characters": math.log(len(candidate.text)),
    }


def may_be_keyword(candidate: Candidate) -> bool:
    """Whether a candidate is one at all: two characters at least."""
    return len(candidate.text) > 1


@functools.cache
def phrase_models() -> tuple[PhraseModel, PhraseModel]:
    """(Chinese, English): the weights of textpipe/resources/phrase_weights.json; scripts/fit_phrases made them."""
    text = files("textpipe").joinpath("resources/phrase_weights.json").read_text("utf-8")
    stored = json.loads(text)
    return _model(stored["chinese"]), _model(stored["english"])


def _model(stored: dict[str, object]) -> PhraseModel:
    return PhraseModel(**{**stored, "lengths": tuple(stored["lengths"])})  # type: ignore[arg-type]
