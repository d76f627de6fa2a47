"""Decisions of a linear model → probabilities, as far to be trusted as it was right on rows it did not learn from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SCALES = (-3.0, 7.0)  # logarithms
_OFFSETS = (-20.0, 6.0)  # beyond, and below the least scale, float32 would take the likeliest for as likely as others
_ENOUGH = 2_000_000  # decisions that scale and offset are found by


class Calibration(NamedTuple):
    """scale, offset: what decisions are multiplied with, and what is added; together: whether they belong together
    (softmax) or are each label's own."""

    together: bool
    scale: float = 1.0
    offset: float = 0.0

    def numbers(self) -> dict[str, Any]:
        """As classifier.json has them."""
        return {"scale": self.scale, "offset": self.offset}

    def probabilities(self, decisions: Doubles) -> npt.NDArray[np.float32]:
        """float32[texts, labels] from float64[texts, columns]; one column is that of the second of two labels.

        Each label's own probability is a logistic function of its decision (Platt 1999), divided by the sum of all
        (Zadrozny and Elkan 2002); scale and offset are the same for all labels, so that the likeliest stays so.
        """
        moved = decisions * self.scale + self.offset
        if moved.shape[1] == 1:
            second = _sigmoid(moved)
            return np.hstack([1 - second, second]).astype(np.float32)
        each = np.exp(moved - moved.max(axis=1, keepdims=True)) if self.together else _sigmoid(moved)
        found: npt.NDArray[np.float32] = (each / each.sum(axis=1, keepdims=True)).astype(np.float32)
        return found


def calibrated(decisions: Doubles, gold: Integers, *, together: bool) -> Calibration:
    """The scale and offset with the least loss on held-back rows; a scale alone for two labels and for softmax.

    For softmax that is the temperature of Guo et al. 2017. As with Platt gold labels count as a little less than
    certain, so that rows without an error give no infinite scale. gold: int64[rows], numbers of labels.
    """
    if not len(gold):
        return Calibration(together)
    from scipy.optimize import minimize

    step = -(-decisions.size // _ENOUGH)
    decisions, gold = decisions[::step], gold[::step]
    alone = together or decisions.shape[1] == 1
    doubt = 1 / (len(gold) + 2)

    def loss(place: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        logs = _logs(decisions, _at(place, together))
        return -float((1 - doubt) * logs[np.arange(len(gold)), gold].mean() + doubt * logs.mean())

    begin = np.zeros(1 if alone else 2)
    options: Any = {"initial_simplex": np.vstack([begin, np.eye(len(begin))])}
    return _at(minimize(loss, begin, method="Nelder-Mead", options=options).x, together)


def _at(place: Doubles, together: bool) -> Calibration:
    offset = float(np.clip(place[1], *_OFFSETS)) if len(place) > 1 else 0.0
    return Calibration(together, float(np.exp(np.clip(place[0], *_SCALES))), offset)


def _logs(decisions: Doubles, calibration: Calibration) -> Doubles:
    """Logarithms of the probabilities, without rounding them to 0."""
    moved = decisions * calibration.scale + calibration.offset
    if moved.shape[1] == 1:
        return -np.logaddexp(0, np.hstack([moved, -moved]))
    each = moved if calibration.together else -np.logaddexp(0, -moved)
    top = each.max(axis=1, keepdims=True)
    logs: Doubles = each - top - np.log(np.exp(each - top).sum(axis=1, keepdims=True))
    return logs


def _sigmoid(decisions: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-np.clip(decisions, -500, 500)))
