"""Paired comparison of classifiers: against scikit-learn, McNemar's test by hand, intervals by naive resampling."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn import metrics as reference

from textpipe.metrics.paired import Sides, accuracy, by_label, differences, macro_f1, mcnemar, sides
from textpipe.metrics.resampling import drawn_counts

CLASSES = ("a", "b", "c", "d")


def single(labels: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset([label]) for label in labels]


def drawn(count: int = 60, *, seed: int = 0) -> tuple[list[str], list[str], list[str]]:
    """Gold labels, and two guesses that are right now and then."""
    chance = random.Random(seed)
    gold = [chance.choice(CLASSES[:3]) for _ in range(count)]
    a, b = ([one if chance.random() < share else chance.choice(CLASSES) for one in gold] for share in (0.5, 0.7))
    return gold, a, b


def both(gold: Sequence[str], a: Sequence[str], b: Sequence[str]) -> tuple[Sides, Sides]:
    return sides(single(gold), single(a), CLASSES), sides(single(gold), single(b), CLASSES)


def test_measures_are_those_of_scikit_learn() -> None:
    gold, a, b = drawn()
    for side, given in zip(both(gold, a, b), (a, b), strict=True):
        assert accuracy(side) == pytest.approx(reference.accuracy_score(gold, given))
        assert macro_f1(side) == pytest.approx(reference.f1_score(gold, given, average="macro"))


def test_measures_of_several_labels_are_those_of_scikit_learn() -> None:
    chance = random.Random(3)
    gold, given = ([{label for label in CLASSES if chance.random() < 0.5} for _ in range(40)] for _ in range(2))
    rows = [np.array([[label in one for label in CLASSES] for one in labels]) for labels in (gold, given)]
    side = sides([frozenset(one) for one in gold], [frozenset(one) for one in given], CLASSES)
    assert accuracy(side) == pytest.approx(reference.accuracy_score(*rows))
    assert macro_f1(side) == pytest.approx(reference.f1_score(*rows, average="macro"))


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (2, 9), (7, 7), (16, 2), (0, 12)])
def test_mcnemar_by_hand(only_a: int, only_b: int) -> None:
    """Twice the smaller tail of a fair coin, 1 at most."""
    a = np.array([True] * (only_a + 3) + [False] * (only_b + 2))
    b = np.array([False] * only_a + [True] * (3 + only_b) + [False] * 2)
    found = mcnemar(a, b)
    assert (found.both, found.only_a, found.only_b, found.neither) == (3, only_a, only_b, 2)
    count = only_a + only_b
    tail = sum(math.comb(count, k) for k in range(min(only_a, only_b) + 1)) / 2**count
    assert found.p == pytest.approx(min(1.0, 2 * tail))


def test_intervals_are_of_the_same_texts_for_both() -> None:
    gold, a, b = drawn()
    found = differences(*both(gold, a, b), resamples=200, seed=4)
    drawn_differences = []
    for block in drawn_counts(len(gold), resamples=200, seed=4):
        for counts in block.astype(int):
            places = np.repeat(np.arange(len(gold)), counts)
            some = [[labels[place] for place in places] for labels in (gold, a, b)]
            scores = [reference.f1_score(some[0], one, average="macro") for one in some[1:]]
            drawn_differences.append(scores[1] - scores[0])
    low, high = np.quantile(drawn_differences, (0.025, 0.975))
    assert (found["macro_f1"].low, found["macro_f1"].high) == pytest.approx((low, high))
    assert found["accuracy"].value == pytest.approx(
        reference.accuracy_score(gold, b) - reference.accuracy_score(gold, a)
    )
    same = differences(*both(gold, a, a), resamples=50)
    assert {tuple(one) for one in same.values()} == {(0.0, 0.0, 0.0)}


def test_one_text_has_no_interval() -> None:
    found = differences(*both(["a"], ["a"], ["b"]))
    assert tuple(found["accuracy"]) == (-1.0, None, None)


def test_labels() -> None:
    found = by_label(*both(["a", "a", "b", "c"], ["a", "b", "b", "c"], ["b", "a", "b", "d"]), CLASSES)
    assert [one.label for one in found] == ["c", "a", "b", "d"], "what changed most comes first"
    c, a, b, d = found
    assert (c.support, c.f1_a, c.f1_b, c.only_a, c.only_b) == (1, 1.0, 0.0, 1, 0)
    assert (a.only_a, a.only_b, a.difference) == (1, 1, 0.0)
    assert (b.f1_a, b.f1_b) == pytest.approx((2 / 3, 2 / 3))
    assert (d.support, d.f1_b) == (0, 0.0)
