"""Losses against numpy written out, torch's own, and numerical gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from textpipe.training.config import LossName, TrainingConfig  # noqa: E402
from textpipe.training.losses import class_loss, class_weights, focal, hinge, squared  # noqa: E402

functional: Any = torch.nn.functional
GENERATOR = torch.Generator().manual_seed(5)
SCORES = torch.randn(9, 4, generator=GENERATOR, dtype=torch.float64) * 2
CLASSES = torch.tensor([0, 1, 2, 3, 3, 3, 0, 1, 3])
COUNTS = [2, 2, 1, 4]
CONFIG = TrainingConfig()


def by_hand(name: str, scores: Any, right: int, gamma: float) -> float:
    """The loss of one example."""
    powers = np.exp(scores - scores.max())
    probabilities = powers / powers.sum()
    if name == "focal":
        return float(-((1 - probabilities[right]) ** gamma) * np.log(probabilities[right]))
    if name == "hinge":
        return max(0.0, 1 + float(np.delete(scores, right).max()) - float(scores[right]))
    if name == "squared":
        return float(((probabilities - np.eye(len(scores))[right]) ** 2).sum())
    return float(-np.log(probabilities[right]))


@pytest.mark.parametrize("name", ["cross_entropy", "focal", "hinge", "squared"])
@pytest.mark.parametrize("weighted", [False, True])
def test_by_hand(name: LossName, weighted: bool) -> None:
    config = replace(CONFIG, loss=name, focal_gamma=1.5, class_weights="balanced" if weighted else "none")
    weights = [len(CLASSES) / (4 * COUNTS[right]) if weighted else 1.0 for right in CLASSES.tolist()]
    losses = [by_hand(name, SCORES[row].numpy(), int(right), 1.5) for row, right in enumerate(CLASSES)]
    found = class_loss(config, COUNTS)(SCORES.float(), CLASSES)
    assert float(found) == pytest.approx(np.average(losses, weights=weights), rel=1e-5)


@pytest.mark.parametrize(
    "of_each", [lambda s, c: focal(s, c, gamma=2.0), lambda s, c: focal(s, c, gamma=0.5), hinge, squared]
)
def test_gradients(of_each: Any) -> None:
    scores = SCORES.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda scores: of_each(scores, CLASSES), (scores,))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_sure_scores_have_finite_gradients(gamma: float) -> None:
    for size in (40.0, 400.0):
        scores = torch.tensor([[size, 0.0], [0.0, size]], requires_grad=True)
        focal(scores, torch.tensor([0, 0]), gamma=gamma).sum().backward()
        assert torch.isfinite(scores.grad).all()


def test_focal_without_gamma_is_cross_entropy() -> None:
    wanted = functional.cross_entropy(SCORES, CLASSES)
    assert float(focal(SCORES, CLASSES, gamma=0.0).mean()) == pytest.approx(float(wanted))


def test_label_smoothing() -> None:
    found = class_loss(replace(CONFIG, label_smoothing=0.2), COUNTS)(SCORES, CLASSES)
    wanted = torch.full((9, 4), 0.05, dtype=torch.float64).scatter(1, CLASSES[:, None], 0.85)
    assert float(found) == pytest.approx(float(-(wanted * SCORES.log_softmax(dim=1)).sum(dim=1).mean()))


def test_class_weights() -> None:
    found = class_weights([2, 0, 6])
    assert found.tolist() == pytest.approx([8 / 6, 0.0, 8 / 18])
    balanced = class_weights(COUNTS)[CLASSES]
    assert float(balanced.mean()) == pytest.approx(1.0)


def test_half_precision_is_widened() -> None:
    config = replace(CONFIG, loss="focal")
    assert class_loss(config, COUNTS)(SCORES.bfloat16(), CLASSES).dtype == torch.float32
    assert class_loss(CONFIG, COUNTS)(SCORES.half(), CLASSES).dtype == torch.float32
