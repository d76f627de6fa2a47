"""F1 of several methods on the same documents: how sure each is, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.metrics.keywords import DocumentScores
from textpipe.metrics.resampling import Statistic, bootstrap_intervals, randomization_test

Floats = npt.NDArray[np.float64]
_COLUMNS = 4
_DIGITS = 6  # of an interval's ends: drawn by chance, more would say nothing


class ComparedF1(NamedTuple):
    """The 95 % bootstrap intervals of a method's F1, micro and macro, and the p-values of the randomization test of
    its difference to the reference; None for the reference itself."""

    f1_micro_low: float
    f1_micro_high: float
    f1_macro_low: float
    f1_macro_high: float
    p_micro: float | None
    p_macro: float | None


def compare_f1(
    scores: Sequence[Sequence[DocumentScores]], *, resamples: int = 1000, seed: int = 0
) -> list[list[ComparedF1]]:
    """Compare methods with the first of them; `scores` of all of them and the result are by method, then by k.

    A figure depends on its own method, the reference, the documents, `resamples` and `seed` alone.
    """
    columns = [np.concatenate([_columns(one) for one in of_method], axis=1) for of_method in scores]
    statistic = _f1_of_sums(len(columns[0]))
    compared = []
    for number, ours in enumerate(columns):
        low, high = bootstrap_intervals(ours, statistic, resamples=resamples, seed=seed)
        p: list[float | None] = [None] * len(low)
        if number:
            p = [*randomization_test(columns[0], ours, statistic, resamples=resamples, seed=seed).tolist()]
        ends = np.stack([low, high], axis=1).round(_DIGITS).tolist()
        compared.append(
            [ComparedF1(*ends[place], *ends[place + 1], *p[place : place + 2]) for place in range(0, len(ends), 2)]
        )
    return compared


def _columns(scores: DocumentScores) -> Floats:
    """float64, shape (documents, 4)"""
    return np.stack([scores.correct, scores.found, scores.gold, scores.f1], axis=1)


def _f1_of_sums(documents: int) -> Statistic:
    """(…, 4 times ks) sums of columns -> (…, 2 times ks) micro and macro F1, in turn."""

    def statistic(sums: Floats) -> Floats:
        by_k = sums.reshape(*sums.shape[:-1], -1, _COLUMNS)
        correct, found, gold, f1 = np.moveaxis(by_k, -1, 0)
        return np.stack([2 * correct / (found + gold), f1 / documents], axis=-1).reshape(*sums.shape[:-1], -1)

    return statistic
