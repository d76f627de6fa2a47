"""Several labels a text: each label's own probability, and from which one on it is given.

Decisions become probabilities by a scale and an offset of each label (Platt 1999), thresholds are those with the
highest F1 on held-back texts. What few texts say of a label is drawn towards what all labels say together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from textpipe.models import Classifier

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
USUAL = 0.5  # the threshold where nothing was held back
_LEAST, _LARGEST = 0.01, 0.99  # thresholds
_PSEUDO = 10.0  # positive texts that the threshold of all labels counts as much as
_ENOUGH = 2_000_000  # decisions that scales, offsets and the common threshold are found by
_ROUNDS, _HALVINGS = 50, 30  # of Newton's method
_STEEPEST = 1e4


class LabelCalibration(NamedTuple):
    """scale, offset: float64[labels], what the decisions of each label are multiplied with, and what is added"""

    scale: Doubles
    offset: Doubles

    @classmethod
    def none(cls, labels: int) -> LabelCalibration:
        """What takes decisions for log odds as they are."""
        return cls(np.ones(labels), np.zeros(labels))

    def numbers(self) -> dict[str, Any]:
        """As classifier.json has them."""
        return {"scale": self.scale.tolist(), "offset": self.offset.tolist()}

    def probabilities(self, decisions: Doubles) -> Floats:
        """float32[texts, labels] from float64[texts, labels]; rows do not sum to 1."""
        return sigmoid(decisions * self.scale + self.offset).astype(np.float32)


def sigmoid(decisions: Doubles) -> Doubles:
    """The logistic function."""
    return 1 / (1 + np.exp(-np.clip(decisions, -500, 500)))


# ---------------------------------------------------------------------------------------------- calibration


def calibrated_labels(decisions: Doubles, gold: Bools) -> LabelCalibration:
    """The scales and offsets with the least loss on held-back rows: first those of all labels together, then each
    label's own, as if it had been seen besides that the common ones fit (a normal prior around them, of deviation 1).

    As with Platt gold labels count as a little less than certain. decisions: float64[rows, labels]; gold: as many
    """
    labels = decisions.shape[1]
    if not gold.any() or gold.all():
        return LabelCalibration.none(labels)
    step = -(-decisions.size // _ENOUGH)
    decisions, gold = decisions[::step], gold[::step]
    if not gold.any():
        return LabelCalibration.none(labels)
    spread = float(decisions.std()) or 1.0
    flat = (decisions / spread).reshape(-1, 1)
    common, shift = (float(one[0]) for one in _fitted(flat, _targets(gold.reshape(-1, 1)), pull=1e-3))
    common = max(common, 1e-3)  # decisions are never turned round
    slope, more = _fitted(flat.reshape(decisions.shape) * common + shift, _targets(gold), pull=1.0)
    slope = np.clip(slope, 0.05, _STEEPEST)
    return LabelCalibration(slope * common / spread, slope * shift + more)


def _targets(gold: Bools) -> Doubles:
    """What gold labels count as (Platt 1999): of n texts with a label 1 - 1 / (n + 2), of n without 1 / (n + 2)."""
    with_it = gold.sum(axis=0)
    without = len(gold) - with_it
    found: Doubles = np.where(gold, (with_it + 1) / (with_it + 2), 1 / (without + 2))
    return found


def _fitted(odds: Doubles, targets: Doubles, *, pull: float) -> tuple[Doubles, Doubles]:
    """(slopes, offsets), float64[labels] each, with the least log loss of slope * odds + offset against targets, with
    pull / 2 * ((slope - 1)² + offset²) added, by Newton's method with steps that are halved until they help."""
    place = np.vstack([np.ones(odds.shape[1]), np.zeros(odds.shape[1])])

    def loss(place: Doubles) -> Doubles:
        logits = place[0] * odds + place[1]
        summed = (np.logaddexp(0, logits) - targets * logits).sum(axis=0)
        found: Doubles = summed + pull / 2 * ((place[0] - 1) ** 2 + place[1] ** 2)
        return found

    now = loss(place)
    for _ in range(_ROUNDS):
        chance = sigmoid(place[0] * odds + place[1])
        error, weight = chance - targets, chance * (1 - chance)
        slope, offset = (error * odds).sum(axis=0) + pull * (place[0] - 1), error.sum(axis=0) + pull * place[1]
        aa, ab, bb = (weight * odds * odds).sum(axis=0) + pull, (weight * odds).sum(axis=0), weight.sum(axis=0) + pull
        step = np.vstack([bb * slope - ab * offset, aa * offset - ab * slope]) / (aa * bb - ab * ab)
        for _ in range(_HALVINGS):
            then = loss(place - step)
            worse = ~(then <= now)
            if not worse.any():
                break
            step[:, worse] /= 2
        step[:, worse] = 0
        place, gained = place - step, now - np.where(worse, now, then)
        now = now - gained
        if (gained <= 1e-9 * (1 + np.abs(now))).all():
            break
    return place[0], place[1]


