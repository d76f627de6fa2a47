"""Numbers in temporary files, so that memory does not grow with the text, and counts of numbers in bounded room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from textpipe.files import naming_errors

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Integers = NDArray[np.int64]


class Room(NamedTuple):
    """How much is worked on at a time; no result depends on it.

    block: places of the text read at once
    keys: 64-bit numbers held to be counted
    """

    block: int = 1 << 20
    keys: int = 1 << 24


class Column:
    """Numbers of one type in a temporary file, appended and read in blocks; gone when closed."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._folder = tempfile.gettempdir()
        with naming_errors(self._folder):
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  closed by __exit__
        self.length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, values: NDArray[Any]) -> None:
        """Add values at the end. Raises OutputError when the disk is full."""
        rest = np.ascontiguousarray(values, self._dtype).data.cast("B")
        with naming_errors(self._folder):
            self._file.seek(self.length * self._dtype.itemsize)
            while rest:
                rest = rest[self._file.write(rest) :]
        self.length += len(values)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """The values from `start` on, up to `stop` or the end."""
        values = np.empty(max(0, min(stop, self.length) - start), self._dtype)
        rest = values.data.cast("B") if len(values) else memoryview(b"")
        with naming_errors(self._folder):
            self._file.seek(start * self._dtype.itemsize)
            while rest:
                rest = rest[self._file.readinto(rest) :]
        return values


class Tally:
    """Counts of 64-bit keys that come in arrays: sorted and merged whenever more than `room` are held."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: list[Integers] = []
        self._held = 0
        self._merged = (np.zeros(0, np.int64), np.zeros(0, np.int64))

    def add(self, keys: Integers) -> None:
        """Count every key."""
        self._waiting.append(keys)
        self._held += len(keys)
        if self._held >= self._room:
            self._merge()

    def counts(self) -> tuple[Integers, Integers]:
        """int64[k] distinct keys in ascending order; int64[k] how often each was added."""
        self._merge()
        return self._merged

    def _merge(self) -> None:
        keys = np.concatenate([np.zeros(0, np.int64), *self._waiting])
        self._waiting.clear()
        self._held = 0
        keys.sort()
        first = _firsts(keys)
        new = keys[first], np.diff(first, append=len(keys))
        old = self._merged
        if len(old[0]):
            both, counts = (np.concatenate(pair) for pair in zip(old, new, strict=True))
            order = np.argsort(both, kind="stable")
            both = both[order]
            first = _firsts(both)
            new = both[first], np.add.reduceat(counts[order], first)
        self._merged = new


def _firsts(ordered: Integers) -> Integers:
    """Where another value begins."""
    return np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))


def blocks(length: int, size: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of stretches of at most `size` that cover `length`."""
    return ((start, min(start + size, length)) for start in range(0, length, size))


def ranges(counts: Integers, room: int) -> Iterator[tuple[int, int]]:
    """(first, after the last) of stretches of numbers whose counts sum to at most `room`, if one alone does."""
    ends = np.cumsum(counts)
    first = 0
    while first < len(counts):
        before = int(ends[first - 1]) if first else 0
        after = max(first + 1, int(np.searchsorted(ends, before + room, "right")))
        yield first, after
        first = after
