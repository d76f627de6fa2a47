"""Tiny batches for the tests of updates: every kind of hole that there can be, and words more than once."""

from __future__ import annotations

from typing import Any

import torch

from textpipe.embeddings.torch_batches import Batch
from textpipe.embeddings.torch_updates import Model

WORDS, DIM, NEGATIVE = 11, 7, 3


def model(*, words: int = WORDS, dim: int = DIM, device: str = "cpu") -> Model:
    generator = torch.Generator().manual_seed(3)

    def draw(*shape: int) -> Any:
        return torch.randn(shape, generator=generator).to(device)

    scales = [torch.rand(words, generator=generator).to(device) for _ in range(2)]
    return Model(draw(words, dim), draw(words, dim), *scales)


def batch(
    *, own: bool, positions: int = 9, window: int = 3, words: int = WORDS, negative: int = NEGATIVE, device: str = "cpu"
) -> Batch:
    """A position without window, one with all of it; a negative that is left out, and one that comes twice."""
    generator = torch.Generator().manual_seed(5)

    def draw(*shape: int) -> Any:
        return torch.randint(0, words, shape, generator=generator)

    windows, negatives = (
        draw(positions, 2 * window),
        draw(*((positions, 2 * window) if own else (positions,)), negative),
    )
    windows[torch.rand(windows.shape, generator=generator) < 0.4] = -1
    windows[0] = -1
    windows[1] = 2
    negatives[2:4, ..., 0] = -1
    negatives[4, ..., 1] = negatives[4, ..., 2]
    return Batch(draw(positions).to(device), windows.to(device), negatives.to(device))
