"""Any other network as a graph: what torch's tracing exporter makes of its forward pass.

The exporter that torch prefers by now needs a package more (onnxscript) and fixes the kind of loops that networks
over texts have all the same; the check tells where tracing has not seen all that a network does.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import onnx
import torch
from onnx import compose
from torch import nn

from textpipe.errors import UsageError
from textpipe.models.inputs import FIRST
from textpipe.models.onnx.graph import OPSET, Graph
from textpipe.models.onnx.reading import Read

_TEXTS, _POSITIONS = 3, 24  # of the example that is traced
_HINT = "an architecture that is written without it: textcnn, recurrent, mlp, linear"


class _Plain(nn.Module):  # type: ignore[misc]
    """The network with its channels as arguments."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, lengths: Any, *ids: Any) -> Any:
        return self.network(list(ids), lengths)


def decisions(graph: Graph, network: Any, reading: Read) -> str:
    """float32[texts, labels]. Raises UsageError for a network that torch cannot trace."""
    names = [f"ids_{number}" for number in range(len(reading.ids))]
    found = compose.add_prefix(_traced(network, names), f"{graph.new_name('traced')}/")
    part = found.graph
    for given, wanted in zip((reading.lengths, *reading.ids), part.input, strict=True):
        graph.nodes.append(onnx.helper.make_node("Identity", [given], [wanted.name]))
    graph.take(part.node, part.initializer)
    return str(part.output[0].name)


def _traced(network: Any, names: Sequence[str]) -> onnx.ModelProto:
    lengths = torch.tensor([_POSITIONS, _POSITIONS // 2, _POSITIONS // 3])
    own = torch.arange(_POSITIONS) < lengths[:, None]
    ids = [torch.where(own, FIRST, 0) for _ in names]
    axes = {"lengths": {0: "texts"}, **{name: {0: "texts", 1: "positions"} for name in names}}
    stream = io.BytesIO()
    options: dict[str, Any] = {"opset_version": OPSET, "dynamo": False, "do_constant_folding": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what tracing does not see: the check does
            torch.onnx.export(
                _Plain(network).eval(),
                (lengths, *ids),
                stream,
                input_names=["lengths", *names],
                output_names=["decisions"],
                dynamic_axes=axes,
                **options,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, ImportError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(f"torch cannot write this network as ONNX: {reason}", hint=_HINT) from None
    return onnx.load_from_string(stream.getvalue())
