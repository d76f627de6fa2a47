"""TextCNN as a graph: one convolution a width, of each filter the largest value over a text's own windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from textpipe.models.onnx.graph import Array, Graph
from textpipe.models.onnx.reading import Read, embedded

_ROOM = 1e-7  # that torch.renorm leaves


def decisions(graph: Graph, network: Any, reading: Read) -> str:
    """float32[texts, labels]"""
    config = network.config
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
    turned = graph.op("Transpose", embedded(graph, network.embedding, reading.ids), perm=[0, 2, 1])
    own = graph.apart(reading.own, 1)
    lowest = graph.constant(-np.inf, np.float32)
    pooled = []
    for number, width in enumerate(config.widths):
        kernel = graph.constant(weights[f"windows.{number}.weight"], np.float32)
        values = graph.op("Conv", turned, kernel, kernel_shape=[width])
        inside = graph.sliced(own, 2, start=width - 1)  # a window is a text's own where its last unit is
        pooled.append(graph.op("ReduceMax", graph.op("Where", inside, values, lowest), graph.integers(2), keepdims=0))
    hidden = graph.op("Add", graph.joined(pooled, 1), graph.constant(weights["bias"], np.float32))
    last = weights["last.weight"]
    if config.max_norm:
        last = _limited(last, config.max_norm)
    return graph.linear(graph.op("Relu", hidden), last, weights["last.bias"])


def _limited(weight: Array, most: float) -> Array:
    """Rows scaled down to that norm, as torch.renorm does."""
    norms = np.linalg.norm(weight, axis=1, keepdims=True)
    return np.asarray(weight * np.where(norms > most, most / (norms + _ROOM), 1.0), np.float32)
