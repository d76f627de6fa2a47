"""Vectors of character n-grams, hashed to buckets: fastText's scheme (Bojanowski et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619


@dataclass(frozen=True)
class Subwords:
    """n-grams of min_n to max_n characters of `<word>`; matrix: float32[buckets, dimensions]."""

    min_n: int
    max_n: int
    matrix: npt.NDArray[np.float32]

    def vector(self, word: str) -> npt.NDArray[np.float32]:
        """The mean of the vectors of a word's n-grams: float32[dimensions]; zeros for a word too short to have any."""
        rows = list(buckets_of(word, self.min_n, self.max_n, len(self.matrix)))
        mean: npt.NDArray[np.float32] = self.matrix[rows].sum(axis=0) / np.float32(max(len(rows), 1))
        return mean


def buckets_of(word: str, min_n: int, max_n: int, buckets: int) -> Iterator[int]:
    """The bucket of each n-gram of `<word>`, which is hashed as its UTF-8 bytes by FNV-1a of 32 bits, as fastText does.

    A bracket alone is no n-gram, where it is one of the two that were added.
    """
    whole = f"<{word}>"
    for start in range(len(whole)):
        for size in range(min_n, min(max_n, len(whole) - start) + 1):
            if size > 1 or 0 < start < len(whole) - 1:
                yield _hash(whole[start : start + size].encode()) % buckets


def _hash(data: bytes) -> int:
    value = _FNV_OFFSET
    for byte in data:
        value ^= byte - 256 if byte > 127 else byte  # fastText takes bytes as signed
        value = value * _FNV_PRIME & 0xFFFFFFFF
    return value
