"""Transformer encoder (Vaswani et al. 2017) from the first weight: each position looks at all others, several times.

Norms come before what they are of (Xiong et al. 2020), which learns without a long rise of the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from textpipe.device import torch_device
from textpipe.errors import UsageError
from textpipe.models.layers import Activation, Embedding, activation, halves, in_halves, own_positions, pooled_mean
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.settings import check_numbers

Positions = Literal["sinusoidal", "learned", "none"]
TransformerPooling = Literal["mean", "first"]
Attention = Literal["auto", "written", "torch"]
_SLOWEST = 10_000.0  # positions of the longest wave, by 2π


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(NeuralConfig):
    """Those of all networks, of training too (with precision=auto it multiplies in bfloat16 while it learns also on a
    CPU, where that has instructions for it), and:

    size: of the numbers of a position between blocks, a multiple of heads; heads: of the attention of each block
    layers: blocks, one on the other; feedforward: size of the hidden layer of each; activation: in there
    positions: what tells places apart: `sinusoidal` waves or `learned` vectors; `none`: order is not seen
    pooling: what is classified: the `mean` of positions, or the `first`: one before the text, with a vector of its own
    layer_dropout: of what each half of a block adds, and of what goes into the first; attention_dropout: of weights of
        attention
    attention: `written` out here, or by the one operation that `torch` has for it: the same numbers but for rounding;
        `auto` is the second on a GPU
    """

    size: int = 256
    heads: int = 4
    layers: int = 2
    feedforward: int = 512
    activation: Activation = "relu"
    positions: Positions = "sinusoidal"
    pooling: TransformerPooling = "mean"
    layer_dropout: float = 0.2
    attention_dropout: float = 0.1
    attention: Attention = "auto"
    lr: float = 1e-3
    warmup: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(
            self,
            size=(1, 8_192),
            heads=(1, 256),
            layers=(1, 64),
            feedforward=(1, 65_536),
            layer_dropout=(0.0, 0.9),
            attention_dropout=(0.0, 0.9),
        )
        if self.size % self.heads:
            message = f"size: {self.size} numbers cannot be shared among {self.heads} heads"
            raise UsageError(message, hint=f"--set size={math.ceil(self.size / self.heads) * self.heads}")


class Transformer(Neural):
    """See textpipe.models.Classifier."""

    Config = TransformerConfig
    arch = "transformer"

    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """See Neural."""
        return _Network(self.config, sizes, classes)

    def facts(self) -> dict[str, object]:
        """See Neural."""
        return {"products_in_halves": halves(self.config, torch_device(self._device))}


class _Network(nn.Module):  # type: ignore[misc]
    no_weight_decay = ("first",)

    def __init__(self, config: TransformerConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding.of(config, sizes)
        self.into = nn.Linear(self.embedding.size, config.size)
        self.first = nn.Parameter(torch.zeros(1, 1, config.size)) if config.pooling == "first" else None
        self.positions = None
        if config.positions != "none":
            kind: Any = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}[config.positions]
            self.positions = kind(config.size, config.max_length)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.size)
        self.last = nn.Linear(config.size, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        with in_halves(self, lengths.device):
            return self._decisions(ids, lengths)

    def _decisions(self, ids: Sequence[Any], lengths: Any) -> Any:
        config = self.config
        values = self.into(self.embedding(ids))  # [texts, positions, size]
        if self.positions is not None:
            values = values + self.positions(values.shape[1])
        if self.first is not None:
            values = torch.cat([self.first.to(values.dtype).expand(values.shape[0], -1, -1), values], 1)
            lengths = lengths + 1
        values = functional.dropout(values, config.layer_dropout, self.training)
        own = own_positions(lengths, values.shape[1])  # [texts, positions]
        for block in self.blocks:
            values = block(values, own)
        values = self.norm(values)
        pooled = pooled_mean(values, lengths) if self.first is None else values[:, 0]  # [texts, size]
        return self.last(functional.dropout(pooled, config.dropout, self.training))


class Block(nn.Module):  # type: ignore[misc]
    """x + attention(norm(x)), and of that x + feedforward(norm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.dropout = config.layer_dropout
        self.function = activation(config.activation)
        self.norms = nn.ModuleList(nn.LayerNorm(config.size) for _ in range(2))
        self.attention = MultiHeadAttention(
            config.size, config.heads, dropout=config.attention_dropout, way=config.attention
        )
        self.hidden = nn.Linear(config.size, config.feedforward)
        self.back = nn.Linear(config.feedforward, config.size)

    def forward(self, values: Any, own: Any) -> Any:
        values = values + self._dropped(self.attention(self.norms[0](values), own))
        hidden = self.function(self.hidden(self.norms[1](values)))  # [texts, positions, feedforward]
        return values + self._dropped(self.back(self._dropped(hidden)))

    def _dropped(self, values: Any) -> Any:
        return functional.dropout(values, self.dropout, self.training)


class MultiHeadAttention(nn.Module):  # type: ignore[misc]
    """Each position takes a mean of all positions' values, weighed by how well their keys fit its query, in each head
    by other weights."""

    def __init__(self, size: int, heads: int, *, dropout: float = 0.0, way: Attention = "auto") -> None:
        super().__init__()
        self.heads, self.dropout, self.way = heads, dropout, way
        self.into = nn.Linear(size, 3 * size)  # queries, keys and values
        self.out = nn.Linear(size, size)

    def forward(self, values: Any, own: Any) -> Any:
        """[texts, positions, size] of the same; own: bool[texts, positions], which positions are looked at, of each
        text one at least."""
        texts, positions, size = values.shape
        parts = self.into(values).view(texts, positions, 3, self.heads, size // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # [texts, heads, positions, size / heads] each
        seen = own[:, None, None]  # [texts, 1, 1, positions]
        dropout = self.dropout if self.training else 0.0
        way = written_attention
        if self.way == "torch" or (self.way == "auto" and values.device.type == "cuda"):
            way = torch_attention
        mixed = way(query, key, value, seen, dropout=dropout)  # [texts, heads, positions, size / heads]
        return self.out(mixed.transpose(1, 2).reshape(texts, positions, size))


def written_attention(query: Any, key: Any, value: Any, seen: Any, *, dropout: float) -> Any:
    """softmax(query key' / sqrt(size)) value, of keys that are seen. [texts, heads, positions, size] of the same, and
    of bool[texts, 1, 1, positions]."""
    fit = (query * query.shape[-1] ** -0.5) @ key.transpose(2, 3)  # [texts, heads, positions, positions looked at]
    weights = fit.masked_fill(~seen, float("-inf")).softmax(-1)
    return functional.dropout(weights, dropout, dropout > 0) @ value  # [texts, heads, positions, size]


def torch_attention(query: Any, key: Any, value: Any, seen: Any, *, dropout: float) -> Any:
    """As `written_attention`, by one operation."""
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=seen, dropout_p=dropout)


class SinusoidalPositions(nn.Module):  # type: ignore[misc]
    """Waves of different lengths, half of them sines, half cosines, all of one learned height."""

    def __init__(self, size: int, _longest: int) -> None:
        super().__init__()
        self.size = size
        self.height = nn.Parameter(torch.tensor([0.1]))

    def forward(self, positions: int) -> Any:
        """[positions, size]"""
        return self.height * waves(positions, self.size, device=self.height.device)


def waves(positions: int, size: int, *, device: Any = None) -> Any:
    """float32[positions, size]: sin and cos of position / 10000^(2i / size), by turns (Vaswani et al. 2017, 3.5)."""
    pairs = torch.arange(0, size, 2, device=device)
    rates = torch.exp(pairs * (-math.log(_SLOWEST) / size))  # [size / 2, rounded up]
    angles = torch.arange(positions, device=device)[:, None] * rates  # [positions, size / 2]
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :size]


class LearnedPositions(nn.Module):  # type: ignore[misc]
    """A vector of each place."""

    def __init__(self, size: int, longest: int) -> None:
        super().__init__()
        self.table = nn.Embedding(longest, size)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, positions: int) -> Any:
        """[positions, size]"""
        return self.table.weight[:positions]
