"""Rank correlation and analogies, against scipy, plain loops and what is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from textpipe.metrics import similarity
from textpipe.metrics.similarity import cosines, solve_analogies, spearman, unit_rows


@pytest.mark.parametrize("seed", range(8))
def test_rho_is_scipys(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 8, 40).astype(float)  # many values are equal
    second = first + generator.normal(0, 3, 40).round(seed % 3)
    assert spearman(first, second).rho == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-12)


def test_intervals_against_a_loop() -> None:
    generator = np.random.default_rng(3)
    first = generator.integers(0, 5, 25).astype(float)
    second = first + generator.normal(0, 2, 25)
    found = spearman(first, second, resamples=200, seed=11)
    draws = np.random.default_rng(11).integers(25, size=(200, 25))
    expected = [stats.spearmanr(first[row], second[row]).statistic for row in draws]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(expected, (0.025, 0.975))), abs=1e-6)
    assert found == spearman(first, second, resamples=200, seed=11)
    assert found != spearman(first, second, resamples=200, seed=12)


def test_correlations_that_there_are_not() -> None:
    none = np.empty(0)
    assert spearman(none, none) == (None, None, None)
    assert spearman(np.ones(1), np.ones(1)) == (None, None, None)
    assert spearman(np.ones(5), np.arange(5.0)) == (None, None, None)  # no order on one side
    assert spearman(np.arange(2.0), np.arange(2.0)) == (1.0, None, None)  # too few for an interval
    up = spearman(np.arange(9.0), np.arange(9.0) ** 3)
    assert list(up) == pytest.approx([1, 1, 1])


def test_cosines() -> None:
    matrix = np.array([[3, 4], [4, 3], [0, 0], [-6, -8]], np.float32)
    found = cosines(matrix, np.array([0, 0, 0]), np.array([1, 2, 3]))
    assert found.tolist() == pytest.approx([0.96, 0, -1])


def naive(matrix: np.ndarray, question: tuple[int, ...], own: set[int]) -> int:
    units = [row / np.linalg.norm(row) for row in matrix.astype(float)]
    a, b, c = question
    wanted = units[b] - units[a] + units[c]
    return max((row for row in range(len(units)) if row not in own), key=lambda row: float(wanted @ units[row]))


def test_analogies_against_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    matrix = generator.normal(size=(50, 6)).astype(np.float32)
    questions = generator.integers(0, 50, (40, 3))
    expected = [naive(matrix, tuple(row), set(row)) for row in questions.tolist()]
    assert solve_analogies(matrix, questions).tolist() == expected
    monkeypatch.setattr(similarity, "_QUESTIONS", 7)  # as many blocks as there may be
    monkeypatch.setattr(similarity, "_WORDS", 3)
    assert solve_analogies(matrix, questions).tolist() == expected


def test_spellings_of_one_word_are_no_answer() -> None:
    generator = np.random.default_rng(6)
    matrix = generator.normal(size=(30, 5)).astype(np.float32)
    groups = np.arange(30) % 20  # rows 0 and 20 are one word, and so on
    questions = generator.integers(0, 20, (25, 3))
    expected = [naive(matrix, tuple(row), {*row, *(n + 20 for n in row)}) for row in questions.tolist()]
    assert solve_analogies(matrix, questions, groups=groups).tolist() == expected


def test_analogies_without_an_answer() -> None:
    matrix = np.eye(3, dtype=np.float32)
    assert solve_analogies(matrix, np.array([[0, 1, 2]])).tolist() == [-1]
    assert solve_analogies(matrix, np.empty((0, 3), np.int64)).tolist() == []


def test_rows_without_a_direction() -> None:
    assert unit_rows(np.zeros((2, 3), np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_rows_whose_squares_leave_the_range_of_float32() -> None:
    rows = np.array([[3e30, 4e30], [3e-30, 4e-30], [3, 4], [0, 0]], np.float32)
    assert unit_rows(rows).ravel().tolist() == pytest.approx([0.6, 0.8, 0.6, 0.8, 0.6, 0.8, 0, 0])
