"""Exact counts of n-grams of units, one length after the other.

An n-gram can be frequent only if both its (n-1)-grams are (Agrawal and Srikant 1994), so each length counts pairs of
neighbouring n-grams of the length before, and keeps of them what is frequent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from textpipe.discover.newwords_columns import Column, Room, Tally, blocks, ranges
from textpipe.discover.newwords_units import BREAK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from textpipe.discover.newwords_columns import Integers

NONE = -1  # in a column of n-grams: none that is frequent begins here


class Level(NamedTuple):
    """The frequent n-grams of one length, numbered from 0 in an order that depends on nothing but the text.

    prefix, suffix: int32[k], the numbers, at the length before, of all but the last and of all but the first unit;
        of single units the units themselves
    counts: int64[k]
    """

    prefix: NDArray[np.int32]
    suffix: NDArray[np.int32]
    counts: Integers


def frequent_units(counts: Integers, *, min_count: int) -> Level:
    """The level of single units, from how often each occurs; the break is none."""
    frequent = np.flatnonzero(counts >= min_count).astype(np.int32)
    frequent = frequent[frequent != BREAK]
    return Level(frequent, frequent, counts[frequent])


def number_units(units: Column, level: Level, numbers: Column, *, unit_count: int, room: Room) -> None:
    """Fill `numbers` with the number of the unit at every place."""
    table = np.full(unit_count, NONE, np.int32)
    table[level.prefix] = np.arange(len(level.prefix))
    for start, stop in blocks(units.length, room.block):
        numbers.append(table[units.read(start, stop)])


def longer_level(numbers: Column, level: Level, *, min_count: int, room: Room) -> Level:
    """The frequent n-grams that are one unit longer than those of `level`, which stand at `numbers`."""
    size = len(level.counts)
    all_keys, all_counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for first, after in ranges(level.counts, room.keys):
        tally = Tally(room.keys)
        for _, keys in _pairs(numbers, size, room.block):
            tally.add(keys if after - first == size else keys[(keys >= first * size) & (keys < after * size)])
        keys, counts = tally.counts()
        frequent = counts >= min_count
        all_keys.append(keys[frequent])
        all_counts.append(counts[frequent])
    keys = np.concatenate(all_keys)
    prefix, suffix = np.divmod(keys, max(size, 1))
    return Level(prefix.astype(np.int32), suffix.astype(np.int32), np.concatenate(all_counts))


def number_longer(numbers: Column, level: Level, found: Level, longer: Column, *, room: Room) -> None:
    """Fill `longer` with the numbers, in `found`, of the n-grams one unit longer than those at `numbers`."""
    size = len(level.counts)
    ordered = found.prefix.astype(np.int64) * size + found.suffix
    start = 0
    for places, keys in _pairs(numbers, size, room.block):
        block = np.full(min(room.block, numbers.length - start), NONE, np.int32)
        if len(ordered):
            at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
            known = ordered[at] == keys
            block[places[known]] = at[known]
        longer.append(block)
        start += len(block)


def _pairs(numbers: Column, size: int, block: int) -> Iterator[tuple[Integers, Integers]]:
    """Of every block: the places in it where two n-grams follow each other, and the key of each such pair."""
    for start, stop in blocks(numbers.length, block):
        left = numbers.read(start, stop + 1)
        right = np.append(left[1:], np.int32(NONE))[: stop - start]
        left = left[: stop - start]
        places = np.flatnonzero((left != NONE) & (right != NONE))
        yield places, left[places].astype(np.int64) * size + right[places]
