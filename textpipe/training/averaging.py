"""The moving average of weights, which is steadier than the last ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

Tensors = Mapping[str, Any]


@torch.no_grad()  # type: ignore[untyped-decorator]
def copied(tensors: Tensors) -> dict[str, Any]:
    """A copy of each."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


@torch.no_grad()  # type: ignore[untyped-decorator]
def put(source: Tensors, target: Tensors) -> None:
    """Values into the tensors of the same names."""
    for name, tensor in target.items():
        tensor.copy_(source[name])


class MovingAverage:
    """What weights and running figures of norms have been, each step weighing `decay` times as much as the next.

    The first steps count for less of the past: at step t the decay is min(decay, (1 + t) / (10 + t)), or where
    training began would be in it for long. Whole numbers are as they are last.
    """

    def __init__(self, tensors: Tensors, decay: float) -> None:
        self.decay = decay
        self.values = copied(tensors)
        smooth = [name for name, tensor in tensors.items() if tensor.is_floating_point()]
        self._average = [self.values[name] for name in smooth]
        self._live = [tensors[name] for name in smooth]
        self._rest = [(self.values[name], tensor) for name, tensor in tensors.items() if name not in smooth]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def update(self, step: int) -> None:
        """After step 1, 2, …"""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._average, self._live, 1.0 - decay)
        for average, live in self._rest:
            average.copy_(live)
