"""Classifiers against gold labels: how often they are right, of which classes, and whether they know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.metrics.resampling import drawn_counts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
BINS = 15  # of equal width, as Guo et al. 2017 have them
LEAST = 1e-7  # probability that a gold label has at least, so that one miss is no infinite loss
_Z = 1.959964  # of the normal distribution 95% lie within so many standard deviations
AVERAGES = ("macro", "micro", "weighted")
RATIOS = ("precision", "recall", "f1")


class Judged(NamedTuple):
    """Predictions beside gold labels, as numbers.

    classes: the labels of the model, then gold labels that it does not know, sorted
    gold, predicted: int64[texts], places in `classes`; known: how many of them the model knows
    confidence: float64[texts], the probability of the predicted label; loss: float64[texts], -log of the gold one's
    """

    classes: tuple[str, ...]
    known: int
    gold: Integers
    predicted: Integers
    confidence: Floats
    loss: Floats

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """bool[texts]"""
        found: npt.NDArray[np.bool_] = self.gold == self.predicted
        return found

    @property
    def unknown(self) -> int:
        """Texts whose gold label the model does not know: each is an error."""
        return int((self.gold >= self.known).sum())

    def only(self, which: npt.NDArray[np.bool_]) -> Judged:
        """Those of the texts alone."""
        return Judged(
            self.classes,
            self.known,
            self.gold[which],
            self.predicted[which],
            self.confidence[which],
            self.loss[which],
        )


class ClassScore(NamedTuple):
    """A class: how many texts have it by gold (support) and by prediction, and how many by both."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    correct: int


class Bin(NamedTuple):
    """Texts whose confidence is above `low` and at most `high`; their mean confidence and share of correct ones."""

    low: float
    high: float
    texts: int
    confidence: float
    accuracy: float


class Confusion(NamedTuple):
    """Texts of the class `gold` that were taken for `predicted`."""

    gold: str
    predicted: str
    texts: int


class Interval(NamedTuple):
    """Ends of a confidence interval."""

    low: float
    high: float


def scores(
    gold: Sequence[str], labels: Sequence[str], probabilities: npt.NDArray[np.floating[Any]]
) -> dict[str, float]:
    """accuracy; macro_, micro_ and weighted_ precision, recall and f1; loss; ece.

    gold: the right label of each text; labels: those of the columns; probabilities: [texts, labels]
    Averages go over the classes that a text has by gold or by prediction, and a ratio of nothing is 0, as
    scikit-learn has it. A gold label that is not among `labels` is an error, of probability 0. loss: mean negative log
    likelihood, of probabilities of 1e-7 at least. ece: expected calibration error of the likeliest label, 15 bins of
    equal width (Guo et al. 2017). Of no texts, all is 0.
    """
    return overall(judge(gold, labels, probabilities))


def judge(gold: Sequence[str], labels: Sequence[str], probabilities: npt.NDArray[np.floating[Any]]) -> Judged:
    """The predictions of a model beside gold labels; arguments as of `scores`."""
    classes = (*labels, *sorted(set(gold) - set(labels)))
    places = {label: place for place, label in enumerate(classes)}
    truth = np.fromiter((places[label] for label in gold), np.int64, len(gold))
    rows = np.arange(len(gold))
    predicted = probabilities.argmax(axis=1).astype(np.int64) if len(gold) else truth
    confidence = probabilities[rows, predicted].astype(np.float64)
    known = truth < len(labels)
    likelihood = np.where(known, probabilities[rows, np.where(known, truth, 0)], 0.0).astype(np.float64)
    return Judged(classes, len(labels), truth, predicted, confidence, -np.log(likelihood.clip(LEAST, 1.0)))


def joined(parts: Sequence[Judged]) -> Judged:
    """Predictions of one model that were judged part by part. Raises ValueError for none."""
    labels = parts[0].classes[: parts[0].known]
    unknown = sorted({label for part in parts for label in part.classes[part.known :]})
    classes = (*labels, *unknown)
    places = {label: len(labels) + place for place, label in enumerate(unknown)}
    gold = []
    for part in parts:
        mapped = [*range(part.known), *(places[label] for label in part.classes[part.known :])]
        gold.append(np.array(mapped, np.int64)[part.gold])
    return Judged(
        classes,
        len(labels),
        np.concatenate(gold),
        np.concatenate([part.predicted for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.loss for part in parts]),
    )


def overall(judged: Judged) -> dict[str, float]:
    """What `scores` gives."""
    if not len(judged.gold):
        names = [f"{average}_{ratio}" for average in AVERAGES for ratio in RATIOS]
        return dict.fromkeys(["accuracy", *names, "loss", "ece"], 0.0)
    counts = _counts(judged)
    found = {"accuracy": float(judged.correct.mean())}
    for average in AVERAGES:
        values = averaged(*counts, average=average)
        found |= {f"{average}_{ratio}": float(value) for ratio, value in zip(RATIOS, values, strict=True)}
    return found | {"loss": float(judged.loss.mean()), "ece": calibration_error(calibration(judged))}


