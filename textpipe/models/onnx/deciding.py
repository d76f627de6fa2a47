"""The end of a graph: decisions → probabilities, as calibration.py has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.models.onnx.graph import Graph

Doubles = npt.NDArray[np.float64]


def probabilities(graph: Graph, decisions: str, calibration: Any, *, columns: int, known: str, prior: Doubles) -> str:
    """float32[texts, labels]; texts without anything known get the prior.

    decisions: float[texts, columns], one column is that of the second of two labels; known: bool[texts, 1]
    calibration: a Calibration, or scales and offsets of labels that do not exclude each other, which have no `together`
    """
    moved = graph.op("Mul", graph.cast(decisions, np.float64), graph.constant(calibration.scale, np.float64))
    if np.any(calibration.offset):
        moved = graph.op("Add", moved, graph.constant(calibration.offset, np.float64))
    together = getattr(calibration, "together", None)
    if together is None:
        found = _sigmoid(graph, moved)
    elif columns == 1:
        second = _sigmoid(graph, moved)
        found = graph.op("Concat", graph.op("Sub", graph.constant(1, np.float64), second), second, axis=1)
    elif together:
        found = graph.op("Softmax", moved, axis=1)
    else:
        each = _sigmoid(graph, moved)
        found = graph.op("Div", each, graph.op("ReduceSum", each, graph.integers(1), keepdims=1))
    return graph.op("Where", known, graph.cast(found, np.float32), graph.constant(prior[None], np.float32))


def _sigmoid(graph: Graph, values: str) -> str:
    """1 / (1 + exp(-x)): ONNX has it for float64, but not every runtime."""
    one = graph.constant(1, np.float64)
    return graph.op("Div", one, graph.op("Add", one, graph.op("Exp", graph.op("Neg", values))))
