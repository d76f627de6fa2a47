"""Scores of classifiers, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as reference

from textpipe.metrics.classification import (
    AVERAGES,
    Judged,
    calibration,
    calibration_error,
    confusion_matrix,
    confusions,
    intervals,
    joined,
    judge,
    overall,
    per_class,
    scores,
    share_interval,
    worst_errors,
)

LABELS = ("a", "b b", "c\t", "d")


def drawn(texts: int, *, seed: int, gold: str = "abcd") -> tuple[list[str], npt.NDArray[np.float32]]:
    """Gold labels, of which the last may be unknown, and probabilities that are better than chance."""
    generator = np.random.default_rng(seed)
    names = {"a": "a", "b": "b b", "c": "c\t", "d": "d", "z": "no such"}
    labels = [names[str(one)] for one in generator.choice(list(gold), texts, p=_falling(len(gold)))]
    probabilities = generator.dirichlet(np.ones(len(LABELS)) * 0.3, texts)
    for row, label in zip(probabilities, labels, strict=True):
        if label in LABELS and generator.random() < 0.5:
            row[LABELS.index(label)] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities.astype(np.float32)


def _falling(size: int) -> npt.NDArray[np.float64]:
    shares = 1.0 / np.arange(1, size + 1)
    falling: npt.NDArray[np.float64] = shares / shares.sum()
    return falling


def predicted(judged: Judged) -> list[str]:
    return [judged.classes[place] for place in judged.predicted.tolist()]


@pytest.mark.parametrize("gold", ["abcd", "abz", "a", "z", "ab"])
@pytest.mark.parametrize("texts", [1, 2, 57])
def test_as_scikit_learn(gold: str, texts: int) -> None:
    labels, probabilities = drawn(texts, seed=3, gold=gold)
    judged = judge(labels, LABELS, probabilities)
    found, guesses = scores(labels, LABELS, probabilities), predicted(judged)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(labels, guesses))
    for average in AVERAGES:
        expected = reference.precision_recall_fscore_support(labels, guesses, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
            assert found[f"{average}_{name}"] == pytest.approx(value), (average, name)
    classes = sorted({*labels, *guesses})
    table = reference.precision_recall_fscore_support(labels, guesses, labels=classes, zero_division=0)
    ours = {one.label: one for one in per_class(judged)}
    assert sorted(ours) == classes
    for place, label in enumerate(classes):
        one = ours[label]
        assert [one.precision, one.recall, one.f1, one.support] == pytest.approx([row[place] for row in table])
    np.testing.assert_array_equal(
        confusion_matrix(judged), reference.confusion_matrix(labels, guesses, labels=judged.classes)
    )
    for pair in confusions(judged):
        both = [g == pair.gold and p == pair.predicted for g, p in zip(labels, guesses, strict=True)]
        assert sum(both) == pair.texts > 0


def test_loss_is_that_of_scikit_learn() -> None:
    labels, probabilities = drawn(200, seed=1)
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    expected = reference.log_loss(labels, exact, labels=list(LABELS))
    assert scores(labels, LABELS, probabilities)["loss"] == pytest.approx(expected, rel=1e-4)


def test_unknown_labels_are_errors() -> None:
    probabilities = np.array([[1, 0], [0.5, 0.5]], np.float32)
    judged = judge(["x", "new"], ("x", "y"), probabilities)
    assert judged.unknown == 1
    assert judged.classes == ("x", "y", "new")
    found = overall(judged)
    assert found["accuracy"] == 0.5
    assert found["loss"] == pytest.approx(-np.log(1e-7) / 2), "no probability is 1e-7, not endless loss"


def test_no_texts() -> None:
    found = scores([], LABELS, np.zeros((0, 4), np.float32))
    assert set(found.values()) == {0.0}
    assert found.keys() == scores(["a"], LABELS, np.eye(4, dtype=np.float32)[:1]).keys()


def test_calibration_by_hand() -> None:
    """Naive bins, edges included: (0, 1/15], (1/15, 2/15] …"""
    labels, probabilities = drawn(500, seed=2)
    judged = judge(labels, LABELS, probabilities)
    error = 0.0
    bins = calibration(judged)
    for number in range(15):
        inside = (judged.confidence > number / 15) & (judged.confidence <= (number + 1) / 15)
        if inside.any():
            error += abs(judged.confidence[inside].sum() - judged.correct[inside].sum()) / 500
    assert calibration_error(bins) == pytest.approx(error)
    assert scores(labels, LABELS, probabilities)["ece"] == pytest.approx(error)
    assert sum(one.texts for one in bins) == 500


def test_perfect_and_sure_is_calibrated() -> None:
    assert scores(["a", "d"], LABELS, np.eye(4, dtype=np.float32)[[0, 3]])["ece"] == 0.0


def test_worst_errors() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]], np.float32)
    judged = judge(["y", "y", "x", "y"], ("x", "y"), probabilities)
    assert worst_errors(judged) == [0, 2, 1]
    assert worst_errors(judged, most=1) == [0]


def test_parts_joined_are_the_whole() -> None:
    labels, probabilities = drawn(90, seed=5, gold="abz")
    whole = judge(labels, LABELS, probabilities)
    cuts = [slice(0, 7), slice(7, 50), slice(50, 90)]
    parts = [judge(labels[cut], LABELS, probabilities[cut]) for cut in cuts]
    again = joined([judge(["y new"], LABELS, probabilities[:1]), *parts])
    assert again.classes == (*LABELS, "no such", "y new")
    assert overall(joined(parts)) == overall(whole)
    chosen = np.arange(90) % 2 == 0
    assert overall(whole.only(chosen)) == overall(judge(labels[::2], LABELS, probabilities[::2]))


def test_intervals() -> None:
    labels, probabilities = drawn(300, seed=7)
    judged = judge(labels, LABELS, probabilities)
    found, value = intervals(judged, resamples=300), overall(judged)
    for name in ("accuracy", "macro_f1"):
        assert found[name].low < value[name] < found[name].high
    assert found == intervals(judged, resamples=300)
    assert found != intervals(judged, resamples=300, seed=1)
    error = (value["accuracy"] * (1 - value["accuracy"]) / 300) ** 0.5
    assert found["accuracy"].high - found["accuracy"].low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert intervals(judge(["a"], LABELS, probabilities[:1])) == {}


def test_the_interval_of_a_share() -> None:
    """The figures of Wilson's interval for 8 of 10, and the ends."""
    assert share_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert share_interval(10, 10).high == pytest.approx(1)
    assert share_interval(0, 10).low == pytest.approx(0)
    assert share_interval(0, 0) == (0.0, 1.0)
