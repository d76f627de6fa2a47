"""An ONNX graph, written node by node: each call adds one and gives the name of what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from textpipe.version import __version__

OPSET, ML_OPSET = 18, 4  # what onnxruntime has known since 1.18
_IR_VERSION = 9
Array = npt.NDArray[Any]


class Graph:
    """Nodes, constants and inputs, in the order in which they were added."""

    def __init__(self) -> None:
        self.prefix = ""  # of inputs: whose they are where a graph holds several models
        self.nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._inputs: list[Any] = []
        self._count = 0

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The first output of a new node."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """The outputs of a new node."""
        found = [self.new_name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, found, domain=domain, **attributes))
        return found

    def new_name(self, kind: str) -> str:
        """A name that nothing has."""
        self._count += 1
        return f"{kind.lower()}_{self._count}"

    def constant(self, value: Any, dtype: npt.DTypeLike) -> str:
        """Numbers that are part of the model."""
        name = self.new_name("constant")
        self._constants.append(numpy_helper.from_array(np.array(value, dtype, order="C"), name))
        return name

    def tensor(self, name: str, value: Array) -> TensorProto:
        """int64 numbers as an attribute of a node."""
        return numpy_helper.from_array(value.astype(np.int64), name)

    def integers(self, *values: int) -> str:
        """int64[values]"""
        return self.constant(values, np.int64)

    def take(self, nodes: Iterable[NodeProto], constants: Iterable[TensorProto]) -> None:
        """Those of another graph, whose names are its own."""
        self.nodes.extend(nodes)
        self._constants.extend(constants)

    @property
    def size(self) -> int:
        """Bytes of the constants."""
        return sum(constant.ByteSize() for constant in self._constants)

    def input(self, name: str, *axes: str) -> str:
        """int64[axes], what whoever runs the graph gives."""
        self._inputs.append(helper.make_tensor_value_info(self.prefix + name, TensorProto.INT64, list(axes)))
        return self.prefix + name

    def rows(self, table: Array, ids: str) -> str:
        """float32[*ids, size], the rows of a float32[rows, size] that ids ask for."""
        return self.op("Gather", self.constant(table, np.float32), ids)

    def linear(self, values: str, weight: Array, bias: Array | None) -> str:
        """values · weightᵀ + bias; weight: [out, in], as torch keeps it."""
        found = self.op("MatMul", values, self.constant(weight.T, np.float32))
        return found if bias is None else self.op("Add", found, self.constant(bias, np.float32))

    def cast(self, values: str, dtype: npt.DTypeLike) -> str:
        """The values as numbers of another kind."""
        return self.op("Cast", values, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def axis(self, values: str, axis: int) -> str:
        """int64[1]: how long an axis is."""
        return self.op("Shape", values, start=axis, end=axis + 1)

    def sliced(self, values: str, axis: int, *, start: int = 0, end: int = 1 << 62) -> str:
        """The part of an axis; a negative end counts from behind."""
        return self.op("Slice", values, self.integers(start), self.integers(end), self.integers(axis))

    def apart(self, values: str, axis: int) -> str:
        """With an axis of 1 at that place."""
        return self.op("Unsqueeze", values, self.integers(axis))

    def joined(self, values: Sequence[str], axis: int) -> str:
        """One after the other."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=axis)

    def model(self, probabilities: str, labels: int) -> ModelProto:
        """What is there, with that output as `probabilities`."""
        self.nodes.append(helper.make_node("Identity", [probabilities], ["probabilities"]))
        found = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["texts", labels])
        graph = helper.make_graph(self.nodes, "textpipe", self._inputs, [found], self._constants)
        versions = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        return helper.make_model(
            graph,
            opset_imports=versions,
            ir_version=_IR_VERSION,
            producer_name="textpipe",
            producer_version=__version__,
        )
