"""The rows of a matrix that are nearest to some vectors, by cosine: exact, in blocks, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_CELLS = 1 << 22  # scores computed at a time: 16 MiB
_MOST_ROWS, _MOST_QUERIES = 1 << 13, 1 << 8
_SLACK = 1e-5  # float32 scores this near to the last of the best are computed again in float64
_SMALL, _LARGE = 1e-15, 1e15  # lengths between which squares stay in the range of float32
_EPSILON = 1e-6  # Levy and Goldberg's, also gensim's


class Found(NamedTuple):
    """Rows and their scores, best first; equal scores by row."""

    rows: Rows
    scores: Doubles


def nearest(
    matrix: Floats, queries: Doubles, k: int, *, left_out: Sequence[Sequence[int]] | None = None
) -> list[Found]:
    """For each query the k rows with the largest cosine to it, those `left_out` for it left out.

    matrix: float32[n, d]; queries: float64[q, d]. The cosine with a vector of zeros is 0. Rows are chosen by float32
    with room for its errors and ranked by float64, so that neither blocks nor threads decide between equal rows.
    """
    out = [()] * len(queries) if left_out is None else left_out
    found: list[Found] = []
    for start in range(0, len(queries), _MOST_QUERIES):
        some = unit(queries[start : start + _MOST_QUERIES])
        found += _nearest(matrix, some, k, out[start : start + _MOST_QUERIES])
    return found


def unit(vectors: Doubles) -> Doubles:
    """The vectors at length 1; those of zeros stay. Scaled first, so that no square leaves the range."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0)
    scaled: Doubles = vectors / np.where(largest > 0, largest, 1.0)
    lengths = np.sqrt(np.einsum("...j,...j->...", scaled, scaled))[..., None]
    result: Doubles = scaled / np.where(lengths > 0, lengths, 1.0)
    return result


def _nearest(matrix: Floats, queries: Doubles, k: int, left_out: Sequence[Sequence[int]]) -> list[Found]:
    small = queries.astype(np.float32)
    best = [Found(np.empty(0, np.int64), np.empty(0)) for _ in queries]
    wanted = [k + len(set(rows)) for rows in left_out]
    bars = np.full(len(queries), -np.inf, np.float32)
    step = max(1, min(_MOST_ROWS, _CELLS // max(1, len(queries))))
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step]
        scores = _cosines(block, small)
        for number in np.flatnonzero((scores >= bars).any(axis=0)):
            mine = scores[:, number]
            bar = max(bars[number], _last_of_best(mine, wanted[number]))
            rows = np.flatnonzero(mine >= bar)
            exact = exact_cosines(block[rows], queries[number])
            best[number] = _better(best[number], Found(rows + start, exact), wanted[number])
            if len(best[number].scores) == wanted[number]:
                bars[number] = np.float32(best[number].scores[-1] - _SLACK)
    return [_without(one, rows, k) for one, rows in zip(best, left_out, strict=True)]


def _last_of_best(scores: Floats, wanted: int) -> np.float32:
    if wanted >= len(scores):
        return np.float32(-np.inf)
    return np.float32(np.partition(scores, len(scores) - wanted)[len(scores) - wanted] - _SLACK)


def _cosines(block: Floats, queries: Floats) -> Floats:
    """float32[rows, queries]; rows whose squares leave the range of float32 by float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        odd = np.flatnonzero(~((lengths > _SMALL) & (lengths < _LARGE)))
        lengths[odd] = 1.0
        scores: Floats = (block @ queries.T) / lengths[:, None]
    if len(odd):
        scores[odd] = unit(block[odd].astype(np.float64)) @ queries.T
    return scores


def exact_cosines(rows: Floats, query: Doubles) -> Doubles:
    """float64[rows], each computed alike wherever its row stands; `query` has length 1."""
    cosines: Doubles = np.einsum("ij,j->i", unit(rows.astype(np.float64)), query)
    return np.clip(cosines, -1.0, 1.0)


def _better(one: Found, other: Found, wanted: int) -> Found:
    return ranked(np.concatenate([one.rows, other.rows]), np.concatenate([one.scores, other.scores]), wanted)


def ranked(rows: Rows, scores: Doubles, k: int) -> Found:
    """The k best, equal scores by row."""
    order = np.lexsort((rows, -scores))[:k]
    return Found(rows[order], scores[order])


def _without(found: Found, rows: Sequence[int], k: int) -> Found:
    kept = np.flatnonzero(~np.isin(found.rows, np.asarray(rows, np.int64)))[:k]
    return Found(found.rows[kept], found.scores[kept])


def multiplied(matrix: Floats, positive: Doubles, negative: Doubles, k: int, *, left_out: Sequence[int]) -> Found:
    """3CosMul (Levy and Goldberg 2014): the rows with the largest product of cosines to `positive` over that to
    `negative`, each shifted to be from 0 to 1; positive, negative: float64[some, d]."""
    given = unit(np.concatenate([positive, negative]))
    best = Found(np.empty(0, np.int64), np.empty(0))
    for start in range(0, len(matrix), _MOST_ROWS):
        block = unit(matrix[start : start + _MOST_ROWS].astype(np.float64))
        shifted = (1.0 + np.einsum("ij,kj->ik", block, given)) / 2.0
        above, below = shifted[:, : len(positive)].prod(axis=1), shifted[:, len(positive) :].prod(axis=1)
        rows = np.arange(start, start + len(block), dtype=np.int64)
        best = _better(best, Found(rows, above / (below + _EPSILON)), k + len(set(left_out)))
    return _without(best, left_out, k)
