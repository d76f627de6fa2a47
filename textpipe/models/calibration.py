"""Decisions of a linear model → probabilities, as far to be trusted as it was right on rows it did not learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_BOUNDS = (-7.0, 7.0)  # of the logarithm of the scale
_GOLDEN = (5**0.5 - 1) / 2
_ENOUGH = 20_000_000  # decisions that a scale is found by


def softmax(decisions: Doubles) -> Doubles:
    """float64[texts, labels] from decisions for each label, or from one column: that for the second of two."""
    if decisions.shape[1] == 1:
        second = _sigmoid(decisions)
        return np.hstack([1 - second, second])
    raised = np.exp(decisions - decisions.max(axis=1, keepdims=True))
    shares: Doubles = raised / raised.sum(axis=1, keepdims=True)
    return shares


def one_versus_rest(decisions: Doubles) -> Doubles:
    """Each label's own probability, divided by their sum."""
    if decisions.shape[1] == 1:
        return softmax(decisions)
    each = _sigmoid(decisions)
    shares: Doubles = each / each.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(decisions: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-np.clip(decisions, -500, 500)))


def find_scale(decisions: Doubles, gold: Integers) -> float:
    """What decisions are multiplied with before `softmax`, so that probabilities of held-back rows are right.

    Guo et al. 2017 (theirs is the reciprocal, the temperature), and for two labels Platt 1999 without an offset: no
    label changes. As with Platt gold labels count as a little less than certain, so that rows without an error give no
    infinite scale.
    """
    if not len(gold):
        return 1.0
    if decisions.size > _ENOUGH:
        step = -(-decisions.size // _ENOUGH)
        decisions, gold = decisions[::step], gold[::step]
    both = np.hstack([np.zeros_like(decisions), decisions]) if decisions.shape[1] == 1 else decisions
    both = both - both.max(axis=1, keepdims=True)
    doubt = 1 / (len(gold) + 2)
    pull = (1 - doubt) * both[np.arange(len(gold)), gold].mean() + doubt * both.mean()

    def loss(logarithm: float) -> float:
        scale = float(np.exp(logarithm))
        return float(np.log(np.exp(scale * both).sum(axis=1)).mean() - scale * pull)

    return float(np.exp(_least(loss, *_BOUNDS)))


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is least (golden section search)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(40):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
