"""Columns on disk, tallies in bounded room, counts of n-grams: the same as counted naively, whatever the room."""

from __future__ import annotations

import contextlib
import random
from collections import Counter

import numpy as np
import pytest

from textpipe.discover import newwords_counts as counting
from textpipe.discover.newwords_columns import Column, Room, Tally, blocks, ranges
from textpipe.errors import OutputError

ROOMS = (Room(), Room(block=7, keys=3), Room(block=64, keys=50), Room(block=1, keys=1))


def test_column() -> None:
    with Column(np.int32) as column:
        for part in (np.arange(5), np.arange(0), np.arange(5, 12)):
            column.append(part)
        assert column.length == 12
        assert column.read(0, 12).tolist() == list(range(12))
        assert column.read(3, 6).tolist() == [3, 4, 5]
        assert column.read(10, 99).tolist() == [10, 11]
        assert column.read(12, 13).tolist() == []
        column.append(np.array([12]))
        assert column.read(11, 13).tolist() == [11, 12]


def test_a_full_disk_is_an_output_error() -> None:
    with Column(np.int32) as column, open("/dev/full", "wb", buffering=0) as full:
        own, column._file = column._file, full
        with pytest.raises(OutputError, match="No space left"):
            column.append(np.arange(4))
        column._file = own


@pytest.mark.parametrize("room", [1, 2, 10, 10_000])
def test_tally(room: int) -> None:
    chance = random.Random(room)
    tally, expected = Tally(room), Counter[int]()
    for _ in range(40):
        keys = [chance.randrange(-(2**40), 2**40) if chance.random() < 0.2 else chance.randrange(20) for _ in range(30)]
        tally.add(np.array(keys, np.int64))
        expected.update(keys)
    found, counts = tally.counts()
    assert list(zip(found.tolist(), counts.tolist(), strict=True)) == sorted(expected.items())
    assert [len(part) for part in Tally(5).counts()] == [0, 0]


def test_blocks_and_ranges_cover_all() -> None:
    assert list(blocks(5, 2)) == [(0, 2), (2, 4), (4, 5)]
    assert list(blocks(0, 2)) == []
    assert list(ranges(np.array([3, 1, 9, 2, 2]), 4)) == [(0, 2), (2, 3), (3, 5)]
    assert list(ranges(np.array([3, 1]), 100)) == [(0, 2)]
    assert list(ranges(np.zeros(0, np.int64), 4)) == []


def naive(units: list[int], length: int, min_count: int) -> dict[tuple[int, ...], int]:
    grams = Counter(tuple(units[at : at + length]) for at in range(len(units) - length + 1))
    return {gram: count for gram, count in grams.items() if count >= min_count and 0 not in gram}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("min_count", [1, 2, 6])
def test_counts_are_those_of_a_naive_count(room: Room, min_count: int) -> None:
    chance = random.Random(5)
    text = [0, *(chance.choices(range(6), weights=[3, 9, 5, 3, 2, 1], k=400)), 0]
    with contextlib.ExitStack() as stack:
        units, numbers = (stack.enter_context(Column(np.int32)) for _ in range(2))
        units.append(np.array(text))
        level = counting.frequent_units(np.bincount(text), min_count=min_count)
        counting.number_units(units, level, numbers, unit_count=6, room=room)
        spelled = [(int(unit),) for unit in level.prefix]
        for length in range(2, 7):
            found = counting.longer_level(numbers, level, min_count=min_count, room=room)
            longer = stack.enter_context(Column(np.int32))
            counting.number_longer(numbers, level, found, longer, room=room)
            spelled = [spelled[p] + spelled[s][-1:] for p, s in zip(found.prefix, found.suffix, strict=True)]
            expected = naive(text, length, min_count)
            assert dict(zip(spelled, found.counts.tolist(), strict=True)) == expected
            at = [spelled[number] if number >= 0 else None for number in longer.read(0, longer.length)]
            grams = [tuple(text[place : place + length]) for place in range(len(text))]
            assert at == [gram if gram in expected else None for gram in grams]
            numbers, level = longer, found


def test_nothing_frequent() -> None:
    with Column(np.int32) as units, Column(np.int32) as numbers, Column(np.int32) as longer:
        units.append(np.array([0, 1, 2, 0]))
        level = counting.frequent_units(np.array([2, 1, 1]), min_count=5)
        counting.number_units(units, level, numbers, unit_count=3, room=Room())
        assert len(level.counts) == 0
        found = counting.longer_level(numbers, level, min_count=5, room=Room())
        assert len(found.counts) == 0
        counting.number_longer(numbers, level, found, longer, room=Room())
        assert longer.read(0, 4).tolist() == [-1] * 4