# ---------------------------------------------------------------------------------------------- thresholds


def tuned_thresholds(probabilities: Floats, gold: Bools) -> tuple[float, ...]:
    """The threshold of each label with the highest F1 on held-back texts, drawn towards that of all labels together
    (of the highest micro F1) as if ten texts with the label had said that one; which itself is drawn to 0.5 so.

    probabilities: float32[texts, labels]; gold: bool[texts, labels]
    """
    step = max(1, -(-probabilities.size // _ENOUGH))
    every = probabilities[::step].astype(np.float64), gold[::step]
    common = _drawn(best_f1(every[0].ravel(), every[1].ravel())[1], int(every[1].sum()), USUAL)
    found = []
    for column in range(probabilities.shape[1]):
        own = gold[:, column]
        best = best_f1(probabilities[:, column].astype(np.float64), own)[1]
        found.append(min(max(_drawn(best, int(own.sum()), common), _LEAST), _LARGEST))
    return tuple(found)


def best_f1(scores: Doubles, gold: Bools) -> tuple[float, float]:
    """(the highest F1, the score from which on it is had: midway to the next lower one); (0, 0.5) without gold ones.

    scores: float64[decisions]; gold: bool[decisions]
    """
    total = int(gold.sum())
    if not total:
        return 0.0, USUAL
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    right = np.cumsum(gold[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores are given together
    f1 = 2 * right[last] / (last + 1 + total)
    place = int(f1.argmax())
    low = ranked[last[place] + 1] if place + 1 < len(last) else min(0.0, ranked[-1])
    return float(f1[place]), float((ranked[last[place]] + low) / 2)


def _drawn(best: float, positives: int, towards: float) -> float:
    return (positives * best + _PSEUDO * towards) / (positives + _PSEUDO)


def usual_thresholds(labels: int) -> tuple[float, ...]:
    """Where nothing was held back."""
    return (USUAL,) * labels


def chosen(probabilities: Floats, thresholds: Sequence[float] | float) -> Bools:
    """bool[texts, labels]: which labels are given, those whose probability is their threshold at least, or the one."""
    found: Bools = probabilities >= np.asarray(thresholds, np.float32)
    return found


def predicted_sets(classifier: Classifier, texts: Sequence[str]) -> list[tuple[str, ...]]:
    """`Classifier.predict_labels`, for every architecture: the labels of each text whose probability is their threshold
    at least, the likeliest first; of a classifier of one label a text that one."""
    thresholds = getattr(classifier, "thresholds", None)
    if thresholds is None:
        return [(label,) for label in classifier.predict(texts)]
    probabilities = classifier.predict_proba(texts)
    given = chosen(probabilities, thresholds)
    order = (-probabilities).argsort(axis=1, kind="stable")
    return [
        tuple(classifier.labels[place] for place in places if row[place])
        for places, row in zip(order.tolist(), given.tolist(), strict=True)
    ]
