"""Where keywords stand in a text, and the text cut up so that each stretch knows its keywords."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import accumulate, combinations, pairwise
from typing import NamedTuple

from textpipe.segment.sentences import sentence_spans

Tokenize = Callable[[str], list[str]]


class Mark(NamedTuple):
    """An occurrence: the keyword's number, and from where to where in code points."""

    keyword: int
    start: int
    end: int


class Stretch(NamedTuple):
    """A part of a text. keywords: the numbers of those that cover it; begins: of those that begin here first of all."""

    text: str
    keywords: tuple[int, ...]
    begins: tuple[int, ...]


class Finder:
    """Finds keywords in one text, on the borders of its tokens where it has any there."""

    def __init__(self, text: str, *, tokenize: Tokenize | None = None) -> None:
        self.text = text
        lower = text.lower()
        self._lower = lower if len(lower) == len(text) else text  # İ becomes two characters
        self._borders = None if tokenize is None else {0, *accumulate(map(len, tokenize(text)))}

    def spans(self, keyword: str, *, count: int) -> list[tuple[int, int]]:
        """(start, end) of its occurrences, in order and apart; in any case when as written it is seen less than `count`
        times, for keywords may have been counted in lower case."""
        as_written = self._on_borders(keyword, self.text)
        if len(as_written) >= count or keyword != keyword.lower():
            return as_written
        return self._on_borders(keyword, self._lower)

    def _on_borders(self, keyword: str, text: str) -> list[tuple[int, int]]:
        found = _spans(keyword, text)
        if self._borders is None:
            return found
        return [span for span in found if span[0] in self._borders and span[1] in self._borders] or found


def _spans(keyword: str, text: str) -> list[tuple[int, int]]:
    parts = keyword.split()
    if not parts:
        return []
    # the words of a phrase may stand on two lines
    return [match.span() for match in re.finditer(r"\s+".join(map(re.escape, parts)), text)]


def stretches(text: str, marks: Iterable[Mark]) -> list[Stretch]:
    """The text in parts, wherever a mark begins or ends; joined they are the text."""
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    for mark in marks:
        opening.setdefault(mark.start, []).append(mark.keyword)
        closing.setdefault(mark.end, []).append(mark.keyword)
    places = sorted({0, len(text), *opening, *closing})
    open_now: dict[int, int] = {}
    seen: set[int] = set()
    found = []
    for start, end in pairwise(places):
        for keyword in closing.get(start, ()):
            open_now[keyword] -= 1
        begins = sorted(opening.get(start, ()))
        for keyword in begins:
            open_now[keyword] = open_now.get(keyword, 0) + 1
        covering = tuple(sorted(keyword for keyword, times in open_now.items() if times))
        found.append(Stretch(text[start:end], covering, tuple(k for k in begins if k not in seen)))
        seen.update(begins)
    return found


def pairs_in_sentences(text: str, marks: Sequence[Mark], *, among: Collection[int]) -> Mapping[tuple[int, int], int]:
    """How many sentences hold both of two keywords, by their numbers in order; not where all that a sentence has of one
    lies over the other, as a word does that is part of a phrase."""
    starts = [start for start, _ in sentence_spans(text)]
    holds: dict[int, dict[int, tuple[int, int]]] = {}  # sentence to keyword to (first end, last start)
    for mark in marks:
        if mark.keyword in among:
            held = holds.setdefault(bisect_right(starts, mark.start), {})
            first_end, last_start = held.get(mark.keyword, (mark.end, mark.start))
            held[mark.keyword] = min(first_end, mark.end), max(last_start, mark.start)
    pairs: dict[tuple[int, int], int] = {}
    for held in holds.values():
        for pair in combinations(sorted(held), 2):
            (one_end, one_start), (other_end, other_start) = held[pair[0]], held[pair[1]]
            if one_end <= other_start or other_end <= one_start:
                pairs[pair] = pairs.get(pair, 0) + 1
    return pairs
