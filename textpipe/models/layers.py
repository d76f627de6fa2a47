"""Pieces that networks are made of, by name: embeddings of units, activations, normalisations, poolings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from textpipe.models.inputs import FIRST, PADDING, UNKNOWN, Inputs

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.models.neural_config import NeuralConfig

Activation = Literal["relu", "gelu", "tanh", "sigmoid", "softsign", "leaky_relu"]
Normalisation = Literal["none", "batch", "layer"]
PoolingName = Literal["last", "max", "mean", "attention"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
POOLINGS: tuple[PoolingName, ...] = get_args(PoolingName)
_MANY = 20_000  # rows of an embedding from which on only those of a batch are updated

_FUNCTIONS: dict[Activation, Callable[[Any], Any]] = {
    "relu": torch.relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softsign": functional.softsign,
    "leaky_relu": functional.leaky_relu,
}


def activation(name: Activation) -> Callable[[Any], Any]:
    """The function of that name."""
    return _FUNCTIONS[name]


def normalisation(name: Normalisation, size: int) -> Any:
    """A module for [examples, size]: over the batch (Ioffe and Szegedy 2015), over each example (Ba et al. 2016), or
    nothing."""
    return {"none": lambda _: nn.Identity(), "batch": _BatchNorm, "layer": nn.LayerNorm}[name](size)


class _BatchNorm(nn.BatchNorm1d):  # type: ignore[misc]
    """Of a batch of one example, which has no deviation, the running figures are taken."""

    def forward(self, values: Any) -> Any:
        if self.training and len(values) == 1:
            return functional.batch_norm(values, self.running_mean, self.running_var, self.weight, self.bias)
        return super().forward(values)


# ---------------------------------------------------------------------------------------------- from positions to one


def own_positions(lengths: Any, positions: int) -> Any:
    """bool[texts, positions]: where a text is, and not padding."""
    return torch.arange(positions, device=lengths.device) < lengths[:, None]


def pooled_max(values: Any, lengths: Any) -> Any:
    """[texts, size] of [texts, positions, size]: the largest of each number over a text's own positions."""
    own = own_positions(lengths, values.shape[1])
    return values.masked_fill(~own[..., None], float("-inf")).amax(1)


def pooled_mean(values: Any, lengths: Any) -> Any:
    """[texts, size] of [texts, positions, size]: the mean over a text's own positions."""
    own = own_positions(lengths, values.shape[1])
    return values.masked_fill(~own[..., None], 0.0).sum(1) / lengths[:, None]


def pooled_last(values: Any, lengths: Any, *, bidirectional: bool) -> Any:
    """[texts, size] of [texts, positions, size]: where reading ended, at a text's last position; of the second half of
    the numbers, which was read backwards, at the first."""
    last = values.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, values.shape[2]))[:, 0]
    if not bidirectional:
        return last
    half = values.shape[2] // 2
    return torch.cat([last[:, :half], values[:, 0, half:]], 1)


