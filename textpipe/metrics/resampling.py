"""How sure a score is: bootstrap intervals, and a paired test between two systems, by resampling documents.

A score is a function of sums over documents, as ratios of counts and means are, so that a resampled score is a
product of matrices. `statistic` takes the sums of the columns, shape (..., columns), to scores, shape (..., scores).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
_CELLS = 1 << 21  # numbers drawn at a time: 16 MiB
_ROUNDING = 1e-12  # two differences nearer than this are equal


class Intervals(NamedTuple):
    """Ends of confidence intervals, each of shape (scores,)."""

    low: Floats
    high: Floats


def bootstrap_intervals(
    columns: Floats, statistic: Statistic, *, resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> Intervals:
    """Percentile intervals of the scores (Efron and Tibshirani 1993, chapter 13).

    columns: float64, shape (documents, columns)
    Documents are drawn with replacement, as many as there are, `resamples` times; the interval leaves out an equal
    share of the resampled scores at either end. The draws depend on the number of documents and the seed alone.
    """
    size = len(columns)
    scores = [statistic(counts @ columns) for counts in drawn_counts(size, resamples=resamples, seed=seed)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(scores), (tail, 1 - tail), axis=0)
    return Intervals(low, high)


def randomization_test(
    first: Floats, second: Floats, statistic: Statistic, *, resamples: int = 1000, seed: int = 0
) -> Floats:
    """Two-sided p-values, shape (scores,), of the differences of two systems' scores, by approximate randomization.

    first, second: float64, shape (documents, columns), of the same documents
    If the systems were equally good, it would be chance which of them gave which of a document's two results. So the
    two are swapped by chance, document by document, `resamples` times; p is the share of times at which the scores
    differ at least as much as they really do, the real one counted in: (1 + times) / (1 + resamples) (Noreen 1989;
    Yeh 2000, "More accurate tests for the statistical significance of result differences").
    """
    ours, theirs, change = first.sum(0), second.sum(0), second - first
    real = np.abs(statistic(ours) - statistic(theirs))
    times = np.zeros(real.shape)
    for swapped in _draws(len(first), 2, resamples, seed):
        moved = swapped.astype(np.float64) @ change
        differences = np.abs(statistic(ours + moved) - statistic(theirs - moved))
        times += (differences >= real - _ROUNDING).sum(0)
    p: Floats = (1 + times) / (1 + resamples)
    return p


def drawn_counts(size: int, *, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each of `size` documents is in samples with replacement: float64[samples, documents], in blocks."""
    return (_drawn(chosen, size) for chosen in _draws(size, size, resamples, seed))


def _draws(size: int, below: int, resamples: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """`resamples` rows of `size` numbers from 0 to `below`, not as many at a time as to fill the memory."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _CELLS // max(1, size))
    for done in range(0, resamples, at_once):
        yield generator.integers(below, size=(min(at_once, resamples - done), size))


def _drawn(chosen: npt.NDArray[np.int64], size: int) -> Floats:
    """How often each document was drawn: float64, shape (resamples, documents)."""
    rows = len(chosen)
    places = chosen + np.arange(rows)[:, None] * size
    return np.bincount(places.ravel(), minlength=rows * size).reshape(rows, size).astype(np.float64)
