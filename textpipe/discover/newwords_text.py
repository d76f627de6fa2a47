"""The text that new words are looked for in: its units in temporary files, put together from stretches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

import numpy as np

from textpipe.discover.newwords_columns import Column
from textpipe.discover.newwords_units import BREAK, FIRST_WORD, Units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from textpipe.discover.newwords_columns import Integers


class Text:
    """Units of documents, in order. A context manager: its files are gone at the end.

    units: Column of int32, code points of Han characters, FIRST_WORD + i for the i-th ASCII word, or BREAK; one is
        the last
    starts: Column of bool, whether a token of segmentation starts at the unit; true of breaks
    counts: int64[u], how often each unit occurs
    documents: int64[d], where documents begin
    """

    def __init__(self) -> None:
        self._files = contextlib.ExitStack()
        self._words: dict[str, int] = {}
        self._spelling: list[str] = []
        self._begins: list[Integers] = []
        self.units = self._files.enter_context(Column(np.int32))
        self.starts = self._files.enter_context(Column(np.bool_))
        self.counts = np.zeros(FIRST_WORD, np.int64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def add(self, stretch: Units) -> None:
        """Add what comes next."""
        words = np.array([*map(self._number, stretch.words), 0], np.int32)
        units = np.where(stretch.units < 0, words[np.maximum(-1 - stretch.units, 0)], stretch.units)
        counts = np.bincount(units)
        if len(counts) > len(self.counts):
            self.counts = np.concatenate((self.counts, np.zeros(len(counts) + len(self.counts) // 8, np.int64)))
        self.counts[: len(counts)] += counts
        self._begins.append(stretch.documents + self.units.length)
        self.units.append(units)
        self.starts.append(stretch.starts)

    def _number(self, word: str) -> int:
        number = self._words.setdefault(word, FIRST_WORD + len(self._words))
        if len(self._words) > len(self._spelling):
            self._spelling.append(word)
        return number

    @property
    def total(self) -> int:
        """How many units there are, without breaks."""
        return int(self.counts.sum() - self.counts[BREAK])

    @property
    def documents(self) -> Integers:
        """int64[d]: where documents begin."""
        self._begins = [np.concatenate([np.zeros(0, np.int64), *self._begins])]
        return self._begins[0]

    def spelled(self, units: NDArray[np.int32]) -> str:
        """The characters of a few units."""
        return "".join(self.spelled_unit(int(unit)) for unit in units)

    def spelled_unit(self, unit: int) -> str:
        """The characters of one unit."""
        return chr(unit) if unit < FIRST_WORD else self._spelling[unit - FIRST_WORD]
