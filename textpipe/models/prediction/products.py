"""Matrices as the compiled kernel reads them: blocks of 64 columns, each with all its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from textpipe.models.prediction.rows import Floats

LANES = 16  # numbers that come together, the last ones padded with zeros
_COLUMNS = 4 * LANES


def padded(size: int) -> int:
    """The next multiple of LANES."""
    return -(-size // LANES) * LANES


def blocks(weight: Any, parts: int = 1) -> Floats:
    """float32[columns / 64, parts * padded, 64] of [parts * n, columns]: zeros behind the n rows of each part."""
    size = len(weight) // parts
    found = torch.zeros(parts, padded(size), weight.shape[1])
    found[:, :size] = weight.view(parts, size, -1)
    return np.asarray(found.flatten(0, 1).view(-1, weight.shape[1] // _COLUMNS, _COLUMNS).transpose(0, 1).contiguous())


class Product:
    """values @ weight.T + bias, as nn.Linear has them, by one thread: torch's own would wait busily for more work.

    parts: that the values consist of, each padded to a multiple of LANES
    """

    def __init__(self, linear: Any, parts: int, instructions: str) -> None:
        self.size = linear.out_features
        more = -self.size % _COLUMNS
        self._weights = blocks(torch.nn.functional.pad(linear.weight.T, (0, more)), parts)
        self.bias: Floats = np.zeros(self.size + more, np.float32)
        if linear.bias is not None:
            self.bias[: self.size] = linear.bias.numpy()
        self._instructions = instructions

    def __call__(self, values: Floats) -> Floats:
        """float32[rows, size] of float32[rows, parts * padded]"""
        from textpipe.models.prediction._kernel import multiply

        found = np.empty((len(values), len(self.bias)), np.float32)
        multiply(self._instructions, values, self._weights, self.bias, found)
        return found[:, : self.size]
