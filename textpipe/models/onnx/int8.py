"""A graph with its weights as int8: a quarter of the bytes.

Tables and most weights are kept in int8, each row (what makes one output) with a scale of its own, and are multiplied
by it where they are used: only rounding is lost. LSTM and the products of traced networks multiply int8 by int8, for
which onnxruntime finds the scale of the other factor as it goes (dynamic quantisation): they are faster by that, while
convolutions and small products were slower.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_LEVELS = 127  # either side of 0
_FEWEST = 1 << 10  # numbers that are worth it
_TRACED = "traced"
_WEIGHTS = {"Conv": (1,), "Gemm": (1,), "MatMul": (1,), "GRU": (1, 2), "RNN": (1, 2)}  # places of inputs
Array = npt.NDArray[Any]


def in_int8(model: ModelProto) -> ModelProto:
    """The same graph with int8 weights."""
    dynamic = _dynamic_nodes(model)
    found = _with_dynamic(model, dynamic) if dynamic else model
    constants = {one.name: one for one in found.graph.initializer if one.data_type == TensorProto.FLOAT}
    made: dict[str, TensorProto] = {}
    nodes: list[NodeProto] = []
    for node in found.graph.node:
        nodes += _rewritten(node, constants, made)
    used = {name for node in nodes for name in node.input}
    kept = [one for one in found.graph.initializer if one.name in used]
    del found.graph.node[:], found.graph.initializer[:]
    found.graph.node.extend(nodes)
    found.graph.initializer.extend([*kept, *made.values()])
    return found


def _dynamic_nodes(model: ModelProto) -> list[str]:
    """Names of the nodes that multiply int8 by int8; all get a name."""
    found = []
    for number, node in enumerate(model.graph.node):
        traced = node.name.startswith(_TRACED)
        node.name = node.name or f"node_{number}"
        if node.op_type == "LSTM" or (node.op_type == "MatMul" and traced):
            found.append(node.name)
    return found


def _with_dynamic(model: ModelProto, names: list[str]) -> ModelProto:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    silent = logging.getLogger()
    level, silent.level = silent.level, logging.ERROR  # it recommends a preparation that changes nothing here
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            quantize_dynamic(
                model,
                path,
                nodes_to_quantize=names,
                weight_type=QuantType.QInt8,
                per_channel=True,
            )
            return onnx.load(path)
    finally:
        silent.level = level


def _rewritten(node: NodeProto, constants: dict[str, TensorProto], made: dict[str, TensorProto]) -> Iterator[NodeProto]:
    """The nodes in place of this one."""
    if node.op_type == "Gather" and _is_large(constants.get(node.input[0]), dimensions=2):
        yield from _rows(node, constants[node.input[0]], made)
        return
    for place in _WEIGHTS.get(node.op_type, ()):
        weight = constants.get(node.input[place])
        if weight is not None and _is_large(weight):
            axis = _summed_axis(node, len(weight.dims))
            node.input[place] = yield from _weight(weight, axis, made)
    yield node


def _is_large(constant: TensorProto | None, *, dimensions: int | None = None) -> bool:
    if constant is None or (dimensions is not None and len(constant.dims) != dimensions):
        return False
    return len(constant.dims) > 1 and int(np.prod(constant.dims)) >= _FEWEST


def _summed_axis(node: NodeProto, dimensions: int) -> tuple[int, ...]:
    """The axes of a weight that one output adds up."""
    turned = {one.name: one.i for one in node.attribute}.get("transB", 0)
    if node.op_type in ("MatMul", "Gemm") and not turned:
        return (dimensions - 2,)
    return tuple(range(1, dimensions)) if node.op_type == "Conv" else (dimensions - 1,)


def _rows(node: NodeProto, table: TensorProto, made: dict[str, TensorProto]) -> Iterator[NodeProto]:
    whole, scale = _parts(table, (1,), made)
    at, (out,) = node.input[1], node.output
    yield helper.make_node("Gather", [whole, at], [f"{out}/int8"])
    yield helper.make_node("Gather", [scale, at], [f"{out}/scale"])
    yield helper.make_node("Cast", [f"{out}/int8"], [f"{out}/float"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{out}/float", f"{out}/scale"], [out])


def _weight(weight: TensorProto, axis: tuple[int, ...], made: dict[str, TensorProto]) -> Any:
    """The nodes that make a weight again, and its name."""
    name = f"{weight.name}/again"
    if f"{weight.name}/int8" not in made:
        whole, scale = _parts(weight, axis, made)
        yield helper.make_node("Cast", [whole], [f"{weight.name}/float"], to=TensorProto.FLOAT)
        yield helper.make_node("Mul", [f"{weight.name}/float", scale], [name])
    return name


def _parts(constant: TensorProto, axis: tuple[int, ...], made: dict[str, TensorProto]) -> tuple[str, str]:
    """Names of the whole numbers and of their scales."""
    whole, scale = f"{constant.name}/int8", f"{constant.name}/scale"
    if whole not in made:
        values = numpy_helper.to_array(constant)
        scales = np.maximum(np.abs(values).max(axis=axis, keepdims=True) / _LEVELS, 1e-30).astype(np.float32)
        made[whole] = numpy_helper.from_array(np.rint(values / scales).astype(np.int8), whole)
        made[scale] = numpy_helper.from_array(scales, scale)
    return whole, scale
