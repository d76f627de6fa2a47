"""Word vectors against what people say of words: rank correlation of similarities, and analogies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.metrics.resampling import drawn_counts

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
_QUESTIONS, _WORDS = 1024, 4096  # of a product of matrices: 16 MiB of float32
_FEWEST = 3  # pairs of which an interval is drawn: two are ordered alike or not
_DIGITS = 12  # of a cosine: vectors are float32, sums of their products differ in the last ones
_SMALL, _LARGE = 1e-15, 1e15  # lengths whose squares are in the range of float32
_SAME = 1e-12  # variances of ranks below this are none


class Correlation(NamedTuple):
    """A rank correlation and the ends of its bootstrap interval; None where ranks do not vary, or too few are there."""

    rho: float | None
    low: float | None
    high: float | None


def spearman(
    first: Floats, second: Floats, *, resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> Correlation:
    """Spearman's rank correlation of two float64[pairs], equal values sharing the mean of their ranks.

    The interval is the percentile interval over samples of pairs with replacement, ranked anew each time (Efron and
    Tibshirani 1993, chapter 13); samples without any order are left out of it.
    """
    groups = [np.unique(values, return_inverse=True)[1].reshape(-1) for values in (first, second)]
    rho = _weighted(groups, np.ones((1, len(first))))
    if not len(first) or np.isnan(rho[0]):
        return Correlation(None, None, None)
    drawn = [_weighted(groups, counts) for counts in drawn_counts(len(first), resamples=resamples, seed=seed)]
    values = np.concatenate(drawn)
    values = values[~np.isnan(values)]
    if len(first) < _FEWEST or not len(values):
        return Correlation(float(rho[0]), None, None)
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, (tail, 1 - tail)).round(6).tolist()
    return Correlation(float(rho[0]), low, high)


def _weighted(groups: list[Integers], weights: Floats) -> Floats:
    """Spearman's rho for each row of weights, float64[samples, pairs]: how often each pair is in a sample.

    groups: for either variable the place of each value among the distinct ones. NaN where ranks do not vary.
    """
    if not weights.shape[1]:
        return np.full(len(weights), np.nan)
    x, y = (_centred_ranks(group, weights) for group in groups)
    total = weights.sum(axis=1)
    over = (weights * x * x).sum(axis=1) / total * ((weights * y * y).sum(axis=1) / total)
    covariance = (weights * x * y).sum(axis=1) / total
    rho: Floats = np.divide(covariance, np.sqrt(over), out=np.full(len(over), np.nan), where=over > _SAME)
    return rho.clip(-1, 1)


def _centred_ranks(groups: Integers, weights: Floats) -> Floats:
    """Mean ranks less their mean, float64[samples, pairs]."""
    rows, size = len(weights), int(groups.max()) + 1
    places = groups + np.arange(rows)[:, None] * size
    counts = np.bincount(places.ravel(), weights.ravel(), minlength=rows * size).reshape(rows, size)
    ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    centred: Floats = (ranks - middle)[:, groups]
    return centred


def cosines(matrix: Singles, first: Integers, second: Integers) -> Floats:
    """The cosines of pairs of rows of float32[words, dimensions]; 0 where a row is 0.

    They are rounded, so that pairs of equal vectors, and one pair either way round, have equal values.
    """
    one, other = (matrix[rows].astype(np.float64) for rows in (first, second))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = np.einsum("ij,ij->i", one, other)
    found: Floats = np.divide(products, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return found.round(_DIGITS) + 0.0


def unit_rows(rows: Singles) -> Singles:
    """The rows of float32[words, dimensions] with length 1; rows of 0 stay."""
    with np.errstate(over="ignore", under="ignore"):
        lengths = np.linalg.norm(rows, axis=1)
    odd = ~((lengths > _SMALL) & (lengths < _LARGE))
    lengths[odd] = 1
    units: Singles = rows / lengths[:, None]
    if odd.any():
        wide = rows[odd].astype(np.float64)
        long = np.linalg.norm(wide, axis=1, keepdims=True)
        units[odd] = np.divide(wide, long, out=np.zeros_like(wide), where=long > 0)
    return units


def solve_analogies(matrix: Singles, questions: Integers, *, groups: Integers | None = None) -> Integers:
    """For each question `a is to b as c is to …` the row that is nearest to b - a + c: int64[questions].

    matrix: float32[words, dimensions]; questions: int64[questions, 3], rows of a, b and c
    groups: int64[words]; rows of one group are one word, spelled otherwise. None: each row is a word.
    Vectors have length 1 before they are added (3CosAdd: Mikolov et al. 2013; Levy and Goldberg 2014), and the words
    of a question are no answers to it; -1 where there are no other words. Of equally near rows the first one counts.
    All words are compared, block by block: memory does not grow with words or questions.
    """
    groups = np.arange(len(matrix)) if groups is None else groups
    members = np.argsort(groups, kind="stable")
    answers = [
        _answers(matrix, questions[start : start + _QUESTIONS], groups, members)
        for start in range(0, len(questions), _QUESTIONS)
    ]
    return np.concatenate(answers) if answers else np.empty(0, np.int64)


def _answers(matrix: Singles, questions: Integers, groups: Integers, members: Integers) -> Integers:
    a, b, c = (unit_rows(matrix[questions[:, column]]) for column in range(3))
    wanted = b - a + c
    asker, own = _own_rows(groups[questions], groups, members)
    best = np.full(len(questions), -np.inf, np.float32)
    found = np.full(len(questions), -1, np.int64)
    for start in range(0, len(matrix), _WORDS):
        scores = wanted @ unit_rows(matrix[start : start + _WORDS]).T
        here = slice(*np.searchsorted(own, (start, start + scores.shape[1])))
        scores[asker[here], own[here] - start] = -np.inf
        nearest = scores.argmax(axis=1)
        score = scores[np.arange(len(scores)), nearest]
        better = score > best
        best[better], found[better] = score[better], nearest[better] + start
    return found


def _own_rows(asked: Integers, groups: Integers, members: Integers) -> tuple[Integers, Integers]:
    """(question, row) for all rows of each question's own words, by row."""
    ordered = groups[members]
    starts = np.searchsorted(ordered, asked.ravel(), "left")
    sizes = np.searchsorted(ordered, asked.ravel(), "right") - starts
    offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = members[np.repeat(starts, sizes) + offsets]
    askers = np.repeat(np.repeat(np.arange(len(asked)), asked.shape[1]), sizes)
    order = np.argsort(rows, kind="stable")
    return askers[order], rows[order]
