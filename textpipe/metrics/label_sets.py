"""Classifiers that give a text several labels, against gold ones: each label of each text is a decision of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.metrics.classification import (
    AVERAGES,
    LEAST,
    RATIOS,
    Bin,
    Interval,
    averaged,
    bins_of,
    calibration_error,
    ratios_of,
)
from textpipe.metrics.resampling import drawn_counts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MEASURES = (
    "subset_accuracy",
    *(f"{average}_{ratio}" for average in AVERAGES for ratio in RATIOS),
    "mean_average_precision",
)
_WITH_INTERVALS = ("subset_accuracy", "micro_f1", "macro_f1")


class JudgedSets(NamedTuple):
    """Predictions beside gold labels.

    classes: the labels of the model, then gold labels that it does not know, sorted; known: how many it knows
    gold, given: bool[texts, classes]; probabilities: float32[texts, known]
    """

    classes: tuple[str, ...]
    known: int
    gold: Bools
    given: Bools
    probabilities: npt.NDArray[np.float32]

    def only(self, which: Bools) -> JudgedSets:
        """Those of the texts alone."""
        return self._replace(gold=self.gold[which], given=self.given[which], probabilities=self.probabilities[which])


class LabelScore(NamedTuple):
    """A label: how many texts have it by gold (support) and by prediction, and how many by both."""

    label: str
    precision: float
    recall: float
    f1: float
    average_precision: float
    support: int
    predicted: int
    correct: int


class SetError(NamedTuple):
    """A text whose labels are not the gold ones, by number; the label that was decided wrongly with the highest
    probability, and that probability: of having it where it was given, else of not having it."""

    text: int
    label: str
    confidence: float


def judge_sets(
    gold: Sequence[Sequence[str]], labels: Sequence[str], probabilities: npt.NDArray[np.float32], given: Bools
) -> JudgedSets:
    """gold: the right labels of each text; labels: those of the columns; probabilities, given: [texts, labels]"""
    unknown = sorted({label for row in gold for label in row} - set(labels))
    classes = (*labels, *unknown)
    places = {label: place for place, label in enumerate(classes)}
    truth = np.zeros((len(gold), len(classes)), np.bool_)
    for row, own in zip(truth, gold, strict=True):
        row[[places[label] for label in own]] = True
    return JudgedSets(classes, len(labels), truth, _widened(given, len(classes)), probabilities)


def set_scores(
    gold: Bools, labels: Sequence[str], probabilities: npt.NDArray[np.float32], given: Bools
) -> dict[str, float]:
    """`overall_of_sets` of gold labels, bool[texts, labels], that are all known."""
    return overall_of_sets(JudgedSets(tuple(labels), len(labels), gold, given, probabilities))


def joined_sets(parts: Sequence[JudgedSets]) -> JudgedSets:
    """Predictions of one model that were judged part by part. Raises ValueError for none."""
    labels = parts[0].classes[: parts[0].known]
    classes = (*labels, *sorted({label for part in parts for label in part.classes[part.known :]}))
    places = {label: place for place, label in enumerate(classes)}
    gold = []
    for part in parts:
        mapped = np.zeros((len(part.gold), len(classes)), np.bool_)
        mapped[:, [places[label] for label in part.classes]] = part.gold
        gold.append(mapped)
    given = np.concatenate([part.given[:, : part.known] for part in parts])
    probabilities = np.concatenate([part.probabilities for part in parts])
    return JudgedSets(classes, len(labels), np.concatenate(gold), _widened(given, len(classes)), probabilities)


def _widened(given: Bools, classes: int) -> Bools:
    """With a column for each class that is never given."""
    return np.pad(given, ((0, 0), (0, classes - given.shape[1])))


def overall_of_sets(judged: JudgedSets) -> dict[str, float]:
    """subset_accuracy: the share of texts whose labels are the gold ones, all of them; hamming_loss: the share of wrong
    decisions; macro_, micro_ and weighted_ precision, recall and f1, as `textpipe.metrics.classification.scores` has
    them; mean_average_precision: the mean over labels that a text has by gold; loss: mean negative log likelihood of
    the decisions, of probabilities of 1e-7 at least; ece: expected calibration error of the probabilities of all
    decisions, 15 bins of equal width. A gold label that the model does not know is an error, and of average precision
    0. Of no texts, all is 0.
    """
    if not len(judged.gold):
        return dict.fromkeys(["subset_accuracy", "hamming_loss", *MEASURES[1:], "loss", "ece"], 0.0)
    wrong = judged.gold != judged.given
    found = {"subset_accuracy": float(1 - wrong.any(axis=1).mean()), "hamming_loss": float(wrong.mean())}
    counts = _counts(judged)
    for average in AVERAGES:
        values = averaged(*counts, average=average)
        found |= {f"{average}_{ratio}": value for ratio, value in zip(RATIOS, values, strict=True)}
    precisions = average_precisions(judged)[counts[0] > 0]
    gold, chances = judged.gold[:, : judged.known], judged.probabilities.astype(np.float64)
    likelihood = np.where(gold, chances, 1 - chances).clip(LEAST, 1.0)
    return found | {
        "mean_average_precision": float(precisions.mean()) if len(precisions) else 0.0,
        "loss": float(-np.log(likelihood).mean()),
        "ece": calibration_error(set_calibration(judged)),
    }


def per_label(judged: JudgedSets) -> list[LabelScore]:
    """Every label that a text has by gold or by prediction, in their order."""
    support, predicted, correct = _counts(judged)
    precision, recall, f1 = ratios_of(support, predicted, correct)
    ranked = average_precisions(judged)
    return [
        LabelScore(
            judged.classes[place],
            float(precision[place]),
            float(recall[place]),
            float(f1[place]),
            float(ranked[place]),
            int(support[place]),
            int(predicted[place]),
            int(correct[place]),
        )
        for place in np.flatnonzero(support + predicted).tolist()
    ]


def average_precisions(judged: JudgedSets) -> Floats:
    """float64[classes]: the mean precision at each text with the label, by falling probability; equal ones together."""
    found = np.zeros(len(judged.classes))
    for place in range(judged.known):
        found[place] = _average_precision(judged.probabilities[:, place], judged.gold[:, place])
    return found


def _average_precision(scores: npt.NDArray[np.float32], gold: Bools) -> float:
    total = int(gold.sum())
    if not total:
        return 0.0
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], np.cumsum(gold[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    gained = np.diff(right[last], prepend=0)
    return float((gained * right[last] / (last + 1)).sum() / total)


def set_calibration(judged: JudgedSets) -> list[Bin]:
    """The bins that hold a decision, by rising probability of the label; `texts` are decisions, `accuracy` the share of
    them whose text has the label."""
    gold = judged.gold[:, : judged.known]
    return bins_of(judged.probabilities.astype(np.float64).ravel(), gold.ravel())


def worst_sets(judged: JudgedSets, *, most: int = 10) -> list[SetError]:
    """The texts with a decision that is wrong with the highest probability, the worst first."""
    gold, given = judged.gold[:, : judged.known], judged.given[:, : judged.known]
    sure = np.where(given, judged.probabilities, 1 - judged.probabilities).astype(np.float64)
    sure[gold == given] = -1.0
    column = sure.argmax(axis=1)
    worst = sure[np.arange(len(sure)), column]
    order = np.argsort(-worst, kind="stable")[:most]
    return [
        SetError(text, judged.classes[int(column[text])], float(worst[text]))
        for text in order.tolist()
        if worst[text] >= 0
    ]


def set_intervals(
    judged: JudgedSets, *, resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> dict[str, Interval]:
    """Percentile intervals of subset_accuracy, micro_f1 and macro_f1 over texts drawn with replacement.

    Empty for fewer than two texts, of which nothing can be drawn.
    """
    size, classes = judged.gold.shape
    if size < 2:
        return {}
    right = (judged.gold == judged.given).all(axis=1)
    places = [np.nonzero(one) for one in (judged.gold, judged.given, judged.gold & judged.given)]
    drawn = []
    for block in drawn_counts(size, resamples=resamples, seed=seed):
        for weights in block:
            support, predicted, correct = (_sums(columns, weights[rows], classes) for rows, columns in places)
            f1 = [averaged(support, predicted, correct, average=average)[2] for average in ("micro", "macro")]
            drawn.append((float(weights @ right / weights.sum()), *f1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.array(drawn), (tail, 1 - tail), axis=0).tolist()
    return {name: Interval(*ends) for name, *ends in zip(_WITH_INTERVALS, low, high, strict=True)}


def _sums(places: npt.NDArray[np.int64], weights: Floats, size: int) -> Floats:
    return np.bincount(places, weights, minlength=size).astype(np.float64, copy=False)


def _counts(judged: JudgedSets) -> tuple[Floats, Floats, Floats]:
    """float64[classes] each: texts of a class by gold, by prediction, by both."""
    gold, given = judged.gold, judged.given
    support, predicted, correct = (one.sum(axis=0).astype(np.float64) for one in (gold, given, gold & given))
    return support, predicted, correct


def decision_error(gold: Bools, probabilities: npt.NDArray[np.floating[Any]]) -> float:
    """The expected calibration error of all decisions, as `overall_of_sets` has it."""
    return calibration_error(bins_of(probabilities.astype(np.float64).ravel(), gold.ravel()))
