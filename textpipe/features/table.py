"""Hashes of n-grams and their rows as an open-addressing table, of a kind that is used from the disk as it lies there.

A hash's place is its low bits; where that is taken, the next free one. Half of the table at least is empty.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from textpipe.features.hashing import Hashes

SLOT = np.dtype([("hash", "<u8"), ("row", "<u4"), ("idf", "<f4")])  # all that a look-up needs, in one cache line
NONE = (1 << 32) - 1  # the row of an empty slot
Table = npt.NDArray[np.void]
Rows = npt.NDArray[np.int64]


def make_table(hashes: Hashes, idf: npt.NDArray[np.float32]) -> Table:
    """The table of hashes, all different; the row of each is its place in them."""
    size = 1 << max(4, int(2 * len(hashes) - 1).bit_length())
    table = np.zeros(size, SLOT)
    table["row"] = NONE
    waiting = np.arange(len(hashes))
    places = (hashes & np.uint64(size - 1)).astype(np.int64)
    while len(waiting):
        free = table["row"][places] == NONE
        _, first = np.unique(places[free], return_index=True)
        chosen = np.flatnonzero(free)[first]
        rows = waiting[chosen]
        slots = places[chosen]
        table["hash"][slots], table["row"][slots], table["idf"][slots] = hashes[rows], rows, idf[rows]
        kept = np.ones(len(waiting), bool)
        kept[chosen] = False
        waiting, places = waiting[kept], (places[kept] + 1) & (size - 1)
    return table


def look_up(table: Table, hashes: Hashes) -> tuple[Rows, npt.NDArray[np.float32]]:
    """(int64[n] rows, -1 for what has none; float32[n] idf)"""
    rows = np.full(len(hashes), -1, np.int64)
    idf = np.zeros(len(hashes), np.float32)
    waiting = np.arange(len(hashes))
    places = (hashes & np.uint64(len(table) - 1)).astype(np.int64)
    for _ in range(len(table)):  # a damaged table may have no empty slot
        slots = table[places]
        taken = slots["row"] != NONE
        found = taken & (slots["hash"] == hashes[waiting])
        rows[waiting[found]], idf[waiting[found]] = slots["row"][found], slots["idf"][found]
        on = taken & ~found
        waiting, places = waiting[on], (places[on] + 1) & (len(table) - 1)
        if not len(waiting):
            break
    return rows, idf
