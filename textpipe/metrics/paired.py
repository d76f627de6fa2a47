"""Two classifiers on the same texts: how much better one is, and whether that may be chance.

A text has a set of labels by gold and by each classifier: of one label, as usual, or of any number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.metrics.resampling import drawn_counts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Labels = Sequence[frozenset[str]]


class Pairs(NamedTuple):
    """Which labels texts have: int64[n] each, a text's number and a label's beside it."""

    texts: Integers
    labels: Integers


class Sides(NamedTuple):
    """Gold labels and those of a classifier. right: bool[texts], all labels of a text are right, and no other is given;
    common: the labels that are both gold and given"""

    size: int
    gold: Pairs
    given: Pairs
    common: Pairs
    right: npt.NDArray[np.bool_]


class Table(NamedTuple):
    """Texts that both, only one, or neither of two classifiers is right about; p: of McNemar's exact test."""

    both: int
    only_a: int
    only_b: int
    neither: int
    p: float


class Difference(NamedTuple):
    """What B has more than A, and the ends of its 95% interval, None where nothing can be drawn."""

    value: float
    low: float | None
    high: float | None


class LabelChange(NamedTuple):
    """A label: texts that have it by gold, F1 of each classifier, and gold texts that only one of them gives it."""

    label: str
    support: int
    f1_a: float
    f1_b: float
    difference: float
    only_a: int
    only_b: int


def sides(gold: Labels, given: Labels, classes: Sequence[str]) -> Sides:
    """The labels of texts beside each other; classes: all labels there are."""
    places = {label: place for place, label in enumerate(classes)}
    common = [own & other for own, other in zip(gold, given, strict=True)]
    right = np.array([own == other for own, other in zip(gold, given, strict=True)], np.bool_)
    gold_pairs, given_pairs, common_pairs = (_pairs(labels, places) for labels in (gold, given, common))
    return Sides(len(classes), gold_pairs, given_pairs, common_pairs, right)


def mcnemar(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> Table:
    """Whether two classifiers are right equally often, from which texts each is right about (McNemar 1947).

    Of the texts that one alone is right about, as many would be A's as B's; p is the two-sided binomial probability
    of a split that is at least as uneven, 1 where there are none.
    """
    from scipy.stats import binomtest

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    p = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return Table(int((a & b).sum()), only_a, only_b, int((~a & ~b).sum()), p)


def accuracy(side: Sides) -> float:
    """The share of texts that are right."""
    return float(side.right.mean())


def macro_f1(side: Sides) -> float:
    """The mean F1 of the labels that a text has by gold or by the classifier."""
    return float(_macro(*_counts(side, np.ones(len(side.right)))))


def differences(a: Sides, b: Sides, *, resamples: int = 1000, seed: int = 0) -> dict[str, Difference]:
    """What B has more than A in accuracy and macro_f1, with percentile intervals of a paired bootstrap: the same texts
    are drawn for both (Efron and Tibshirani 1993)."""
    size = len(a.right)
    values = np.array([accuracy(b) - accuracy(a), macro_f1(b) - macro_f1(a)])
    names = ("accuracy", "macro_f1")
    if size < 2:
        return {name: Difference(value, None, None) for name, value in zip(names, values.tolist(), strict=True)}
    change = b.right.astype(np.float64) - a.right
    drawn = np.array(
        [
            (weights @ change / size, _macro(*_counts(b, weights)) - _macro(*_counts(a, weights)))
            for block in drawn_counts(size, resamples=resamples, seed=seed)
            for weights in block
        ]
    )
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0).tolist()
    return {name: Difference(*ends) for name, *ends in zip(names, values.tolist(), low, high, strict=True)}


def by_label(a: Sides, b: Sides, classes: Sequence[str]) -> list[LabelChange]:
    """The labels that a text has, by gold or by a classifier; those that changed most first."""
    ones = np.ones(len(a.right))
    counts = [_counts(side, ones) for side in (a, b)]
    first, second = (_f1(*one) for one in counts)
    hits = [set(zip(side.common.texts.tolist(), side.common.labels.tolist(), strict=True)) for side in (a, b)]
    apart = (hits[0] - hits[1], hits[1] - hits[0])
    only = [Counter(label for _, label in one) for one in apart]
    met = counts[0][0] + counts[0][1] + counts[1][1]
    found = [
        LabelChange(
            classes[place],
            int(counts[0][0][place]),
            float(first[place]),
            float(second[place]),
            float(second[place] - first[place]),
            only[0][place],
            only[1][place],
        )
        for place in np.flatnonzero(met).tolist()
    ]
    return sorted(found, key=lambda one: (-abs(one.difference), one.label))


def _pairs(labels: Labels, places: dict[str, int]) -> Pairs:
    found = [(text, places[label]) for text, own in enumerate(labels) for label in sorted(own)]
    rows = np.array(found, np.int64).reshape(-1, 2)
    return Pairs(rows[:, 0], rows[:, 1])


def _counts(side: Sides, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """float64[labels] each: texts that have it by gold, by the classifier, by both."""
    gold, given, common = (
        np.bincount(pairs.labels, weights[pairs.texts], minlength=side.size).astype(np.float64)
        for pairs in (side.gold, side.given, side.common)
    )
    return gold, given, common


def _f1(gold: Floats, given: Floats, common: Floats) -> Floats:
    below = gold + given
    found: Floats = np.divide(2 * common, below, out=np.zeros(len(below)), where=below > 0)
    return found


def _macro(gold: Floats, given: Floats, common: Floats) -> float:
    there = gold + given > 0
    return float(_f1(gold, given, common)[there].mean()) if there.any() else 0.0
