"""The words of a collection: how many, how their number grows, which are frequent, which stand for it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count
from typing import NotRequired, TypedDict

import numpy as np

from textpipe.discover.blocks import BlockCounts
from textpipe.discover.tally import Term, WordsOfOneDocument, WordTally
from textpipe.segment.idf import chinese_idf

_FEWEST_POINTS = 3  # of a growth curve, to draw a line through


class HeapsRecord(TypedDict):
    """The law of Heaps (1978): after n words about k n^beta different ones; fitted to the growth in logarithms."""

    k: float
    beta: float


class VocabularyRecord(TypedDict):
    """words: tokens with a letter or digit; distinct: different ones, in lower case.

    type_token_ratio: distinct / words, None without words; it falls as texts get longer
    hapaxes: words that occur once; unknown: of Han characters, not in the dictionary; unknown_distinct: different ones
    growth: pairs [words read, different ones among them] after 1,000, 2,000, 5,000, … words and after all
    heaps: None for fewer than three points of growth
    """

    words: int
    distinct: int
    type_token_ratio: float | None
    hapaxes: int
    unknown: int
    unknown_distinct: int
    growth: list[list[int]]
    heaps: HeapsRecord | None


class TermRecord(TypedDict):
    """A word, how often it occurs, in how many documents, and what it weighs where that was the order."""

    text: str
    count: int
    documents: int
    score: NotRequired[float]


class WordStatistics:
    """Adds up the words of blocks."""

    def __init__(self) -> None:
        self._tally = WordTally()
        self._words = self._unknown = self._unknown_distinct = 0
        self._growth: list[list[int]] = []
        self._points = _round_numbers()
        self._next_point = next(self._points)

    def add(self, block: BlockCounts) -> None:
        """The words of a block, later ones than those before."""
        known = len(self._tally)
        new = self._tally.add(block.words, block.counts, block.documents)
        firsts = np.sort(block.firsts[new])
        total = self._words + int(block.counts.sum())
        while self._next_point <= total:
            met = int(np.searchsorted(firsts, self._next_point - self._words))
            self._growth.append([self._next_point, known + met])
            self._next_point = next(self._points)
        self._words = total
        self._unknown += int(block.counts[block.unknown].sum())
        self._unknown_distinct += int(np.count_nonzero(block.unknown & new))

    def add_document(self, words: WordsOfOneDocument) -> None:
        """The end of a document that came in pieces: each of its words is in one document more."""
        self._tally.add_document(words.keys())

    def record(self) -> VocabularyRecord:
        """What was added."""
        distinct = len(self._tally)
        growth = list(self._growth)
        if self._words and (not growth or growth[-1][0] < self._words):
            growth.append([self._words, distinct])
        return VocabularyRecord(
            words=self._words,
            distinct=distinct,
            type_token_ratio=distinct / self._words if self._words else None,
            hapaxes=self._tally.with_count(1),
            unknown=self._unknown,
            unknown_distinct=self._unknown_distinct,
            growth=growth,
            heaps=fit_heaps(growth),
        )

    def terms(self, *, top: int, stopwords: Collection[str]) -> tuple[list[TermRecord], list[TermRecord]]:
        """(the most frequent words, those that weigh most), `top` each at most, without stop words, single characters
        and words without a letter.

        The weight is the word's share of all words times its inverse document frequency in jieba's table: how much
        more it stands for these documents than for Chinese text as such.
        """
        table, median = chinese_idf()[:2]
        terms = [
            term
            for term in self._tally.terms()
            if len(term.text) > 1 and term.text not in stopwords and any(map(str.isalpha, term.text))
        ]

        def weight(term: Term) -> float:
            return term.count / self._words * table.get(term.text, median)

        frequent = [_term_record(term) for term in _best(terms, top, lambda term: float(term.count))]
        characteristic = [TermRecord(**_term_record(term), score=weight(term)) for term in _best(terms, top, weight)]
        return frequent, characteristic


def _best(terms: Sequence[Term], top: int, value: Callable[[Term], float]) -> list[Term]:
    return heapq.nsmallest(top, terms, key=lambda term: (-value(term), term.text))


def _term_record(term: Term) -> TermRecord:
    return TermRecord(text=term.text, count=term.count, documents=term.documents)


def fit_heaps(growth: Sequence[Sequence[int]]) -> HeapsRecord | None:
    """Least squares through the logarithms of [words, different ones]; None for fewer than three points."""
    if len(growth) < _FEWEST_POINTS:
        return None
    words, distinct = np.log(np.array(growth, np.float64)).T
    beta = float(((words - words.mean()) * (distinct - distinct.mean())).sum() / ((words - words.mean()) ** 2).sum())
    return HeapsRecord(k=math.exp(float(distinct.mean() - beta * words.mean())), beta=beta)


def _round_numbers() -> Iterator[int]:
    for power in count(3):
        yield from (10**power, 2 * 10**power, 5 * 10**power)
