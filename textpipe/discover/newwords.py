"""New words: strings that hold together inside, are free outside, and stand in no dictionary."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypedDict

import numpy as np

from textpipe.discover.newwords_columns import Column, Room
from textpipe.discover.newwords_counts import Level, frequent_units, longer_level, number_longer, number_units
from textpipe.discover.newwords_patterns import NEW, Piece, is_plausible
from textpipe.discover.newwords_statistics import (
    Chosen,
    agreement,
    branching_entropy,
    document_counts,
    mutual_information,
    parts,
    units_of,
)
from textpipe.discover.newwords_text import Text
from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.tokenizer import Tokenizer

LENGTH_LIMIT = 20  # units
_LEAST_COUNT = 5
_ONE_IN = 1_000_000  # units of text: an n-gram that is rarer is left out unless asked for
_LEAST_AGREEMENT = 0.7
_BETWEEN_WORDS = 2.0  # bits that known words side by side need beyond min_pmi
_LETTERHEAD = 0.9  # what nearly every document has, and has once, is a formula of the source
_ENOUGH_DOCUMENTS = 20  # to know that
_DIGITS = 4
_UNITS = re.compile("[0-9A-Za-z]+|.")


class NewWordRecord(TypedDict):
    """One new word: the statistics are explained in docs/newwords.md, information in bits."""

    text: str
    count: int
    documents: int
    pmi: float
    left_entropy: float
    right_entropy: float
    hold: float
    agreement: float
    score: float


@dataclass(frozen=True, kw_only=True)
class NewWordSettings:
    """What counts as a new word.

    k: how many; max_length: units; min_count: None is one in a million units, and at least 5
    min_pmi, min_entropy: bits; min_hold: a share
    dictionary: the words that are known; room: how much is worked on at a time, without effect on the result
    """

    k: int = 200
    max_length: int = 8
    min_count: int | None = None
    min_pmi: float = 5.0
    min_entropy: float = 1.5
    min_hold: float = 0.5
    dictionary: Dictionary = field(default_factory=Dictionary)
    room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        for name, least, value in (
            ("k", 1, self.k),
            ("min_count", 1, self.min_count),
            ("max_length", 2, self.max_length),
        ):
            if value is not None and value < least:
                raise UsageError(f"{name} is {value}, but must be {least} or more")
        if self.max_length > LENGTH_LIMIT:
            raise UsageError(f"max_length is {self.max_length}, but at most {LENGTH_LIMIT}")
        for name in ("min_pmi", "min_entropy", "min_hold"):
            if not math.isfinite(getattr(self, name)):
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{name} is {getattr(self, name)}, no number", hint=f"{option} 0 leaves nothing out")

    @property
    def tokenizer(self) -> Tokenizer:
        """Segmentation into known words and single characters."""
        return Tokenizer(hmm=False, dictionary=self.dictionary)


@dataclass
class Found:
    """What a search came to.

    words: the new words, best first; plausible: how many there are without regard to k
    min_count: what was asked of them; candidates: strings that passed the thresholds; known: those in the dictionary
    letterheads: strings that stand once in nearly every document, which are left out
    """

    words: list[NewWordRecord]
    min_count: int
    candidates: int = 0
    known: int = 0
    plausible: int = 0
    letterheads: list[str] = field(default_factory=list)


def find_new_words(text: Text, settings: NewWordSettings, *, phase: Callable[[str], object] = str) -> Found:
    """The new words of a text, best first; `phase` is told what comes next.

    Raises OutputError when there is no room for temporary files.
    """
    least = settings.min_count or max(_LEAST_COUNT, text.total // _ONE_IN)
    found = Found([], least)
    for levels, numbers in _levels(text, settings, least, phase):
        found.words += _of_one_length(text, levels, numbers, settings, found)
    found.plausible = len(found.words)
    found.words.sort(key=lambda word: (-word["score"], word["text"]))
    del found.words[settings.k :]
    return found


def _levels(
    text: Text, settings: NewWordSettings, least: int, phase: Callable[[str], object]
) -> Iterator[tuple[list[Level], Column]]:
    """The levels up to each length from 2 on, and the column of its numbers, while there is anything frequent."""
    room = settings.room
    with contextlib.ExitStack() as stack:
        levels = [frequent_units(text.counts, min_count=least)]
        numbers = stack.enter_context(Column(np.int32))
        number_units(text.units, levels[0], numbers, unit_count=len(text.counts), room=room)
        for length in range(2, settings.max_length + 1):
            phase(f"strings of {length}")
            longer = longer_level(numbers, levels[-1], min_count=least, room=room)
            if not len(longer.counts):
                return
            column = stack.enter_context(Column(np.int32))
            number_longer(numbers, levels[-1], longer, column, room=room)
            numbers.__exit__()
            levels.append(longer)
            numbers = column
            yield levels, numbers


def _of_one_length(
    text: Text, levels: Sequence[Level], numbers: Column, settings: NewWordSettings, found: Found
) -> list[NewWordRecord]:
    """The new words among the n-grams of the last level."""
    room = settings.room
    information = mutual_information(levels, total=text.total)
    chosen = Chosen(np.flatnonzero(information >= settings.min_pmi), numbers, levels[-1], len(levels))
    left, right = branching_entropy(text, chosen, room=room)
    free = np.minimum(left, right) >= settings.min_entropy
    chosen, left, right = chosen.only(free), left[free], right[free]
    agreeing = agreement(text, chosen, room=room)
    whole = agreeing >= _LEAST_AGREEMENT
    chosen, left, right, agreeing = chosen.only(whole), left[whole], right[whole], agreeing[whole]

    strings = [text.spelled(units) for units in units_of(levels, chosen.which)]
    holds = np.array(_holds(text, levels, chosen, strings, settings, found), np.float64)
    kept = holds >= max(settings.min_hold, 0.0)
    words = [string for string, keep in zip(strings, kept, strict=True) if keep]
    chosen = chosen.only(kept)
    columns = (
        chosen.counts,
        document_counts(text, chosen, room=room),
        information[chosen.which],
        *(values[kept] for values in (left, right, holds, agreeing)),
    )
    records = [_record(*row) for row in zip(words, *(column.tolist() for column in columns), strict=True)]
    documents = len(text.documents)
    found.letterheads += [record["text"] for record in records if _is_letterhead(record, documents)]
    return [record for record in records if not _is_letterhead(record, documents)]


def _is_letterhead(word: NewWordRecord, documents: int) -> bool:
    """Whether a string stands in nearly every document, and hardly ever twice."""
    many = documents >= _ENOUGH_DOCUMENTS and word["documents"] >= _LETTERHEAD * documents
    return many and word["documents"] >= _LETTERHEAD * word["count"]


def _record(
    text: str, count: int, documents: int, pmi: float, left: float, right: float, hold: float, agreeing: float
) -> NewWordRecord:
    return NewWordRecord(
        text=text,
        count=count,
        documents=documents,
        pmi=round(pmi, _DIGITS),
        left_entropy=round(left, _DIGITS),
        right_entropy=round(right, _DIGITS),
        hold=round(hold, _DIGITS),
        agreement=round(agreeing, _DIGITS),
        score=round((pmi + min(left, right)) * math.log2(count), _DIGITS),
    )


def _holds(
    text: Text,
    levels: Sequence[Level],
    chosen: Chosen,
    strings: Sequence[str],
    settings: NewWordSettings,
    found: Found,
) -> list[float]:
    """What holds each string together, from 0 to 1; -1 for what is known or made like no word.

    Where two pieces meet of which one is a known word, it is the share that the string has of all occurrences of the
    rarer of the parts on both sides; the least share of all such places counts. Without such a place it is 1.
    """
    entries = (Entry(word["text"], None, NEW) for word in found.words)
    tokenizer = Tokenizer(hmm=False, dictionary=settings.dictionary.with_entries(entries))
    both, total = list(parts(levels, chosen.which)), text.total
    floor = settings.min_pmi + _BETWEEN_WORDS
    holds = []
    for place, (string, count) in enumerate(zip(strings, chosen.counts.tolist(), strict=True)):
        hold = -1.0
        known = settings.dictionary.frequency(string) > 0
        pieces = tokenizer.tag(string)
        cuts = None if known else _cuts(string, pieces)
        if cuts:
            counts = [(int(both[cut - 1][0][place]), int(both[cut - 1][1][place])) for cut in cuts]
            if all(len(piece) == 1 for piece, _ in pieces):
                counts = []
            share = min((count / min(pair) for pair in counts), default=1.0)
            firm = all(math.log2(count * total / (head * tail)) >= floor for head, tail in counts)
            if firm and is_plausible(pieces, hold=share):
                hold = share
        found.candidates += 1
        found.known += known
        holds.append(hold)
    return holds


def _cuts(string: str, pieces: Sequence[Piece]) -> list[int]:
    """After how many units pieces meet; nothing when they do inside a unit."""
    ends = list(accumulate(len(unit) for unit in _UNITS.findall(string)))
    cuts = list(accumulate(len(piece) for piece, _ in pieces[:-1]))
    return [ends.index(cut) + 1 for cut in cuts] if set(cuts) <= set(ends) else []
