"""The mean of embeddings and layers on top as a graph, with the hashed n-grams of units where the model has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from textpipe.models.inputs import PADDING
from textpipe.models.mlp import HASH
from textpipe.models.onnx.graph import Array, Graph
from textpipe.models.onnx.reading import Read, embedded, only_own

_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softsign": "Softsign", "leaky_relu": "LeakyRelu"}
_SLOPE: Mapping[str, Mapping[str, Any]] = {"leaky_relu": {"alpha": 0.01}}
_EPSILON = 1e-5  # that torch adds to deviations


def decisions(graph: Graph, network: Any, reading: Read) -> str:
    """float32[texts, labels]"""
    config = network.config
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    values = only_own(graph, embedded(graph, network.embedding, reading.ids), reading.own, 0.0)
    total = graph.op("ReduceSum", values, graph.integers(1), keepdims=0)
    count = reading.lengths
    if config.ngrams > 1:
        buckets = _hashed(graph, reading, config)
        there = graph.op("Not", graph.op("Equal", buckets, graph.integers(PADDING)))
        more = only_own(graph, graph.rows(weights["ngrams.weight"], buckets), there, 0.0)
        total = graph.op("Add", total, graph.op("ReduceSum", more, graph.integers(1), keepdims=0))
        counted = graph.op("ReduceSum", graph.cast(there, np.int64), graph.integers(1), keepdims=0)
        count = graph.op("Add", count, counted)
    values = graph.op("Div", total, graph.apart(graph.cast(count, np.float32), 1))
    place = 0
    for _ in config.hidden:
        values = graph.linear(values, weights[f"layers.{place}.weight"], weights[f"layers.{place}.bias"])
        values = _normal(graph, values, weights, f"layers.{place + 1}", config.normalisation)
        values = _active(graph, values, config.activation)
        place += 4  # a layer, its normalisation, its activation, dropout
    return graph.linear(values, weights[f"layers.{place}.weight"], weights[f"layers.{place}.bias"])


def _normal(graph: Graph, values: str, weights: Mapping[str, Array], name: str, kind: str) -> str:
    if kind == "none":
        return values
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    if kind == "layer":
        scale, shift = graph.constant(weight, np.float32), graph.constant(bias, np.float32)
        return graph.op("LayerNormalization", values, scale, shift, axis=-1, epsilon=_EPSILON)
    factor = weight / np.sqrt(weights[f"{name}.running_var"] + _EPSILON)
    scaled = graph.op("Mul", values, graph.constant(factor, np.float32))
    return graph.op("Add", scaled, graph.constant(bias - weights[f"{name}.running_mean"] * factor, np.float32))


def _active(graph: Graph, values: str, kind: str) -> str:
    if kind != "gelu":
        return graph.op(_ACTIVATIONS[kind], values, **_SLOPE.get(kind, {}))
    share = graph.op("Erf", graph.op("Mul", values, graph.constant(math.sqrt(0.5), np.float32)))
    half = graph.op("Mul", values, graph.constant(0.5, np.float32))
    return graph.op("Mul", half, graph.op("Add", share, graph.constant(1.0, np.float32)))


def _hashed(graph: Graph, reading: Read, config: Any) -> str:
    """int64[texts, n-grams]: the embedding of each, as models.mlp.hashed_ngrams has it; PADDING where there is none."""
    ids = reading.ids[-1]
    key, own, rows = ids, reading.own, []
    for size in range(2, config.ngrams + 1):
        key = graph.op("Mul", graph.sliced(key, 1, end=-1), graph.integers(HASH.unit))
        key = graph.op("Add", key, graph.sliced(ids, 1, start=size - 1))
        mixed = graph.op("Mul", _folded(graph, key, HASH.shifts[0]), graph.integers(HASH.mixing))
        bucket = graph.op("Mod", _folded(graph, mixed, HASH.shifts[1]), graph.integers(config.buckets))
        bucket = graph.op("Add", bucket, graph.integers(1))
        inside = graph.sliced(own, 1, start=size - 1)
        rows.append(graph.op("Where", inside, bucket, graph.integers(PADDING)))
    return graph.joined(rows, 1)


def _folded(graph: Graph, values: str, places: int) -> str:
    """values ^ (values >> places), of which ONNX has only the second for numbers without a sign."""
    negative = graph.op("Less", values, graph.integers(0))
    turned = graph.op("Where", negative, graph.op("BitwiseNot", values), values)
    shifted = graph.op(
        "BitShift", graph.cast(turned, np.uint64), graph.constant([places], np.uint64), direction="RIGHT"
    )
    shifted = graph.cast(shifted, np.int64)
    shifted = graph.op("Where", negative, graph.op("BitwiseNot", shifted), shifted)
    return graph.op("BitwiseXor", values, shifted)
