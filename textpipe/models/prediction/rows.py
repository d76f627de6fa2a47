"""Tables of products with a row a unit of the vocabulary, computed when a text first has it.

A row is what an embedding gives with weights that no longer change. Frequent units (they have the lowest ids) keep
theirs; of a vocabulary whose table would be too large the others get one for as long as some texts need it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.inputs import PADDING
from textpipe.models.layers import Embedding

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
MEMORY = 1 << 28  # bytes of a model's tables
_BLOCK = 16  # rows that are computed together
_SPARE, _FEWEST = 2_048, 1_024  # rows for rare units; rows for others, without which a table is of no use


class Rows:
    """The table of a channel. vectors, weight: float32[units, dim], float32[dim, columns], whose product it is; bias:
    float32[columns] that is added to every row; kept: units that keep their row; spare: rows for others"""

    def __init__(self, vectors: list[Any], weight: Any, *, bias: Any = None, kept: int, spare: int) -> None:
        size = len(vectors[0])
        self.kept, self.spare = min(kept, size), min(spare, max(size - kept, 0))
        self.table: Floats = np.zeros((self.kept + self.spare, weight.shape[1]), np.float32)  # no memory as yet
        self._vectors, self._weight, self._bias = vectors, weight.contiguous(), bias
        self._there = np.zeros(self.kept, bool)
        self._places = np.arange(size, dtype=np.int32)

    def places(self, ids: Ids) -> Ids | None:
        """int32[ids]: the row of each, until the next call; None when there are too many rare ones."""
        wanted = np.zeros(len(self._places), bool)
        wanted[ids] = True
        wanted[PADDING] = True
        rare = np.flatnonzero(wanted[self.kept :]) + self.kept
        if len(rare) > self.spare:
            return None
        new = np.flatnonzero(wanted[: self.kept] & ~self._there)
        for block in np.unique(new // _BLOCK).tolist():
            self._fill(block * _BLOCK)
        if not len(rare):
            return ids
        self._places[rare] = np.arange(self.kept, self.kept + len(rare))
        self.table[self.kept : self.kept + len(rare)] = self._products(rare)
        return self._places[ids]

    def _fill(self, first: int) -> None:
        """The rows of a block of units. Always the same ones are multiplied together, so that a row's last bits do not
        depend on the texts that came before."""
        rows = slice(first, min(first + _BLOCK, self.kept))
        self.table[rows] = self._products(np.arange(first, first + _BLOCK))[: rows.stop - first]
        self._there[rows] = True

    def _products(self, units: npt.NDArray[np.int64]) -> Floats:
        with torch.inference_mode():
            places = torch.from_numpy(np.minimum(units, len(self._places) - 1))
            vectors = torch.cat([part[places] for part in self._vectors], 1)
            found = vectors @ self._weight if self._bias is None else torch.addmm(self._bias, vectors, self._weight)
            return np.asarray(found.numpy())


def rows_of(embedding: Embedding, weight: Any, *, bias: Any = None) -> list[Rows]:
    """The tables of all channels, whose sum is embedding @ weight + bias; none where too few rows would find room.

    weight: float32[embedding.size, columns]
    """
    channels = sorted(set(embedding.channels))
    sizes = [len(embedding.tables[embedding.channels.index(channel)].weight) for channel in channels]
    left = MEMORY // (4 * weight.shape[1])
    parts = weight.chunk(len(embedding.tables))
    found = []
    for number, (channel, size) in enumerate(zip(channels, sizes, strict=True)):
        share = left // (len(sizes) - number)
        kept = size if size <= share else share - _SPARE
        if kept < min(size, _FEWEST):
            return []
        own = [place for place, of in enumerate(embedding.channels) if of == channel]
        vectors = [embedding.tables[place].weight.detach() for place in own]
        more = {"bias": bias} if number == 0 else {}
        weights = torch.cat([parts[place] for place in own])
        found.append(Rows(vectors, weights, kept=kept, spare=_SPARE, **more))
        left -= min(size, share)
    return found