class AttentionPooling(nn.Module):  # type: ignore[misc]
    """The mean of positions, weighed by how well they fit a learned query (Yang et al. 2016)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, size)
        self.query = nn.Linear(size, 1, bias=False)

    def forward(self, values: Any, lengths: Any) -> Any:
        fit = self.query(torch.tanh(self.hidden(values)))[..., 0]
        weights = fit.masked_fill(~own_positions(lengths, values.shape[1]), float("-inf")).softmax(1)
        return (weights[..., None] * values).sum(1)


def pooling(name: PoolingName, size: int, *, bidirectional: bool) -> Any:
    """What takes ([texts, positions, size], lengths) to [texts, size]; a module where it has weights."""
    if name == "attention":
        return AttentionPooling(size)
    if name == "last":
        return lambda values, lengths: pooled_last(values, lengths, bidirectional=bidirectional)
    return pooled_max if name == "max" else pooled_mean


# ---------------------------------------------------------------------------------------------- embeddings


class Embedding(nn.Module):  # type: ignore[misc]
    """Vectors of the units of texts: of each channel of the input a table, or two, one of them frozen.

    sizes: rows of each channel's table; twofold: each channel has a frozen table and one that learns, side by side
    freeze: all are frozen; deviation: of what begins at random; sparse: large tables have sparse gradients
    unit_dropout: share of positions that are read as unknown in training; dropout: of numbers
    """

    def __init__(
        self,
        sizes: Sequence[int],
        dim: int,
        *,
        freeze: bool = False,
        twofold: bool = False,
        deviation: float = 0.1,
        sparse: bool = True,
        unit_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels = [number for number in range(len(sizes)) for _ in range(2 if twofold else 1)]
        self.tables = nn.ModuleList()
        for place, channel in enumerate(self.channels):
            frozen = freeze or (twofold and place % 2 == 0)
            many = sparse and not frozen and sizes[channel] > _MANY
            table = nn.Embedding(sizes[channel], dim, padding_idx=PADDING, sparse=many)
            nn.init.normal_(table.weight, std=deviation)
            table.weight.requires_grad_(not frozen)
            self.tables.append(table)
        self.size = dim * len(self.tables)
        self.deviation, self.unit_dropout, self.dropout = deviation, unit_dropout, dropout
        self.blank([PADDING, UNKNOWN])

    @classmethod
    def of(
        cls, config: NeuralConfig, sizes: Sequence[int], *, freeze: bool = False, twofold: bool = False
    ) -> Embedding:
        """As the settings say; freeze: whatever they say of it."""
        return cls(
            sizes,
            config.dim,
            freeze=freeze or config.freeze,
            twofold=twofold,
            deviation=config.deviation,
            sparse=config.optimizer != "rmsprop",  # which has no sparse form
            unit_dropout=config.unit_dropout,
            dropout=config.embedding_dropout,
        )

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def blank(self, rows: Sequence[int]) -> None:
        """Make these rows 0."""
        for table in self.tables:
            table.weight[list(rows)] = 0.0

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def take(self, inputs: Inputs, given: Sequence[Vectors | None]) -> list[int]:
        """Begin with the vectors given for a channel where they have a unit, scaled to the deviation that others begin
        with; how many there were, of each channel."""
        counts = []
        for channel, (vocabulary, vectors) in enumerate(zip(inputs.vocabularies, given, strict=True)):
            if vectors is None:
                counts.append(0)
                continue
            scale = self.deviation / max(float(vectors.matrix.std()), 1e-6)
            found = {row: vectors.vector(unit) for row, unit in enumerate(vocabulary.tokens, start=FIRST)}
            known = [row for row, vector in found.items() if vector is not None]
            counts.append(len(known))
            if not known:
                continue
            values = torch.from_numpy(np.array([found[row] for row in known], np.float32) * np.float32(scale))
            for table, own in zip(self.tables, self.channels, strict=True):
                if own == channel:
                    table.weight[known] = values
        return counts

    def forward(self, ids: Sequence[Any]) -> Any:
        """[texts, positions, size] of each channel's int64[texts, positions]."""
        return self.looked_up(self.heard(ids))

    def looked_up(self, ids: Sequence[Any]) -> Any:
        """As `forward`, of ids that `heard` has been told."""
        parts = [table(ids[channel]) for table, channel in zip(self.tables, self.channels, strict=True)]
        return functional.dropout(torch.cat(parts, 2), self.dropout, self.training)

    def of_unlike(self, ids: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """(of each table the vectors of the unlike units of this batch, of each table ids int64[texts, positions] into
        them). Dropout is that of a unit wherever it stands."""
        ids = self.heard(ids)
        unlike = [torch.unique(part, return_inverse=True) for part in ids]
        vectors = [
            functional.dropout(table(unlike[channel][0]), self.dropout, self.training)
            for table, channel in zip(self.tables, self.channels, strict=True)
        ]
        return vectors, [unlike[channel][1] for channel in self.channels]

    def heard(self, ids: Sequence[Any]) -> Sequence[Any]:
        """The ids, in training some as unknown."""
        if not (self.training and self.unit_dropout):
            return ids
        missed = torch.rand(ids[0].shape, device=ids[0].device) < self.unit_dropout
        return [torch.where(missed & (part != PADDING), UNKNOWN, part) for part in ids]


# ---------------------------------------------------------------------------------------------- half precision


def halves(config: NeuralConfig, device: Any) -> bool:
    """Whether a network that can do so multiplies in bfloat16 while it learns on a CPU. Predictions are in float32
    altogether, or the order of texts in a batch would be seen in them."""
    return config.precision == "auto" and device.type == "cpu" and has_bfloat16()


def in_halves(network: Any, device: Any) -> Any:
    """What a forward pass is in: autocast to bfloat16 where `halves` has it and the network learns, else nothing new.
    network: with its settings as `config`"""
    if network.training and halves(network.config, device):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 at twice the speed of float32 or more. torch tells it by private names."""
    asked = [getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return any(function is not None and bool(function()) for function in asked)
