"""What speaks for an n-gram being a word: cohesion inside, freedom outside, agreement with segmentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textpipe.discover.newwords_columns import Column, Room, Tally, blocks, ranges
from textpipe.discover.newwords_counts import NONE, Level
from textpipe.discover.newwords_units import BREAK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from textpipe.discover.newwords_columns import Integers
    from textpipe.discover.newwords_text import Text

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int32]


class Chosen(NamedTuple):
    """Some n-grams of one length: their numbers in ascending order, and the numbers at every place of the text."""

    which: Integers
    numbers: Column
    level: Level
    length: int

    def only(self, mask: NDArray[np.bool_]) -> Chosen:
        """Those of the mask."""
        return self._replace(which=self.which[mask])

    @property
    def counts(self) -> Integers:
        """int64[k]"""
        return self.level.counts[self.which]


def parts(levels: Sequence[Level], which: Integers) -> Iterator[tuple[Integers, Integers]]:
    """For the first 1, 2, … units of n-grams of the last level: int64[k] counts of them, and of the rest."""
    head, tail = levels[-1].prefix[which], levels[-1].suffix[which]
    heads: list[Integers] = []
    tails: list[Integers] = []
    for below in reversed(levels[:-1]):
        heads.append(below.counts[head])
        tails.append(below.counts[tail])
        head, tail = below.prefix[head], below.suffix[tail]
    return zip(reversed(heads), tails, strict=True)


def mutual_information(levels: Sequence[Level], *, total: int) -> Floats:
    """float64[k], bits: of each n-gram of the last level, the least pointwise mutual information of two parts.

    Church and Hanks 1990: log2 of how many times as often the parts stand together as they would by chance, with
    counts / `total` as probabilities. The weakest place says how firm the whole is.
    """
    count = levels[-1].counts
    least = np.full(len(count), np.inf)
    for head, tail in parts(levels, np.arange(len(count))):
        np.minimum(least, np.log2(count * (total / (head.astype(np.float64) * tail))), out=least)
    return least


def branching_entropy(text: Text, chosen: Chosen, *, room: Room) -> tuple[Floats, Floats]:
    """float64[k], bits: entropy of the unit before, and of the unit after, each chosen n-gram.

    At a break every occurrence counts as a neighbour of its own: nothing hinders a word there.
    """
    before = _entropy(text, chosen, -1, room)
    return before, _entropy(text, chosen, chosen.length, room)


def _entropy(text: Text, chosen: Chosen, offset: int, room: Room) -> Floats:
    counts, unit_count = chosen.counts, len(text.counts)
    entropy = np.zeros(len(counts))
    for first, after in ranges(counts, room.keys):
        tally = Tally(room.keys)
        for start, stop, places, which in _occurrences(chosen, room):
            inside = (which >= first) & (which < after)
            low = max(0, start + offset)  # no word is at place 0, which is a break
            around = text.units.read(low, stop + offset)
            beside = around[places[inside] + (start + offset - low)]
            tally.add(which[inside].astype(np.int64) * unit_count + beside)
        keys, times = tally.counts()
        terms = np.where(keys % unit_count == BREAK, 0.0, times * np.log2(times))
        sums = np.bincount(keys // unit_count - first, weights=terms, minlength=after - first)
        here = counts[first:after]
        entropy[first:after] = np.log2(here) - sums / here
    return np.maximum(entropy, 0.0)  # not -0.0 for rounding


def agreement(text: Text, chosen: Chosen, *, room: Room) -> Floats:
    """float64[k]: the share of occurrences that begin and end where tokens of segmentation do."""
    agreeing = np.zeros(len(chosen.which), np.int64)
    for start, stop, places, which in _occurrences(chosen, room):
        starts = text.starts.read(start, stop + chosen.length)
        whole = starts[places] & starts[places + chosen.length]
        agreeing += np.bincount(which[whole], minlength=len(agreeing))
    return agreeing / chosen.counts


def document_counts(text: Text, chosen: Chosen, *, room: Room) -> Integers:
    """int64[k]: how many documents hold each chosen n-gram."""
    begins = text.documents
    found = np.zeros(len(chosen.which), np.int64)
    last = np.full(len(found), -1, np.int64)  # documents come in order: one that was met is the latest
    for start, _, places, which in _occurrences(chosen, room):
        document = np.searchsorted(begins, places + start, "right") - 1
        pairs = np.unique(which.astype(np.int64) * len(begins) + document)
        which_ones, document = np.divmod(pairs, max(len(begins), 1))
        new = document > last[which_ones]
        found += np.bincount(which_ones[new], minlength=len(found))
        np.maximum.at(last, which_ones, document)
    return found


def units_of(levels: Sequence[Level], which: Integers) -> Numbers:
    """int32[k, n]: the units of n-grams of the last level."""
    units = np.empty((len(which), len(levels)), np.int32)
    rest = which.astype(np.int32)
    for column in range(len(levels)):
        first = rest
        for level in reversed(levels[: len(levels) - column]):
            first = level.prefix[first]
        units[:, column] = first
        rest = levels[len(levels) - column - 1].suffix[rest]
    return units


def _occurrences(chosen: Chosen, room: Room) -> Iterator[tuple[int, int, Integers, Numbers]]:
    """Of every block: its start and stop, the places in it of chosen n-grams, and which of the chosen each is."""
    rank = np.full(len(chosen.level.counts) + 1, NONE, np.int32)  # and for NONE, which is the last
    rank[chosen.which] = np.arange(len(chosen.which))
    for start, stop in blocks(chosen.numbers.length, room.block):
        which = rank[chosen.numbers.read(start, stop)]
        places = np.flatnonzero(which != NONE)
        yield start, stop, places, which[places]
