"""How weights begin, by name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from textpipe.training.config import Initialisation


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """What torch draws on the CPU in this block follows from the seed; what it draws later is as without it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@torch.no_grad()  # type: ignore[untyped-decorator]
def initialise(module: Any, name: Initialisation) -> None:
    """Draw all weights of two or more dimensions in a module anew, but those of embeddings; biases become 0.

    default: torch's own, nothing is touched; xavier: uniform (Glorot and Bengio 2010); kaiming: normal, for ReLU, by
    fan-in (He et al. 2015); orthogonal: rows or columns (Saxe et al. 2014); normal: of deviation 0.02 (as GPT);
    identity: what a plain RNN hands from step to step begins as it was (Le et al. 2015), the rest as xavier.
    Weights of several gates are several matrices: each is drawn by itself. Scales of norms stay 1.
    """
    if name == "default":
        return
    embeddings = {id(part.weight) for part in module.modules() if isinstance(part, (nn.Embedding, nn.EmbeddingBag))}
    for part in module.modules():
        gates = _gates(part)
        for kind, weight in part.named_parameters(recurse=False):
            if id(weight) in embeddings or not weight.requires_grad:
                continue
            if "bias" in kind:
                weight.zero_()
            elif weight.dim() >= 2:
                plain = isinstance(part, (nn.RNN, nn.RNNCell)) and kind.startswith("weight_hh")
                for matrix in weight.chunk(gates):
                    _draw(matrix, name, plain=plain)


def _gates(part: Any) -> int:
    """How many matrices of a recurrent layer lie one below the other in its weights."""
    if isinstance(part, (nn.LSTM, nn.LSTMCell)):
        return 4
    return 3 if isinstance(part, (nn.GRU, nn.GRUCell)) else 1


def _draw(matrix: Any, name: Initialisation, *, plain: bool) -> None:
    if name == "identity" and plain:
        matrix.copy_(torch.eye(len(matrix), dtype=matrix.dtype))
    elif name in ("xavier", "identity"):
        nn.init.xavier_uniform_(matrix)
    elif name == "kaiming":
        nn.init.normal_(matrix, std=math.sqrt(2.0 / matrix[0].numel()))
    elif name == "orthogonal":
        matrix.copy_(nn.init.orthogonal_(torch.empty(matrix.shape, dtype=matrix.dtype)))
    else:
        nn.init.normal_(matrix, std=0.02)
