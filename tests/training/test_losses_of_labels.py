"""Losses of several labels an example: against numpy written out, torch's own and scikit-learn's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from textpipe.training.config import LossName, TrainingConfig  # noqa: E402
from textpipe.training.losses import label_loss, label_weights  # noqa: E402

functional: Any = torch.nn.functional
GENERATOR = torch.Generator().manual_seed(5)
SCORES = torch.randn(9, 3, generator=GENERATOR, dtype=torch.float64) * 2
HAVING = torch.rand(9, 3, generator=GENERATOR) < 0.4
COUNTS = HAVING.sum(0).tolist()
CONFIG = TrainingConfig()


def by_hand(name: str, score: float, has: bool, gamma: float) -> float:
    """The loss of one decision."""
    chance = 1 / (1 + np.exp(-score))
    right = chance if has else 1 - chance
    losses = {
        "cross_entropy": -np.log(right),
        "focal": -((1 - right) ** gamma) * np.log(right),
        "hinge": max(0.0, 1 - (score if has else -score)),
        "squared": (chance - has) ** 2,
    }
    return float(losses[name])


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "hinge", "squared"])
@pytest.mark.parametrize("weighted", [False, True])
def test_by_hand(name: LossName, weighted: bool) -> None:
    config = replace(CONFIG, loss=name, focal_gamma=1.5, class_weights="balanced" if weighted else "none")
    losses, weights = [], []
    for row in range(9):
        for label in range(3):
            has = bool(HAVING[row, label])
            losses.append(by_hand(name, float(SCORES[row, label]), has, 1.5))
            alike = COUNTS[label] if has else 9 - COUNTS[label]
            weights.append(9 / (2 * alike) if weighted else 1.0)
    expected = np.average(losses, weights=weights)
    found = label_loss(config, COUNTS, 9)(SCORES, HAVING)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_is_torchs() -> None:
    found = label_loss(CONFIG, COUNTS, 9)(SCORES, HAVING)
    assert float(found) == pytest.approx(float(functional.binary_cross_entropy_with_logits(SCORES, HAVING.double())))
    smooth = label_loss(replace(CONFIG, label_smoothing=0.2), COUNTS, 9)(SCORES, HAVING)
    targets = torch.where(HAVING, 0.9, 0.1).double()
    assert float(smooth) == pytest.approx(float(functional.binary_cross_entropy_with_logits(SCORES, targets)))


def test_weights_are_scikit_learns() -> None:
    found = label_weights(COUNTS, 9)
    for label in range(3):
        own = HAVING[:, label].numpy()
        expected = compute_class_weight("balanced", classes=np.array([False, True]), y=own)
        np.testing.assert_allclose(found[:, label], expected, rtol=1e-6)
    np.testing.assert_array_equal(label_weights([0, 4], 4), [[0.5, 0.0], [0.0, 0.5]])


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "hinge", "squared"])
def test_gradients_of_certain_scores_are_finite(name: LossName) -> None:
    config = replace(CONFIG, loss=name, focal_gamma=0.5)
    scores = torch.tensor([[500.0, -500.0, 0.0]], requires_grad=True)
    label_loss(config, [1, 1, 1], 2)(scores, torch.tensor([[True, False, True]])).backward()
    assert bool(torch.isfinite(scores.grad).all())


def test_half_precision_is_computed_in_float32() -> None:
    found = label_loss(CONFIG, COUNTS, 9)(SCORES.to(torch.bfloat16), HAVING)
    assert found.dtype == torch.float32
