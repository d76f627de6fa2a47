"""Losses of classes, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from textpipe.training.config import TrainingConfig

_LEAST = 1e-12  # of 1 - p under a power, whose slope at 0 has no bound below a gamma of 1


def class_loss(config: TrainingConfig, counts: Sequence[int]) -> Callable[[Any, Any], Any]:
    """What takes scores float[examples, classes] (before any softmax) and classes int64[examples] to their mean loss.

    counts: examples of each class in training. With class weights the mean is one of weights w:
    sum(w[class] * loss) / sum(w[class]), as torch has it.
    """
    weights = class_weights(counts) if config.class_weights == "balanced" else None
    if config.loss == "cross_entropy":
        return _CrossEntropy(weights, config.label_smoothing)
    if config.loss == "focal":
        return _Weighted(weights, lambda scores, classes: focal(scores, classes, gamma=config.focal_gamma))
    return _Weighted(weights, {"hinge": hinge, "squared": squared}[config.loss])


def label_loss(config: TrainingConfig, counts: Sequence[int], examples: int) -> Callable[[Any, Any], Any]:
    """What takes scores float[examples, labels] and bool[examples, labels], which labels each has, to the mean loss of
    all decisions. Each label is a decision between two classes: cross_entropy is the binary one, of smoothed targets
    with label_smoothing; focal, hinge (0 from a score of 1 on the right side) and squared are those of a sigmoid.

    counts: examples with each label, of `examples` in training. With class weights a decision weighs examples / (2 *
    examples that decide as it), as scikit-learn has it for each label.
    """
    weights = label_weights(counts, examples) if config.class_weights == "balanced" else None
    return _Decisions(config, weights)


def label_weights(counts: Sequence[int], examples: int) -> Any:
    """float32[2, labels]: of decisions without the label, and with it; 0 where there are none."""
    have = torch.tensor(counts, dtype=torch.float64)
    both = torch.stack([examples - have, have])
    return torch.where(both > 0, examples / (2 * both), 0.0).to(torch.float32)


def class_weights(counts: Sequence[int]) -> Any:
    """float32[classes]: examples / (classes * examples of the class): 1 on average; 0 where there is none."""
    known = torch.tensor(counts, dtype=torch.float64)
    weights = known.sum() / (len(counts) * known)
    return torch.where(known > 0, weights, 0.0).to(torch.float32)


def focal(scores: Any, classes: Any, *, gamma: float) -> Any:
    """float[examples]: (1 - p)^gamma * -log p of the right class (Lin et al. 2017)."""
    logs = functional.log_softmax(scores, dim=1).gather(1, classes[:, None])[:, 0]
    return -((-torch.expm1(logs)).clamp(min=_LEAST) ** gamma) * logs


def hinge(scores: Any, classes: Any) -> Any:
    """float[examples]: how far the right class is from leading every other by 1 (Crammer and Singer 2001)."""
    right = scores.gather(1, classes[:, None])
    others = scores.scatter(1, classes[:, None], float("-inf"))
    return (1.0 + others.amax(dim=1) - right[:, 0]).clamp(min=0.0)


def squared(scores: Any, classes: Any) -> Any:
    """float[examples]: the squared distance of the softmax from the right class (Brier 1950)."""
    probabilities = functional.softmax(scores, dim=1)
    wanted = torch.zeros_like(probabilities).scatter(1, classes[:, None], 1.0)
    return ((probabilities - wanted) ** 2).sum(dim=1)


class _CrossEntropy:
    def __init__(self, weights: Any, smoothing: float) -> None:
        self.weights, self.smoothing = weights, smoothing

    def __call__(self, scores: Any, classes: Any) -> Any:
        self.weights = _beside(self.weights, scores)
        return functional.cross_entropy(_wide(scores), classes, weight=self.weights, label_smoothing=self.smoothing)


class _Decisions:
    def __init__(self, config: TrainingConfig, weights: Any) -> None:
        self.config, self.weights = config, weights

    def __call__(self, scores: Any, having: Any) -> Any:
        self.weights = _beside(self.weights, scores)
        scores = _wide(scores)
        losses = self._each(scores, having.to(scores.dtype))
        if self.weights is None:
            return losses.mean()
        weights = torch.where(having, self.weights[1], self.weights[0])
        return (losses * weights).sum() / weights.sum()

    def _each(self, scores: Any, wanted: Any) -> Any:
        """float[examples, labels]"""
        config = self.config
        if config.loss == "hinge":
            return (1.0 - (2 * wanted - 1) * scores).clamp(min=0.0)
        if config.loss == "squared":
            return (torch.sigmoid(scores) - wanted) ** 2
        if config.loss == "focal":
            logs = functional.logsigmoid((2 * wanted - 1) * scores)
            return -((-torch.expm1(logs)).clamp(min=_LEAST) ** config.focal_gamma) * logs
        smooth = wanted * (1 - config.label_smoothing) + config.label_smoothing / 2
        return functional.binary_cross_entropy_with_logits(scores, smooth, reduction="none")


class _Weighted:
    def __init__(self, weights: Any, of_each: Callable[[Any, Any], Any]) -> None:
        self.weights, self.of_each = weights, of_each

    def __call__(self, scores: Any, classes: Any) -> Any:
        self.weights = _beside(self.weights, scores)
        losses = self.of_each(_wide(scores), classes)
        if self.weights is None:
            return losses.mean()
        weights = self.weights[classes]
        return (losses * weights).sum() / weights.sum()


def _beside(weights: Any, scores: Any) -> Any:
    """The weights where the scores are."""
    return None if weights is None else weights.to(scores.device)


def _wide(scores: Any) -> Any:
    """Scores of half precision as float32, others as they are."""
    return scores.float() if scores.dtype in (torch.bfloat16, torch.float16) else scores
