"""Any other network as a graph: what torch's tracing exporter makes of its forward pass.

It needs no further package, as torch's newer exporter does. Tracing sees one run: where the graph is not the network
for texts of other lengths, it is traced again for texts that are all padded to the most there may be.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import compose
from torch import nn

from textpipe.errors import UsageError
from textpipe.models.inputs import FIRST, PADDING
from textpipe.models.onnx.check import FAILURES, NEAR, session_of
from textpipe.models.onnx.graph import OPSET, Graph
from textpipe.models.onnx.reading import Read

_SHAPES = ((3, 24), (2, 7), (5, 40))  # texts and positions: of the run that is traced, and of those it is held against
_HINT = "textcnn, recurrent, mlp, linear and auto do not need torch for it"


class _Plain(nn.Module):  # type: ignore[misc]
    """The network with its channels as arguments."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, lengths: Any, *ids: Any) -> Any:
        return self.network(list(ids), lengths)


def decisions(graph: Graph, network: Any, reading: Read) -> str:
    """float32[texts, labels]. Raises UsageError for a network that torch cannot trace."""
    network = _Plain(network).eval()
    channels, ids = len(reading.ids), reading.ids
    found = _traced(network, channels, _SHAPES[0])
    if not _holds(found, network, [_example(channels, shape) for shape in _SHAPES if shape[1] <= reading.most]):
        shapes = [(texts, reading.most) for texts, _ in _SHAPES]
        found = _traced(network, channels, shapes[0], fixed=True)
        ids = [_whole(graph, one, reading.most) for one in ids]
        if not _holds(found, network, [_example(channels, shape) for shape in shapes]):
            raise UsageError("torch cannot write this network as ONNX: its trace is not the network", hint=_HINT)
    part = compose.add_prefix(found, f"{graph.new_name('traced')}/").graph
    for given, wanted in zip((reading.lengths, *ids), part.input, strict=True):
        graph.nodes.append(onnx.helper.make_node("Identity", [given], [wanted.name]))
    graph.take(part.node, part.initializer)
    return str(part.output[0].name)


def _whole(graph: Graph, ids: str, positions: int) -> str:
    """Padded to so many positions."""
    missing = graph.op("Sub", graph.integers(positions), graph.axis(ids, 1))
    pads = graph.op("Concat", graph.integers(0, 0, 0), missing, axis=0)
    return graph.op("Pad", ids, pads, graph.constant(PADDING, np.int64))


def _example(channels: int, shape: tuple[int, int]) -> list[Any]:
    """lengths and ids of texts, the first of them as long as there are positions."""
    texts, positions = shape
    lengths = torch.arange(positions, 0, -max(positions // texts, 1))[:texts]
    own = torch.arange(positions) < lengths[:, None]
    return [lengths, *(torch.where(own, FIRST, PADDING) for _ in range(channels))]


def _traced(network: Any, channels: int, shape: tuple[int, int], *, fixed: bool = False) -> onnx.ModelProto:
    names = ["lengths", *(f"ids_{number}" for number in range(channels))]
    axes = {name: {0: "texts"} if fixed or name == "lengths" else {0: "texts", 1: "positions"} for name in names}
    stream = io.BytesIO()
    options: dict[str, Any] = {"input_names": names, "output_names": ["decisions"], "dynamic_axes": axes}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what tracing does not see, which is found out
            torch.onnx.export(
                network, tuple(_example(channels, shape)), stream, opset_version=OPSET, dynamo=False, **options
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(f"torch cannot write this network as ONNX: {reason}", hint=_HINT) from None
    return onnx.load_from_string(stream.getvalue())


def _holds(model: onnx.ModelProto, network: Any, examples: Sequence[Sequence[Any]]) -> bool:
    """Whether the graph gives what the network gives."""
    session = session_of(model.SerializeToString())
    names = [one.name for one in session.get_inputs()]
    with torch.no_grad():
        for example in examples:
            given = {name: value.numpy() for name, value in zip(names, example, strict=True)}
            try:
                found = session.run(None, given)[0]
            except FAILURES:
                return False
            wanted = network(*example).numpy()
            if found.shape != wanted.shape or np.abs(found - wanted).max() > NEAR:
                return False
    return True
