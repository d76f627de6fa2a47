"""Intervals and tests by resampling, against plain loops, exact enumeration, scipy and known distributions."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from textpipe.metrics import resampling
from textpipe.metrics.comparison import compare_f1
from textpipe.metrics.keywords import Judgement, Judgements, summary
from textpipe.metrics.resampling import bootstrap_intervals, randomization_test

Floats = npt.NDArray[np.float64]


def f1(sums: Floats) -> Floats:
    """Columns correct, found, gold."""
    return 2 * sums[..., :1] / (sums[..., 1:2] + sums[..., 2:3])


def drawn_counts(seed: int, size: int = 12) -> Floats:
    generator = np.random.default_rng(seed)
    return np.stack([generator.integers(0, 3, size), np.full(size, 5), np.full(size, 4)], axis=1).astype(float)


def test_intervals_against_a_loop() -> None:
    columns = drawn_counts(1)
    generator = np.random.default_rng(7)
    draws = generator.integers(12, size=(300, 12))
    scores = [f1(columns[row].sum(0))[0] for row in draws]
    low, high = bootstrap_intervals(columns, f1, resamples=300, seed=7)
    assert (low[0], high[0]) == pytest.approx(tuple(np.quantile(scores, (0.025, 0.975))))


def test_the_interval_of_a_mean_is_the_normal_one() -> None:
    columns = np.random.default_rng(3).normal(2, 1, size=(400, 1))
    low, high = bootstrap_intervals(columns, lambda sums: sums / 400, resamples=4000, seed=0)
    error = columns.std(ddof=1) / 20
    assert low[0] == pytest.approx(columns.mean() - 1.96 * error, abs=0.15 * error)
    assert high[0] == pytest.approx(columns.mean() + 1.96 * error, abs=0.15 * error)


def test_p_values_against_all_swaps() -> None:
    """With ten documents all 1,024 ways to swap can be tried."""
    ours, theirs = drawn_counts(1, 10), drawn_counts(2, 10)
    ours[:4, 0] = 3
    real = abs(f1(ours.sum(0)) - f1(theirs.sum(0)))[0]
    times = 0
    for swaps in itertools.product((False, True), repeat=10):
        chosen = np.array(swaps)[:, None]
        first, second = np.where(chosen, theirs, ours), np.where(chosen, ours, theirs)
        times += abs(f1(first.sum(0)) - f1(second.sum(0)))[0] >= real - 1e-12
    (p,) = randomization_test(ours, theirs, f1, resamples=20_000, seed=5)
    assert p == pytest.approx(times / 1024, abs=0.02)
    assert 0.01 < p < 0.9, "a case that says something"


def test_p_values_against_scipy() -> None:
    generator = np.random.default_rng(11)
    ours, theirs = generator.normal(0.3, 1, (40, 1)), generator.normal(0, 1, (40, 1))
    found = stats.permutation_test(
        (ours[:, 0], theirs[:, 0]),
        lambda first, second, axis: (first - second).mean(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        rng=np.random.default_rng(0),
    )
    (p,) = randomization_test(ours, theirs, lambda sums: sums / 40, resamples=9999, seed=1)
    assert p == pytest.approx(found.pvalue, abs=0.02)


def test_equal_systems_do_not_differ() -> None:
    columns = drawn_counts(4)
    assert randomization_test(columns, columns, f1, resamples=50).tolist() == [1.0]


def test_draws_in_parts_are_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(resampling._draws(64, 64, 100, 3)))
    monkeypatch.setattr(resampling, "_CELLS", 64 * 7)
    parts = list(resampling._draws(64, 64, 100, 3))
    assert len(parts) == 15
    assert np.concatenate(parts).shape == whole.shape
    assert {row.min() >= 0 and row.max() < 64 for row in parts} == {True}


def test_methods_are_compared_with_the_first() -> None:
    good = Judgements([Judgement(4, 10, (1, 2, 3))] * 30)
    bad = Judgements([Judgement(4, 10, (9,))] * 30)
    mixed = Judgements([Judgement(4, 10, (1,)), Judgement(4, 10, ())] * 15)
    scores = [[one.at(k) for k in (5, 10)] for one in (good, bad, mixed)]
    compared = compare_f1(scores, resamples=200, seed=0)
    assert compared == compare_f1(scores, resamples=200, seed=0)
    assert [one.p_micro for one in compared[0]] == [None, None]
    assert all(one.p_micro == one.p_macro == 1 / 201 for one in (*compared[1], *compared[2]))
    for ours, scored in zip(compared, scores, strict=True):
        for one, score in zip(ours, scored, strict=True):
            assert one.f1_micro_low <= summary(score).f1_micro + 1e-6
            assert one.f1_micro_high >= summary(score).f1_micro - 1e-6
            assert one.f1_macro_low <= summary(score).f1_macro + 1e-6 <= one.f1_macro_high + 2e-6
    alone = compare_f1([scores[0], scores[2]], resamples=200, seed=0)
    assert alone[1] == compared[2], "no matter what else is compared"
