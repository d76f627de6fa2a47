"""Learning rates, against the formulas written out."""

from __future__ import annotations

import math

import pytest

from textpipe.training.config import Schedule, TrainingConfig
from textpipe.training.progress import Standing
from textpipe.training.schedule import learning_rate

STEPS = 200


def rates(schedule: Schedule, warmup: float) -> list[float]:
    config = TrainingConfig(lr=0.5, schedule=schedule, warmup=warmup)
    return [learning_rate(config, step, STEPS) for step in range(1, STEPS + 1)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant", "plateau"])
def test_warmup_rises_in_a_line(schedule: Schedule) -> None:
    found = rates(schedule, 0.1)
    assert found[:20] == pytest.approx([0.5 * step / 20 for step in range(1, 21)])
    assert max(found) == found[19] == 0.5


def test_cosine() -> None:
    wanted = [0.25 * (1 + math.cos(math.pi * step / 181)) for step in range(1, 181)]
    assert rates("cosine", 0.1)[20:] == pytest.approx(wanted)


def test_linear() -> None:
    assert rates("linear", 0.0) == pytest.approx([0.5 * (1 - step / 201) for step in range(1, 201)])
    assert min(rates("linear", 0.0)) > 0


def test_constant() -> None:
    assert set(rates("constant", 0.0)) == {0.5}


@pytest.mark.parametrize("warmup", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps(warmup: float, steps: int) -> None:
    for schedule in ("cosine", "linear", "constant"):
        config = TrainingConfig(lr=0.5, schedule=schedule, warmup=warmup)
        assert all(0 < learning_rate(config, step, steps) <= 0.5 for step in range(1, steps + 1))


def test_plateau_halves_after_each_epoch_without_a_gain() -> None:
    config = TrainingConfig(schedule="plateau", warmup=0.0, patience=0, epochs=9, lr=0.8)
    standing = Standing()
    found = []
    for accuracy in (0.5, 0.6, 0.6, 0.55, 0.7):
        standing.close(1.0, {"accuracy": accuracy}, config)
        found.append(learning_rate(config, 5, 10, factor=standing.factor))
    assert found == pytest.approx([0.8, 0.8, 0.4, 0.2, 0.2])
