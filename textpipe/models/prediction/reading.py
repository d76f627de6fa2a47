"""LSTMs whose first layer's input is a table: a row a unit, what its embedding gives to each gate.

Texts are read side by side, the longest first, so that none waits at padding; what is read backwards begins at each
text's own end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.inputs import Units
from textpipe.models.layers import Embedding, PoolingName
from textpipe.models.prediction.compiled import instruction_set, shared
from textpipe.models.prediction.rows import Floats, Ids, rows_of
from textpipe.models.prediction.tables import Doubles

_LANES, _TOGETHER = 16, 48  # hidden numbers of a block, padded with zeros; texts that are read side by side
Places = npt.NDArray[np.int64]
Pooling = Callable[[Floats, Places], Any]  # (float32[positions, size], where texts begin) → [texts, size]


class Reader:
    """See tables.Network."""

    texts = 1_024

    def __init__(self, embedding: Embedding, layers: Sequence[Sequence[Any]], last: Any, pooled: Pooling) -> None:
        self.labels = len(last.weight)
        self.hidden = layers[0][0].hidden_size
        self.padded = -(-self.hidden // _LANES) * _LANES
        self.directions = len(layers[0])
        self.positions = 1 << 14 if len(layers) == 1 else 1 << 12  # what goes from layer to layer stays in the cache
        inputs = [[self._gates(one.weight_ih_l0.T) for one in layer] for layer in layers]
        self.biases = [
            torch.cat([self._gates((one.bias_ih_l0 + one.bias_hh_l0)[None])[0] for one in layer]) for layer in layers
        ]
        self.rows = rows_of(embedding, torch.cat(inputs[0], 1), bias=self.biases[0])
        self.inputs = [[self._blocks(weight, self.directions) for weight in layer] for layer in inputs[1:]]
        self.weights = [[self._blocks(self._gates(one.weight_hh_l0.T), 1) for one in layer] for layer in layers]
        self.last, self.pooled = last, pooled
        self.own = np.flatnonzero(np.arange(self.directions * self.padded) % self.padded < self.hidden)
        self.instructions = instruction_set()

    def _gates(self, weight: Any) -> Any:
        """[n, 4 * hidden], gate by gate, to [n, 4 * padded], for every 16 hidden numbers their four gates."""
        found = torch.zeros(len(weight), 4, self.padded)
        found[..., : self.hidden] = weight.view(len(weight), 4, self.hidden)
        return found.view(len(weight), 4, -1, _LANES).transpose(1, 2).flatten(1)

    def _blocks(self, gates: Any, parts: int) -> Floats:
        """[parts * hidden, 4 * padded] to [padded / 16][parts * padded][4][16]"""
        found = torch.zeros(parts, self.padded, 4 * self.padded)
        found[:, : self.hidden] = gates.view(parts, self.hidden, -1)
        blocks = found.view(parts * self.padded, -1, 4 * _LANES).transpose(0, 1)
        return np.asarray(blocks.contiguous().numpy())

    def decide(self, units: Units, places: list[Ids], threads: int) -> Doubles:
        """See tables.Network. A text without anything is decided on as if it were zeros."""
        found = np.zeros((len(units.lengths), self.last.in_features), np.float32)
        there = np.flatnonzero(units.lengths)
        with torch.inference_mode():
            if len(there):
                values = self._read(units, places, threads)
                found[there] = self.pooled(values, units.bounds[there])
            return np.asarray(self.last(torch.from_numpy(found)).double().numpy())

    def _read(self, units: Units, places: Sequence[Ids], threads: int) -> Floats:
        """float32[positions, directions * hidden], of the last layer."""
        order = np.argsort(-units.lengths, kind="stable")
        groups = [order[first : first + _TOGETHER] for first in range(0, len(order), _TOGETHER)]
        out: Floats | None = None
        for layer in range(len(self.weights)):
            before, out = out, np.empty((int(units.bounds[-1]), self.directions * self.padded), np.float32)
            self._read_layer(layer, before, units, places, groups, out, threads)
        assert out is not None
        return out if self.padded == self.hidden else out[:, self.own]

    def _read_layer(
        self,
        layer: int,
        before: Floats | None,
        units: Units,
        places: Sequence[Ids],
        groups: Sequence[Places],
        out: Floats,
        threads: int,
    ) -> None:
        from textpipe.models.prediction._kernel import read

        hidden = self.padded
        columns = self.directions * 4 * hidden
        gates = (self.biases[layer].numpy(),) if layer else tuple(rows.table for rows in self.rows)

        def work(task: tuple[Places, int]) -> None:
            texts, direction = task
            read(
                self.instructions,
                gates,
                tuple(places),
                columns,
                direction * 4 * hidden,
                before,
                self.inputs[layer - 1][direction] if layer else None,
                self.weights[layer][direction],
                hidden,
                direction == 1,
                units.bounds[texts],
                units.lengths[texts],
                out,
                direction * hidden,
            )

        shared(work, product(groups, range(self.directions)), threads=threads)


def reading_tables(
    embedding: Embedding, layers: Sequence[Sequence[Any]], last: Any, *, pooled: Pooling
) -> Reader | None:
    """What decides as LSTMs on top of each other, a pooling and a layer do; None where its table would be too large.

    layers: the nn.LSTM of each direction, of each layer
    """
    with torch.no_grad():
        found = Reader(embedding, layers, last, pooled)
    return found if found.rows else None


def ragged_pooling(name: PoolingName, module: Any, *, bidirectional: bool) -> Pooling:
    """layers.pooling over texts that follow each other without padding; module: that of `attention`."""

    def attention(values: Floats, starts: Places) -> Any:
        given = torch.from_numpy(values)
        fit = module.query(torch.tanh(module.hidden(given)))[:, 0].numpy()
        counts = np.diff(np.append(starts, len(values)))
        weights = np.exp(fit - np.repeat(np.maximum.reduceat(fit, starts), counts))
        weights /= np.repeat(np.add.reduceat(weights, starts), counts)
        return np.add.reduceat(values * weights[:, None], starts)

    def last(values: Floats, starts: Places) -> Any:
        ends = np.append(starts[1:], len(values)) - 1
        half = values.shape[1] // 2 if bidirectional else values.shape[1]
        return np.concatenate([values[ends, :half], values[starts, half:]], 1)

    def mean(values: Floats, starts: Places) -> Any:
        return np.add.reduceat(values, starts) / np.diff(np.append(starts, len(values)))[:, None]

    def most(values: Floats, starts: Places) -> Any:
        return np.maximum.reduceat(values, starts)

    return {"attention": attention, "last": last, "mean": mean, "max": most}[name]
