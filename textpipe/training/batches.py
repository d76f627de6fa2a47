"""Which examples make up a batch: of nearly equal lengths, so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Lengths = Sequence[int] | npt.NDArray[np.integer]
_POOL = 50  # batches that are sorted together: large enough for little padding, small enough for chance


def bucketed(lengths: Lengths, batch_size: int, *, seed: int, epoch: int) -> list[Indices]:
    """The batches of one epoch: int64 indices into `lengths`, each index in one batch, as (seed, epoch) has it.

    Examples are shuffled, sorted by length within pools of 50 batches, and the batches shuffled. Their number is the
    same in every epoch, their sizes differ by one at most: no small batch at the end has the say of a whole one.
    """
    count = len(lengths)
    if not count:
        return []
    chance = np.random.Generator(np.random.PCG64([seed, epoch]))
    order = chance.permutation(count)
    bounds = _bounds(count, batch_size)
    sizes = np.asarray(lengths)
    batches: list[Indices] = []
    for start in range(0, len(bounds) - 1, _POOL):
        ends = bounds[start : start + _POOL + 1]
        pool = order[ends[0] : ends[-1]]
        pool = pool[np.argsort(sizes[pool], kind="stable")]
        batches += np.split(pool, ends[1:-1] - ends[0])
    return [batches[place] for place in chance.permutation(len(batches))]


class InOrder(NamedTuple):
    """batches: indices, by length; inverse: their results, one after the other, [inverse] are in the first order."""

    batches: list[Indices]
    inverse: Indices


def in_order(lengths: Lengths, batch_size: int, *, padded: int | None = None) -> InOrder:
    """Batches to predict: by length, at most `batch_size` examples.

    padded: and so many positions at most, the padding included, but for a single example that is longer.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(sizes, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    if padded is None:
        return InOrder([order[start : start + batch_size] for start in range(0, len(order), batch_size)], inverse)
    batches, start = [], 0
    while start < len(order):
        end = min(start + batch_size, len(order))
        while end > start + 1 and (end - start) * sizes[order[end - 1]] > padded:
            end = start + max((end - start) // 2, 1)
        batches.append(order[start:end])
        start = end
    return InOrder(batches, inverse)


def _bounds(count: int, batch_size: int) -> Indices:
    """Where batches start and end when they are as equal as can be."""
    number = -(-count // batch_size)
    return np.arange(number + 1, dtype=np.int64) * count // number
