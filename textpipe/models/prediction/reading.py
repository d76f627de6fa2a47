"""LSTMs whose first layer's input is a table: a row a unit, what its embedding gives to each gate.

Texts are read side by side, the longest first, so that none waits at padding; what is read backwards begins at each
text's own end. A thread takes such a group through all layers, so that none waits for another, and of the last layer
only what its pooling needs is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.inputs import Units
from textpipe.models.layers import Embedding, PoolingName
from textpipe.models.prediction.compiled import instruction_set, shared
from textpipe.models.prediction.products import LANES, Product, blocks, padded
from textpipe.models.prediction.rows import Floats, Ids, rows_of
from textpipe.models.prediction.tables import Doubles

_TOGETHER = 48  # texts that are read side by side
_FEWEST = 6  # that a thread should have
_POSITIONS = 1 << 14  # of a group of texts, of which a layer says something to the next
Places = npt.NDArray[np.int64]


class Pooling(NamedTuple):
    """kept: of the last layer what it says at each position, or of each text the last, the largest or the sum of each
    number; finish: (that, where the texts begin, their lengths) → float32[texts, size]"""

    kept: Literal["each", "last", "max", "sum"]
    finish: Callable[[Floats, Places, Places], Floats]


class Reader:
    """See tables.Network."""

    texts, positions = 4_096, 1 << 17

    def __init__(
        self, embedding: Embedding, layers: Sequence[Sequence[Any]], last: Any, pooling: PoolingName, module: Any
    ) -> None:
        self.hidden = layers[0][0].hidden_size
        self.padded = padded(self.hidden)
        self.directions = len(layers[0])
        self.instructions = instruction_set()
        inputs = [[self._gates(one.weight_ih_l0.T) for one in layer] for layer in layers]
        self.biases = [
            torch.cat([self._gates((one.bias_ih_l0 + one.bias_hh_l0)[None])[0] for one in layer]) for layer in layers
        ]
        self.rows = rows_of(embedding, torch.cat(inputs[0], 1), bias=self.biases[0])
        self.inputs = [[blocks(weight, self.directions) for weight in layer] for layer in inputs[1:]]
        self.weights = [[blocks(self._gates(one.weight_hh_l0.T)) for one in layer] for layer in layers]
        self.last = Product(last, self.directions, self.instructions)
        self.labels = self.last.size
        self.pooling = ragged_pooling(pooling, module, directions=self.directions, instructions=self.instructions)

    def _gates(self, weight: Any) -> Any:
        """[n, 4 * hidden], gate by gate, to [n, 4 * padded], for every 16 hidden numbers their four gates."""
        found = torch.zeros(len(weight), 4, self.padded)
        found[..., : self.hidden] = weight.view(len(weight), 4, self.hidden)
        return found.view(len(weight), 4, -1, LANES).transpose(1, 2).flatten(1)

    def decide(self, units: Units, places: list[Ids], threads: int) -> Doubles:
        """See tables.Network. A text without anything is decided on as if it were zeros."""
        lengths = units.lengths
        found = np.tile(self.last.bias[: self.labels].astype(np.float64), (len(lengths), 1))
        order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]

        def work(texts: Places) -> None:
            found[texts] = self._decided(places, units.bounds[texts], lengths[texts])

        shared(work, groups(order, lengths[order], threads), threads=threads)
        return found

    def _decided(self, places: Sequence[Ids], bounds: Places, lengths: Places) -> Floats:
        """float32[texts, labels] of texts that begin at `bounds`, the longest first."""
        starts = np.cumsum(lengths) - lengths  # of what layers say to each other
        own = np.repeat(bounds - starts, lengths) + np.arange(lengths.sum())
        rows = tuple(ids[own] for ids in places)
        values: Floats | None = None
        for layer in range(len(self.weights)):
            kept = self.pooling.kept if layer == len(self.weights) - 1 else "each"
            before, count = values, len(own) if kept == "each" else len(lengths)
            values = np.empty((count, self.directions * self.padded), np.float32)
            for direction in range(self.directions):
                self._read(layer, direction, before, rows, starts, lengths, kept, values)
        assert values is not None
        return self.last(self.pooling.finish(values, starts, lengths))

    def _read(
        self,
        layer: int,
        direction: int,
        before: Floats | None,
        rows: tuple[Ids, ...],
        starts: Places,
        lengths: Places,
        kept: Literal["each", "last", "max", "sum"],
        out: Floats,
    ) -> None:
        from textpipe.models.prediction._kernel import read

        read(
            self.instructions,
            (self.biases[layer].numpy(),) if layer else tuple(rows.table for rows in self.rows),
            rows,
            self.directions * 4 * self.padded,
            direction * 4 * self.padded,
            before,
            self.inputs[layer - 1][direction] if layer else None,
            self.weights[layer][direction],
            self.padded,
            direction == 1,
            starts,
            lengths,
            kept,
            out,
            direction * self.padded,
        )


def groups(order: Places, lengths: Places, threads: int) -> list[Places]:
    """Texts that are read together, about equally many for each thread; lengths: of the texts in `order`, falling."""
    rounds = -(-len(order) // (_TOGETHER * threads))
    size = max(-(-len(order) // max(rounds * threads, 1)), _FEWEST)
    found, first = [], 0
    while first < len(order):
        some = min(size, max(_POSITIONS // int(lengths[first]), 1))
        found.append(order[first : first + some])
        first += some
    return found


def reading_tables(
    embedding: Embedding, layers: Sequence[Sequence[Any]], last: Any, *, pooling: PoolingName, module: Any
) -> Reader | None:
    """What decides as LSTMs on top of each other, a pooling and a layer do; None where its table would be too large.

    layers: the nn.LSTM of each direction, of each layer; module: the pooling, where it has weights
    """
    with torch.no_grad():
        found = Reader(embedding, layers, last, pooling, module)
    return found if found.rows else None


def ragged_pooling(name: PoolingName, module: Any, *, directions: int, instructions: str) -> Pooling:
    """layers.pooling over texts that follow each other without padding; module: that of `attention`."""
    if name == "attention":
        return Pooling("each", _attention(module, directions, instructions))
    if name == "mean":
        return Pooling("sum", lambda sums, _, lengths: np.divide(sums, lengths[:, None], dtype=np.float32))
    return Pooling(name, lambda values, *_: values)


def _attention(module: Any, directions: int, instructions: str) -> Callable[[Floats, Places, Places], Floats]:
    hidden, query = Product(module.hidden, directions, instructions), module.query.weight[0].numpy().copy()

    def attention(values: Floats, starts: Places, lengths: Places) -> Floats:
        fit = np.einsum("ps,s->p", np.tanh(hidden(values)), query)  # without threads, as Product is
        weights = np.exp(fit - np.repeat(np.maximum.reduceat(fit, starts), lengths))
        weights /= np.repeat(np.add.reduceat(weights, starts), lengths)
        return np.add.reduceat(values * weights[:, None], starts)

    return attention
