"""Recurrent networks as a graph: ONNX's own RNN, LSTM and GRU, which turn each text round by its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from textpipe.models.onnx.graph import Array, Graph
from textpipe.models.onnx.reading import Read, embedded, only_own

_KINDS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_GATES = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}  # torch's in the order of ONNX


def decisions(graph: Graph, network: Any, reading: Read) -> str:
    """float32[texts, labels]"""
    config = network.config
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    values = graph.op("Transpose", embedded(graph, network.embedding, reading.ids), perm=[1, 0, 2])
    lengths = graph.cast(reading.lengths, np.int32)
    for number in range(config.layers):
        values = _layer(graph, values, lengths, weights, f"layers.{number}", config)
    values = graph.op("Transpose", values, perm=[1, 0, 2])
    pooled = _pooled(graph, values, reading, weights, config)
    return graph.linear(pooled, weights["last.weight"], weights["last.bias"])


def _layer(graph: Graph, values: str, lengths: str, weights: Mapping[str, Array], name: str, config: Any) -> str:
    """[positions, texts, size] of [positions, texts, size]"""
    ways = ("forwards", "backwards") if config.bidirectional else ("forwards",)
    order = _GATES[config.cell]

    def stacked(part: str) -> Array:
        found = [np.split(weights[f"{name}.{way}.{part}_l0"], len(order)) for way in ways]
        return np.stack([np.concatenate([gates[place] for place in order]) for gates in found])

    inner, outer = (graph.constant(stacked(part), np.float32) for part in ("weight_ih", "weight_hh"))
    bias = graph.constant(np.concatenate([stacked("bias_ih"), stacked("bias_hh")], 1), np.float32)
    more: dict[str, Any] = {"direction": "bidirectional" if config.bidirectional else "forward"}
    if config.cell == "rnn":
        more["activations"] = ["Relu"] * len(ways)
    if config.cell == "gru":
        more["linear_before_reset"] = 1
    found = graph.op(
        _KINDS[config.cell], values, inner, outer, bias, lengths, hidden_size=config.hidden, **more
    )  # [positions, ways, texts, hidden]
    side_by_side = graph.op("Transpose", found, perm=[0, 2, 1, 3])
    return graph.op("Reshape", side_by_side, graph.integers(0, 0, len(ways) * config.hidden))


def _pooled(graph: Graph, values: str, reading: Read, weights: Mapping[str, Array], config: Any) -> str:
    """[texts, size] of [texts, positions, size]"""
    if config.pooling == "max":
        return graph.op("ReduceMax", only_own(graph, values, reading.own, -np.inf), graph.integers(1), keepdims=0)
    if config.pooling == "mean":
        total = graph.op("ReduceSum", only_own(graph, values, reading.own, 0.0), graph.integers(1), keepdims=0)
        return graph.op("Div", total, graph.apart(graph.cast(reading.lengths, np.float32), 1))
    if config.pooling == "last":
        return _last(graph, values, reading, config)
    hidden = graph.linear(values, weights["pooling.hidden.weight"], weights["pooling.hidden.bias"])
    fit = graph.linear(graph.op("Tanh", hidden), weights["pooling.query.weight"], None)  # [texts, positions, 1]
    shares = graph.op("Softmax", only_own(graph, fit, reading.own, -np.inf), axis=1)
    return graph.op("ReduceSum", graph.op("Mul", shares, values), graph.integers(1), keepdims=0)


def _last(graph: Graph, values: str, reading: Read, config: Any) -> str:
    """Where reading ended: at a text's last position, of what was read backwards at the first."""
    place = graph.apart(graph.op("Sub", reading.lengths, graph.integers(1)), 1)
    last = graph.op("GatherND", values, place, batch_dims=1)
    if not config.bidirectional:
        return last
    first = graph.op("Gather", values, graph.constant(0, np.int64), axis=1)
    ahead, behind = graph.sliced(last, 1, end=config.hidden), graph.sliced(first, 1, start=config.hidden)
    return graph.op("Concat", ahead, behind, axis=1)
