"""TF-IDF keywords of a document whose words memory may not hold: counted part by part, in sorted runs on disk."""

from __future__ import annotations

import heapq
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from textpipe.keywords.candidates import Keyword
from textpipe.keywords.extract import KeywordSettings, keywords_of
from textpipe.keywords.runs import Row, SortedRuns, key_of, word_of
from textpipe.segment.idf import chinese_idf
from textpipe.text import has_han

MEMORY = 64 << 20  # bytes that words may fill before they are written out
_ENTRY = 250  # bytes that a word takes besides itself
_TOGETHER = 16  # pieces that are counted together


def keywords_of_long(
    pieces: Iterator[str],
    settings: KeywordSettings,
    *,
    memory: int | None = None,
) -> list[Keyword]:
    """What `textpipe.keywords.extract.keywords_of` finds by TF-IDF, whatever the document's length."""
    counts = _Counts(MEMORY if memory is None else memory)
    raw = replace(settings, k=None, idf=None, stopwords=frozenset(), only=True, lowercase=False)
    chinese, offset = False, 0
    while part := list(islice(pieces, _TOGETHER)):
        chinese = chinese or any(map(has_han, part))
        for keyword in keywords_of(part, raw):
            counts.add(keyword.text, keyword.count, offset + keyword.first)
        offset += sum(map(len, part))
    chosen = settings.for_language(chinese=chinese)
    words: Iterator[tuple[str, int, int]] = (row for row in counts.merged() if row[0].lower() not in chosen.stopwords)
    if chosen.lowercase:
        lowered = _Counts(counts.memory)
        for word, count, first in words:
            lowered.add(word.lower(), count, first)
        words = lowered.merged()
    return _best(words, chosen)


class _Counts:
    """How often words occur and where first; what fills `memory` bytes is written out."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self._known: dict[str, tuple[int, int]] = {}
        self._size = 0
        self._runs = SortedRuns(_together)

    def add(self, word: str, count: int, first: int) -> None:
        """More occurrences."""
        known = self._known.get(word)
        if known is not None:
            self._known[word] = known[0] + count, min(known[1], first)
            return
        if self._size > self.memory:
            self._write_out()
        self._known[word] = count, first
        self._size += sys.getsizeof(word) + _ENTRY

    def merged(self) -> Iterator[tuple[str, int, int]]:
        """(word, count, first) of all; once, at the end."""
        self._write_out()
        for word, value in self._runs.merged():
            count, first = value.split()
            yield word_of(word), int(count), int(first)

    def _write_out(self) -> None:
        known = self._known
        rows: Iterator[Row] = ((key_of(word), b"%d %d" % known[word]) for word in sorted(known))
        self._runs.add(rows)
        known.clear()
        self._size = 0


def _together(values: list[bytes]) -> bytes:
    pairs = [value.split() for value in values]
    return b"%d %d" % (sum(int(count) for count, _ in pairs), min(int(first) for _, first in pairs))


def _best(words: Iterable[tuple[str, int, int]], settings: KeywordSettings) -> list[Keyword]:
    """The best by the formula of the IDF, whose divisor, the same for all words, is known at the end."""
    idf = settings.idf or chinese_idf()
    total, squares = 0, 0.0

    def weighed() -> Iterator[tuple[float, int, str, int, float]]:
        nonlocal total, squares
        for word, count, first in words:
            weight = idf.table.get(word, idf.median)
            total += count
            squares += (count * weight) ** 2
            if weight or idf.formula == "jieba":
                yield -count * weight, first, word, count, weight

    found = sorted(weighed()) if settings.k is None else heapq.nsmallest(settings.k, weighed())
    norm = math.sqrt(squares)
    score: Callable[[int, float], float] = (
        (lambda count, weight: count * weight / norm)
        if idf.formula == "sklearn"
        else (lambda count, weight: count * (weight / total))
    )
    keywords = [Keyword(word, score(count, weight), count, first) for _, first, word, count, weight in found]
    return sorted(keywords, key=lambda keyword: (-keyword.score, keyword.first))
