"""The mean of a text's embeddings, and layers on top: deep averaging networks (Iyyer et al. 2015); without hidden
layers fastText's classifier (Joulin et al. 2017), whose hashed n-grams may be there as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from textpipe.errors import UsageError
from textpipe.models.gradients import mean_slope
from textpipe.models.inputs import PADDING
from textpipe.models.layers import (
    Activation,
    Embedding,
    Normalisation,
    activation,
    normalisation,
    own_positions,
)
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.settings import check_numbers


class HashSteps(NamedTuple):
    """How ids become buckets: key · unit + id, and so on; then (key ^ key >> shifts[0]) · mixing, and of that x ^ x >>
    shifts[1]."""

    unit: int = 1_000_003
    mixing: int = 0x9E3779B1
    shifts: tuple[int, int] = (17, 29)


HASH = HashSteps()


@dataclass(frozen=True, kw_only=True)
class MLPConfig(NeuralConfig):
    """Those of all networks, of training too, and:

    hidden: sizes of the hidden layers; (): none, as fastText; activation, normalisation: between them
    ngrams: units of the longest n-grams that have an embedding too; buckets: embeddings that they share, by hash
    """

    hidden: tuple[int, ...] = (256,)
    activation: Activation = "relu"
    normalisation: Normalisation = "none"
    ngrams: int = 2
    buckets: int = 100_000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, ngrams=(1, 10), buckets=(1, 100_000_000))
        sizes = self.hidden
        if not isinstance(sizes, tuple) or not all(type(size) is int and 1 <= size <= 65_536 for size in sizes):
            raise UsageError(f"hidden: whole numbers from 1 to 65,536 are needed, not {sizes!r}")


class MLP(Neural):
    """See textpipe.models.Classifier."""

    Config = MLPConfig
    arch = "mlp"

    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """See Neural."""
        return _Network(self.config, sizes, classes)


class _Network(nn.Module):  # type: ignore[misc]
    def __init__(self, config: MLPConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.config = config
        sparse = config.optimizer != "rmsprop"
        self.embedding = Embedding.of(config, sizes)
        size = self.embedding.size
        self.ngrams = None
        if config.ngrams > 1:
            self.ngrams = nn.EmbeddingBag(config.buckets + 1, size, mode="sum", padding_idx=PADDING, sparse=sparse)
            nn.init.normal_(self.ngrams.weight, std=config.deviation)
            with torch.no_grad():
                self.ngrams.weight[PADDING] = 0.0
        layers: list[Any] = []
        for wide in config.hidden:
            layers += [nn.Linear(size, wide), normalisation(config.normalisation, wide), _Activation(config.activation)]
            layers.append(nn.Dropout(config.dropout))
            size = wide
        self.layers = nn.Sequential(*layers, nn.Linear(size, classes))

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        ids = self.embedding.heard(ids)
        own = own_positions(lengths, ids[0].shape[1])
        total = self.embedding.looked_up(ids).masked_fill(~own[..., None], 0.0).sum(1)
        count = lengths
        if self.ngrams is not None:
            found = hashed_ngrams(ids[-1], lengths, longest=self.config.ngrams, buckets=self.config.buckets)
            more = self.ngrams(found)
            total = total + functional.dropout(more, self.config.embedding_dropout, self.training)
            count = lengths + (found != PADDING).sum(1)
        return self.layers(total / count[:, None])

    def integrated(self, ids: Sequence[Any], lengths: Any, directions: Any, nodes: int) -> Any:
        """See gradients.py. Hashed n-grams are parts too, each divided among its units; only the layers on top of the
        mean are gone through at every node."""
        own = own_positions(lengths, ids[0].shape[1])
        units = self.embedding(ids).masked_fill(~own[..., None], 0.0).double()
        count, total = lengths, units.sum(1)
        found = grams = None
        if self.ngrams is not None:
            found = hashed_ngrams(ids[-1], lengths, longest=self.config.ngrams, buckets=self.config.buckets)
            grams = functional.embedding(found, self.ngrams.weight).double()
            count, total = lengths + (found != PADDING).sum(1), total + grams.sum(1)
        mean = total / count[:, None]
        slope, base = mean_slope(self.layers, mean, directions, nodes)
        slope = slope / count[:, None]
        values = (units * slope[:, None]).sum(2)
        if grams is not None:
            _spread(values, (grams * slope[:, None]).sum(2), self.config.ngrams)
        return values, base


def _spread(values: Any, grams: Any, longest: int) -> None:
    """Add to each unit its share of the n-grams of 2 to `longest` units that it is in, as `hashed_ngrams` has them."""
    positions, start = values.shape[1], 1
    for size in range(2, longest + 1):
        windows = positions - size + 1
        if windows < 1:
            break
        part = grams[:, start : start + windows] / size
        for place in range(size):
            values[:, place : place + windows] += part
        start += windows


class _Activation(nn.Module):  # type: ignore[misc]
    def __init__(self, name: Activation) -> None:
        super().__init__()
        self.function = activation(name)

    def forward(self, values: Any) -> Any:
        return self.function(values)


def hashed_ngrams(ids: Any, lengths: Any, *, longest: int, buckets: int) -> Any:
    """int64[texts, n-grams of 2 to `longest` units]: from 1 to `buckets`, PADDING where there is none."""
    rows = [torch.full_like(ids[:, :1], PADDING)]
    key = ids
    for size in range(2, longest + 1):
        key = key[:, :-1] * HASH.unit + ids[:, size - 1 :]  # wraps round: only the same numbers every time are needed
        mixed = (key ^ (key >> HASH.shifts[0])) * HASH.mixing
        bucket = (mixed ^ (mixed >> HASH.shifts[1])).remainder(buckets) + 1
        rows.append(torch.where(own_positions(lengths - size + 1, key.shape[1]), bucket, PADDING))
        if key.shape[1] < 2:
            break
    return torch.cat(rows, 1)
