"""Scores of several labels a text, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.preprocessing import MultiLabelBinarizer

from textpipe.metrics.label_sets import (
    JudgedSets,
    joined_sets,
    judge_sets,
    overall_of_sets,
    per_label,
    set_calibration,
    set_intervals,
    set_scores,
    worst_sets,
)

LABELS = ("a", "b", "c", "d")


def drawn(texts: int = 300, seed: int = 0) -> tuple[list[tuple[str, ...]], np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    gold = chance.random((texts, 4)) < (0.5, 0.3, 0.1, 0.05)
    probabilities = np.round(np.clip(gold * 0.4 + chance.random((texts, 4)) * 0.6, 0, 1), 2).astype(np.float32)
    names = [tuple(label for label, has in zip(LABELS, row, strict=True) if has) for row in gold]
    return names, probabilities, probabilities >= 0.5


def test_scores_are_those_of_scikit_learn() -> None:
    names, probabilities, given = drawn()
    truth = MultiLabelBinarizer(classes=LABELS).fit_transform(names)
    found = overall_of_sets(judge_sets(names, LABELS, probabilities, given))
    assert found["subset_accuracy"] == pytest.approx(reference.accuracy_score(truth, given))
    assert found["hamming_loss"] == pytest.approx(reference.hamming_loss(truth, given))
    for average in ("macro", "micro", "weighted"):
        expected = reference.precision_recall_fscore_support(truth, given, average=average, zero_division=0)
        for ratio, value in zip(("precision", "recall", "f1"), expected, strict=False):
            assert found[f"{average}_{ratio}"] == pytest.approx(value), f"{average}_{ratio}"
    ranked = reference.average_precision_score(truth, probabilities, average="macro")
    assert found["mean_average_precision"] == pytest.approx(ranked)
    clipped = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    losses = [reference.log_loss(truth[:, place], clipped[:, place]) for place in range(4)]
    assert found["loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert set_scores(truth.astype(bool), LABELS, probabilities, given) == found


def test_each_label_is_that_of_scikit_learn() -> None:
    names, probabilities, given = drawn(seed=1)
    truth = MultiLabelBinarizer(classes=LABELS).fit_transform(names)
    expected = zip(*reference.precision_recall_fscore_support(truth, given, zero_division=0), strict=True)
    found = per_label(judge_sets(names, LABELS, probabilities, given))
    assert [one.label for one in found] == list(LABELS)
    for one, values, place in zip(found, expected, range(4), strict=True):
        assert (one.precision, one.recall, one.f1, one.support) == pytest.approx(values)
        ranked = reference.average_precision_score(truth[:, place], probabilities[:, place])
        assert one.average_precision == pytest.approx(ranked)


def test_calibration_error_is_the_naive_one() -> None:
    names, probabilities, given = drawn(seed=2)
    judged = judge_sets(names, LABELS, probabilities, given)
    chances, gold = probabilities.astype(float).ravel(), judged.gold.ravel()
    naive = 0.0
    for number in range(15):
        inside = (chances > number / 15) & (chances <= (number + 1) / 15) | ((number == 0) & (chances == 0))
        if inside.any():
            naive += inside.mean() * abs(chances[inside].mean() - gold[inside].mean())
    assert overall_of_sets(judged)["ece"] == pytest.approx(naive)
    assert sum(one.texts for one in set_calibration(judged)) == 4 * 300


def test_labels_that_the_model_does_not_know_are_errors() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    judged = judge_sets([("a", "x"), ("b",)], ("a", "b"), probabilities, probabilities >= 0.5)
    found = overall_of_sets(judged)
    assert (judged.classes, judged.known) == (("a", "b", "x"), 2)
    assert (found["subset_accuracy"], found["micro_recall"], found["micro_precision"]) == (0.5, 2 / 3, 1.0)
    assert found["mean_average_precision"] == pytest.approx(2 / 3)
    assert [(one.label, one.f1) for one in per_label(judged)] == [("a", 1.0), ("b", 1.0), ("x", 0.0)]
    assert worst_sets(judged) == [], "of decisions that it made, none is wrong"


def test_parts_are_the_whole() -> None:
    names, probabilities, given = drawn(seed=3)
    names[250] = ("zz", "a")
    names[10] = ("yy",)
    whole = judge_sets(names, LABELS, probabilities, given)
    parts = joined_sets(
        [
            judge_sets(names[start:end], LABELS, probabilities[start:end], given[start:end])
            for start, end in ((0, 100), (100, 101), (101, 300))
        ]
    )
    assert parts.classes == whole.classes
    for one, other in zip(parts[2:], whole[2:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_at_all() -> None:
    none = np.zeros((0, 2), np.float32)
    assert set(overall_of_sets(judge_sets([], ("a", "b"), none, none > 0)).values()) == {0.0}
    empty = np.zeros((3, 2), np.float32)
    found = overall_of_sets(judge_sets([(), (), ()], ("a", "b"), empty, empty > 0.5))
    assert (found["subset_accuracy"], found["hamming_loss"], found["macro_f1"], found["micro_f1"]) == (
        1.0,
        0.0,
        0.0,
        0.0,
    )
    assert all(np.isfinite(value) for value in found.values())


def test_intervals_hold_the_scores() -> None:
    names, probabilities, given = drawn(seed=4)
    judged = judge_sets(names, LABELS, probabilities, given)
    scores, ends = overall_of_sets(judged), set_intervals(judged, resamples=200)
    assert ends.keys() == {"subset_accuracy", "micro_f1", "macro_f1"}
    for name, (low, high) in ends.items():
        assert low < scores[name] < high
    assert ends == set_intervals(judged, resamples=200)
    assert set_intervals(judged.only(np.arange(300) == 3)) == {}


def test_worst_errors_come_first() -> None:
    gold = np.array([[True, False], [True, True], [False, False]])
    probabilities = np.array([[0.05, 0.6], [0.9, 0.7], [0.99, 0.1]], np.float32)
    judged = JudgedSets(("a", "b"), 2, gold, probabilities >= 0.5, probabilities)
    assert [(one.text, one.label, round(one.confidence, 3)) for one in worst_sets(judged)] == [
        (2, "a", 0.99),
        (0, "a", 0.95),
    ]
    assert len(worst_sets(judged, most=1)) == 1