def per_class(judged: Judged) -> list[ClassScore]:
    """Every class that a text has by gold or by prediction, in their order."""
    support, predicted, correct = _counts(judged)
    precision, recall, f1 = (values.tolist() for values in ratios_of(support, predicted, correct))
    return [
        ClassScore(
            judged.classes[place],
            precision[place],
            recall[place],
            f1[place],
            int(support[place]),
            int(predicted[place]),
            int(correct[place]),
        )
        for place in np.flatnonzero(support + predicted).tolist()
    ]


def confusion_matrix(judged: Judged) -> Integers:
    """int64[classes, classes]: texts by gold class (row) and predicted class (column)."""
    size = len(judged.classes)
    return np.bincount(judged.gold * size + judged.predicted, minlength=size * size).reshape(size, size)


def confusions(judged: Judged) -> list[Confusion]:
    """Pairs of classes that were taken for each other, the most frequent first; of any number of classes."""
    wrong = ~judged.correct
    size = len(judged.classes)
    pairs, counts = np.unique(judged.gold[wrong] * size + judged.predicted[wrong], return_counts=True)
    order = np.lexsort((pairs, -counts))
    classes = judged.classes
    return [
        Confusion(classes[pair // size], classes[pair % size], count)
        for pair, count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
    ]


def calibration(judged: Judged) -> list[Bin]:
    """The bins that hold a text, by rising confidence."""
    return bins_of(judged.confidence, judged.correct)


def bins_of(chances: Floats, came_true: npt.NDArray[np.bool_]) -> list[Bin]:
    """The bins that hold a probability, float64[n], by rising ones; beside the share of those that came true."""
    places = np.ceil(chances * BINS).astype(np.int64).clip(1, BINS) - 1
    texts = np.bincount(places, minlength=BINS)
    confidence = np.bincount(places, chances, minlength=BINS)
    correct = np.bincount(places, came_true.astype(np.float64), minlength=BINS)
    return [
        Bin(place / BINS, (place + 1) / BINS, int(size), float(confidence[place] / size), float(correct[place] / size))
        for place, size in enumerate(texts.tolist())
        if size
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean distance of confidence from accuracy, bins weighed by their texts; 0 of none."""
    total = sum(one.texts for one in bins)
    return sum(one.texts * abs(one.confidence - one.accuracy) for one in bins) / total if total else 0.0


def worst_errors(judged: Judged, *, most: int = 10) -> list[int]:
    """The texts that are wrong with the highest confidence, by number, the worst first."""
    wrong = np.flatnonzero(~judged.correct)
    order = np.argsort(-judged.confidence[wrong], kind="stable")
    found: list[int] = wrong[order[:most]].tolist()
    return found


def intervals(judged: Judged, *, resamples: int = 1000, seed: int = 0, confidence: float = 0.95) -> dict[str, Interval]:
    """Percentile intervals of accuracy and macro_f1 over texts drawn with replacement (Efron and Tibshirani 1993).

    Empty for fewer than two texts, of which nothing can be drawn.
    """
    size = len(judged.gold)
    if size < 2:
        return {}
    drawn = [
        _resampled(judged, weights) for block in drawn_counts(size, resamples=resamples, seed=seed) for weights in block
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.array(drawn), (tail, 1 - tail), axis=0).tolist()
    return {name: Interval(*ends) for name, *ends in zip(("accuracy", "macro_f1"), low, high, strict=True)}


def share_interval(correct: int, texts: int) -> Interval:
    """The 95% interval of a share, such as accuracy, from its counts alone (Wilson 1927)."""
    if not texts:
        return Interval(0.0, 1.0)
    share, spread = correct / texts, _Z * _Z / texts
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * (share * (1 - share) / texts + spread / (4 * texts)) ** 0.5 / (1 + spread)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def _resampled(judged: Judged, weights: Floats) -> tuple[float, float]:
    support, predicted, correct = _counts(judged, weights)
    accuracy = float(correct.sum() / weights.sum())
    return accuracy, float(averaged(support, predicted, correct, average="macro")[2])


def _counts(judged: Judged, weights: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """float64[classes] each: texts of a class by gold, by prediction, by both."""
    size = len(judged.classes)
    each = np.ones(len(judged.gold)) if weights is None else weights
    right = judged.correct
    return (
        _sums(judged.gold, each, size),
        _sums(judged.predicted, each, size),
        _sums(judged.gold[right], each[right], size),
    )


def _sums(places: Integers, weights: Floats, size: int) -> Floats:
    return np.bincount(places, weights, minlength=size).astype(np.float64, copy=False)


def ratios_of(support: Floats, predicted: Floats, correct: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1; of nothing they are 0."""
    return _ratio(correct, predicted), _ratio(correct, support), _ratio(2 * correct, support + predicted)


def _ratio(above: Floats, below: Floats) -> Floats:
    found: Floats = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return found


def averaged(support: Floats, predicted: Floats, correct: Floats, *, average: str) -> list[float]:
    """Precision, recall and F1 of all classes."""
    if average == "micro":
        return [
            float(value[0]) for value in ratios_of(*(one.sum(keepdims=True) for one in (support, predicted, correct)))
        ]
    there = (support + predicted) > 0
    weights = support if average == "weighted" else there.astype(np.float64)
    total = weights.sum() or 1.0
    return [float((value * weights).sum() / total) for value in ratios_of(support, predicted, correct)]
