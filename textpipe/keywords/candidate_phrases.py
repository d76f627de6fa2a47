"""Candidate phrases of a document: runs of words that may stand in one and every part of them, each counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from textpipe.keywords.word_stream import ENDING_KINDS, Mark, Word

MOST_CANDIDATES = 1 << 19  # of one document; later ones are not taken up, so that memory has an end
MOST_LINKS = 1 << 20
WINDOW = 5  # words fewer positions apart are neighbours in the graph


class Candidate:
    """A sequence of words met in the document.

    prefix, suffix: the candidates without its last and without its first word; None for a single word
    word: number of its last word; length: how many words
    text, kinds: of its first occurrence; the classes are those of its first and last word
    count: how often; first: offset of the first occurrence; last: of the end of the last one
    left, right: how many occurrences have nothing beside them that a phrase could go on with
    bracketed: whether one stands in brackets or quotation marks, or before an opening one
    inside: the largest count of a candidate that is one word longer and holds this one
    """

    __slots__ = (
        "bracketed", "count", "first", "inside", "kinds", "last", "left", "length", "prefix", "right", "suffix", "text",
        "word",
    )  # fmt: skip

    def __init__(self, prefix: Candidate | None, suffix: Candidate | None, word: int) -> None:
        self.prefix = prefix
        self.suffix = suffix
        self.word = word
        self.length: int = 1 if prefix is None else prefix.length + 1
        self.text = ""
        self.kinds = ("", "")
        self.count = self.first = self.last = self.left = self.right = self.inside = 0
        self.bracketed = False

    def words(self) -> list[int]:
        """The numbers of its words, last first."""
        return [self.word] if self.prefix is None else [self.word, *self.prefix.words()]


class _Occurrence(NamedTuple):
    candidate: Candidate
    number: int  # of the candidate
    text: str
    kind: str  # of its first word
    offset: int
    free: bool  # nothing before it that a phrase could go on from
    opened: bool


@dataclass
class CandidatePhrases:
    """The candidates of one document, by their words. `add` takes its words and marks in order.

    longest: words of a candidate
    counts, degrees: of each word, how often it occurs and how many other words stand near it
    """

    longest: int
    words: dict[str, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    degrees: list[int] = field(default_factory=list)
    found: list[Candidate] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict, repr=False)
    _links: set[int] = field(default_factory=set, repr=False)
    _kinds: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict, repr=False)  # each one once
    _recent: list[tuple[int, int]] = field(default_factory=list, repr=False)
    _ending: list[_Occurrence] = field(default_factory=list, repr=False)
    _goes_on: bool = False
    _end_offset: int = 0

    def add(self, stream: Iterable[Word | Mark]) -> None:
        """Take up more of the document."""
        for item in stream:
            if isinstance(item, Mark):
                self._end(item)
            else:
                self._add_word(item)

    def finish(self) -> list[Candidate]:
        """All candidates in the order met, when the document has ended."""
        self._end(Mark())
        for candidate in self.found:
            for part in (candidate.prefix, candidate.suffix):
                if part is not None and candidate.count > part.inside:
                    part.inside = candidate.count
        return self.found

    def _end(self, mark: Mark) -> None:
        """What ends here ends before something that is no part of a phrase."""
        for occurrence in self._ending:
            occurrence.candidate.right += 1
            if mark.opens or (occurrence.opened and mark.closes):
                occurrence.candidate.bracketed = True
        self._ending = []
        self._goes_on = False

    def _add_word(self, word: Word) -> None:
        goes_on = word.kind not in ENDING_KINDS
        if not word.joined:
            self._end(Mark())
        elif not goes_on:
            for occurrence in self._ending:
                occurrence.candidate.right += 1
        number = self._number(word)
        if number < 0:
            self._end(Mark())
            return
        self.counts[number] += 1
        if goes_on and len(word.text) > 1:
            self._link(number, word.position)
        self._extend(word, number)
        self._goes_on = goes_on
        self._end_offset = word.offset + len(word.text)

    def _number(self, word: Word) -> int:
        number = self.words.get(word.key, -1)
        if number < 0 and len(self.found) < MOST_CANDIDATES:
            number = self.words[word.key] = len(self.words)
            self.counts.append(0)
            self.degrees.append(0)
        return number

    def _link(self, number: int, position: int) -> None:
        """Count the word and each other one less than a window before it as neighbours, once a pair."""
        recent = [entry for entry in self._recent if entry[1] > position - WINDOW]
        for other, _ in recent:
            link = min(number, other) << 32 | max(number, other)
            if other != number and link not in self._links and len(self._links) < MOST_LINKS:
                self._links.add(link)
                self.degrees[number] += 1
                self.degrees[other] += 1
        self._recent = [*recent, (number, position)]

    def _extend(self, word: Word, number: int) -> None:
        """Count the word and every phrase that ends with it, as long as there is room for new ones."""
        shorter: list[_Occurrence | None] = [None, *self._ending[: self.longest - 1]]
        gap = " " if word.offset > self._end_offset else ""
        free = not (self._ending and self._goes_on)
        self._ending = []
        for before in shorter:
            prefix = None if before is None else before.candidate
            key = (0 if before is None else before.number + 1) << 32 | number
            place = self._places.get(key)
            if place is None:
                if len(self.found) >= MOST_CANDIDATES:
                    return
                suffix = None if before is None else self._ending[-1].candidate
                place = self._places[key] = len(self.found)
                self.found.append(Candidate(prefix, suffix, number))
            if before is None:
                occurrence = _Occurrence(self.found[place], place, word.text, word.kind, word.offset, free, word.opened)
            else:
                text = before.text + gap + word.text
                occurrence = before._replace(candidate=self.found[place], number=place, text=text)
            self._ending.append(occurrence)
            self._count(occurrence, word)

    def _count(self, occurrence: _Occurrence, last: Word) -> None:
        candidate = occurrence.candidate
        if candidate.count == 0:
            kinds = (occurrence.kind, last.kind)
            candidate.text, candidate.first = occurrence.text, occurrence.offset
            candidate.kinds = self._kinds.setdefault(kinds, kinds)
        candidate.count += 1
        candidate.left += occurrence.free
        candidate.last = last.offset + len(last.text)
