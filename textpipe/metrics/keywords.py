"""Keywords against those that people gave: precision, recall, F1, MAP and nDCG at k."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.errors import InputError
from textpipe.metrics.matching import distinct

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_DIGITS = 12  # of means: logarithms and sums differ from processor to processor in the last ones


class Judgement(NamedTuple):
    """One document's keywords held against its gold ones, both without duplicates.

    gold, found: how many there are
    ranks: of those found, which are gold, by rank from 1, ascending
    """

    gold: int
    found: int
    ranks: tuple[int, ...]


def judge(gold: Collection[str], found: Iterable[str]) -> Judgement:
    """Hold distinct keywords, best first, against distinct gold ones."""
    number = 0
    ranks = []
    for number, phrase in enumerate(found, start=1):
        if phrase in gold:
            ranks.append(number)
    return Judgement(len(gold), number, tuple(ranks))


@dataclass(frozen=True)
class DocumentScores:
    """The scores of each document at one k: arrays of float64, shape (documents,).

    correct, found, gold: counts; found are k at most
    precision, recall, f1: of these counts; 0 where a document has no keywords
    average_precision: sum of the precision at each correct keyword's rank, divided by all gold keywords, also those
        beyond k (trec_eval's map_cut; Manning, Raghavan and Schütze 2008, section 8.4)
    ndcg: sum of 1 / log2(rank + 1) over correct keywords, divided by that of a perfect list of k (Järvelin and
        Kekäläinen 2002, with gain 0 or 1)
    """

    correct: Floats
    found: Floats
    gold: Floats
    average_precision: Floats
    ndcg: Floats

    @property
    def precision(self) -> Floats:
        return _ratio(self.correct, self.found)

    @property
    def recall(self) -> Floats:
        return _ratio(self.correct, self.gold)

    @property
    def f1(self) -> Floats:
        return _ratio(2 * self.correct, self.found + self.gold)


class Judgements:
    """The judgements of many documents, in columns."""

    def __init__(self, judgements: Iterable[Judgement]) -> None:
        gold, found, sizes = [], [], []
        ranks: list[int] = []
        for judgement in judgements:
            gold.append(judgement.gold)
            found.append(judgement.found)
            sizes.append(len(judgement.ranks))
            ranks += judgement.ranks
        self.gold: Integers = np.array(gold, np.int64)
        self.found: Integers = np.array(found, np.int64)
        counts = np.array(sizes, np.int64)
        self._document: Integers = np.repeat(np.arange(len(counts)), counts)
        self._rank: Integers = np.array(ranks, np.int64)
        starts = np.cumsum(counts) - counts
        self._ordinal: Integers = np.arange(len(ranks)) - np.repeat(starts, counts) + 1  # among the correct, from 1

    def at(self, k: int) -> DocumentScores:
        """The scores of each document's k best keywords."""
        size = len(self.gold)
        near = self._rank <= k
        document, rank = self._document[near], self._rank[near]
        precisions = np.bincount(document, self._ordinal[near] / rank, minlength=size)
        gains = np.bincount(document, _discounts(rank), minlength=size)
        perfect = np.minimum(self.gold, k)
        best = np.concatenate(([0.0], np.cumsum(_discounts(np.arange(1, perfect.max(initial=0) + 1)))))
        return DocumentScores(
            correct=np.bincount(document, minlength=size).astype(np.float64),
            found=np.minimum(self.found, k).astype(np.float64),
            gold=self.gold.astype(np.float64),
            average_precision=_ratio(precisions, self.gold.astype(np.float64)),
            ndcg=_ratio(gains, best[perfect]),
        )


class KeywordScore(NamedTuple):
    """The scores of all documents at one k.

    *_micro: of the sums over documents; *_macro, map, ndcg: means over documents
    """

    precision_micro: float
    recall_micro: float
    f1_micro: float
    precision_macro: float
    recall_macro: float
    f1_macro: float
    map: float
    ndcg: float


def summary(scores: DocumentScores) -> KeywordScore:
    """The scores of all documents, of which there is one at least."""
    correct, found, gold = scores.correct.sum(), scores.found.sum(), scores.gold.sum()
    sums = (_ratio(correct, found), _ratio(correct, gold), _ratio(2 * correct, found + gold))
    each = (scores.precision, scores.recall, scores.f1, scores.average_precision, scores.ndcg)
    return KeywordScore(*map(float, sums), *(round(float(values.mean()), _DIGITS) for values in each))


def score_keywords(
    gold: Sequence[Sequence[str]], found: Sequence[Sequence[str]], *, k: int, stem: bool = False
) -> KeywordScore:
    """Score each document's keywords, best first, against its gold ones: the k best, duplicates removed before.

    Keywords match as `textpipe.metrics.matching.folded` says. Documents without gold keywords are left out.
    Raises InputError when no document has any, ValueError when the two are not of one length.

    >>> score_keywords([["tea", "green tea"]], [["Tea", "tea", "water"]], k=2).f1_micro
    0.5
    """
    pairs = [(distinct(right, stem=stem), distinct(ours, stem=stem)) for right, ours in zip(gold, found, strict=True)]
    judgements = [judge(frozenset(right), ours) for right, ours in pairs if right]
    if not judgements:
        raise InputError("no gold keywords", hint="each document needs a list of them")
    return summary(Judgements(judgements).at(k))


def _discounts(ranks: Integers) -> Floats:
    discounts: Floats = 1 / np.log2(ranks + 1)
    return discounts


def _ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """part / whole, 0 where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    ratio: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
    return ratio
