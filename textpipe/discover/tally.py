"""How often each of very many words occurs, in 24 bytes a word: their hashes are counted, and only frequent ones keep
a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
_NAMES = 200_000  # words whose text is kept
_LONGEST_NAME = 100  # characters; longer "words" are counted, and never shown
_SMALL = 1 << 16  # rows that may wait before they are sorted into the many


class _Rows:
    """Rows (key, count, documents), sorted by key."""

    def __init__(self) -> None:
        self.keys: Int64s = np.empty(0, np.int64)
        self.values: Int64s = np.empty((0, 2), np.int64)

    def places(self, keys: Int64s) -> tuple[Int64s, NDArray[np.bool_]]:
        """(where each key is or would be, whether it is there)"""
        places = np.searchsorted(self.keys, keys)
        there = places < len(self.keys)
        there[there] = self.keys[places[there]] == keys[there]
        return places, there

    def insert(self, keys: Int64s, values: Int64s) -> None:
        """Add rows of keys that are not there, sorted."""
        places = np.searchsorted(self.keys, keys)
        self.keys = np.insert(self.keys, places, keys)
        self.values = np.insert(self.values, places, values, axis=0)


class Term(NamedTuple):
    """A word, how often it occurs, and in how many documents."""

    text: str
    count: int  # type: ignore[assignment]  # a tuple's method of the same name gives way
    documents: int


class WordTally:
    """Exact counts of any number of words (up to chance collisions of 64-bit hashes: one in a million for 5 million).

    The text of a word is kept while its count is among the highest, which is decided anew whenever it occurs; so the
    most frequent `_NAMES / 2` words at least always have theirs.
    """

    def __init__(self, *, names: int = _NAMES) -> None:
        self._many = _Rows()
        self._few = _Rows()  # new words wait here, so that the many are not copied each time
        self._names: dict[str, None] = {}
        self._most_names = names
        self._least_count = 1  # of words whose text is kept

    def __len__(self) -> int:
        return len(self._many.keys) + len(self._few.keys)

    def add(self, words: Sequence[str], counts: Int64s, documents: Int64s) -> NDArray[np.bool_]:
        """Count distinct words: counts and documents int64[n] to be added. Returns bool[n]: never seen before."""
        keys = _hashes(words)
        added = np.stack([counts, documents], axis=1)
        totals = added.copy()
        new = np.ones(len(keys), np.bool_)
        for rows in (self._many, self._few):
            places, there = rows.places(keys)
            rows.values[places[there]] += added[there]
            totals[there] = rows.values[places[there]]
            new &= ~there
        order = np.flatnonzero(new)[np.argsort(keys[new])]
        self._few.insert(keys[order], added[order])
        if len(self._few.keys) > max(_SMALL, len(self._many.keys) // 8):
            self._many.insert(self._few.keys, self._few.values)
            self._few = _Rows()
        kept = np.flatnonzero(totals[:, 0] >= self._least_count)
        self._names.update((words[i], None) for i in kept.tolist() if len(words[i]) <= _LONGEST_NAME)
        while len(self._names) > self._most_names:
            self._least_count *= 2
            self._names = {term.text: None for term in self.terms() if term.count >= self._least_count}
        return new

    def add_document(self, keys: Int64s) -> None:
        """Count one more document for words that have been counted already, given by their distinct hashes."""
        for rows in (self._many, self._few):
            places, there = rows.places(keys)
            rows.values[places[there], 1] += 1

    def terms(self) -> list[Term]:
        """The words that have kept their text, in no order."""
        names = list(self._names)
        keys = _hashes(names)
        values = np.zeros((len(keys), 2), np.int64)
        for rows in (self._many, self._few):
            places, there = rows.places(keys)
            values[there] = rows.values[places[there]]
        return [Term(name, count, documents) for name, (count, documents) in zip(names, values.tolist(), strict=True)]

    def with_count(self, count: int) -> int:
        """How many words occur so often."""
        return sum(int(np.count_nonzero(rows.values[:, 0] == count)) for rows in (self._many, self._few))


class WordsOfOneDocument:
    """The distinct words of a document that comes in pieces, as hashes."""

    def __init__(self) -> None:
        self._parts: list[Int64s] = []
        self._waiting = 0

    def add(self, words: Iterable[str]) -> None:
        """Add the words of a piece."""
        self._parts.append(_hashes(list(words)))
        self._waiting += len(self._parts[-1])
        if self._waiting > max(1 << 20, len(self._parts[0])):
            self._parts = [self.keys()]
            self._waiting = 0

    def keys(self) -> Int64s:
        """int64[n]: each hash once."""
        return np.unique(np.concatenate(self._parts)) if self._parts else np.empty(0, np.int64)


def _hashes(words: Sequence[str]) -> Int64s:
    return np.fromiter(map(hash, words), np.int64, len(words))
