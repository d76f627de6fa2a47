"""Probabilities of several classifiers as one: their weighted mean (a linear opinion pool, Stone 1961)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from textpipe.models.label_sets import best_f1
from textpipe.models.labels import Gold

Floats = npt.NDArray[np.float32]
_STEPS = 20  # weights are multiples of one twentieth
_NEAR = 2  # steps between weights that are looked at together
_LAST = 13  # steps that the last member has at least
_ENOUGH = 1_000_000  # decisions that weights are found by
_KEPT = 0.1  # the least weight that is worth a member's time in prediction


def best_weights(given: Sequence[Floats], gold: Gold) -> list[float]:
    """The weights, multiples of 0.05 that sum to 1, under which most of `gold` are found: places of labels, or
    bool[texts, labels], by the highest micro F1 at any one threshold.

    given: float32[texts, labels] of each member. How many are right is averaged over all weights that are up to 0.1
    away, for a single weight is right now and then by chance; of equally good ones the likelier for `gold`. A weight
    below 0.1 is 0, and the last member has 0.65 at least: it learns from the held-back texts afterwards, the others do
    not. On rows that neither had seen a network's best weight was 0.1 to 0.4 (docs/classification.md).
    """
    shares = np.array([share for share in _shares(len(given)) if all(not 0 < one < _KEPT * _STEPS for one in share)])
    means = [pooled(given, (share / _STEPS).tolist()) for share in shares]
    right, likely = (np.array(column) for column in zip(*(_met(mean, gold) for mean in means), strict=True))
    near = np.abs(shares[:, None] - shares).max(axis=2) <= _NEAR
    smooth = (near @ right) / near.sum(axis=1)
    allowed = np.flatnonzero(shares[:, -1] >= _LAST)
    best = max(allowed.tolist(), key=lambda place: (round(float(smooth[place]), 9), likely[place]))
    return [float(one) / _STEPS for one in shares[best]]


def _met(mean: Floats, gold: Gold) -> tuple[float, float]:
    """(how much of gold is found, the mean log likelihood of it)"""
    if gold.ndim == 1:
        likelihood = mean[np.arange(len(gold)), gold]
        return float((mean.argmax(axis=1) == gold).mean()), float(np.log(np.maximum(likelihood, 1e-7)).mean())
    every = max(1, -(-mean.size // _ENOUGH))
    found, wanted = mean[::every].astype(np.float64), gold[::every]
    likelihood = np.where(wanted, found, 1 - found)
    return best_f1(found.ravel(), wanted.ravel())[0], float(np.log(np.maximum(likelihood, 1e-7)).mean())


def _shares(members: int) -> list[tuple[int, ...]]:
    """All ways to divide the steps among members."""
    return [share for share in product(range(_STEPS + 1), repeat=members) if sum(share) == _STEPS]


def pooled(given: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """float32[texts, labels]: Σ weight · probability."""
    total = np.zeros_like(given[0])
    for one, weight in zip(given, weights, strict=True):
        total += np.float32(weight) * one
    return total
