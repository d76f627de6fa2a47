"""Classifiers as ONNX: a graph from ids of units to probabilities, with all that is needed to make the ids.

Graphs are written node by node, one room an architecture: so they need no exporter of torch's, whose requirements and
results differ from release to release, a linear model needs no torch at all, and what is in the file can be read here.
Networks without a room of their own go through torch's tracing exporter.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from textpipe.errors import ResourceError, UsageError
from textpipe.models import Classifier
from textpipe.models.auto import Auto
from textpipe.models.linear import Linear

if TYPE_CHECKING:
    from onnx import ModelProto

    from textpipe.models.neural import Neural
    from textpipe.models.onnx.about import Reads
    from textpipe.models.onnx.graph import Graph
    from textpipe.segment.tokenizer import Tokenizer

_ROOMS = ("textcnn", "recurrent", "mlp")  # networks that are written node by node
_MOST = (1 << 31) - 1  # bytes of a file
_NEEDED = ("onnx", "onnxruntime")


class Written(NamedTuple):
    """model: the file, but for its description; about: that, see about.py"""

    model: ModelProto
    about: dict[str, Any]


def require_onnx() -> None:
    """Raise UsageError when a package that exporting needs is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        message = f"--format onnx needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'}"
        raise UsageError(f"{message} not installed", hint="pip install 'textpipe-zh[onnx]'")


def written(classifier: Classifier, *, arch: str, tokenizer: Tokenizer) -> Written:
    """The file of a classifier that has learned.

    Raises UsageError for an architecture that cannot be written, ResourceError for more than a file can hold.
    """
    from textpipe.models.onnx.about import description
    from textpipe.models.onnx.graph import Graph

    if tokenizer.mode != "exact":
        raise UsageError(f"texts are cut in the mode {tokenizer.mode!r}: only `exact` can be exported")
    graph = Graph()
    outcome, inputs = _outcome(graph, classifier, arch)
    about = description(arch, classifier, tokenizer, inputs, _settings(classifier))
    if graph.size > _MOST:
        hint = "train it with fewer units: --set max_size=50000, of a linear one --set max_features=500000"
        raise ResourceError(f"{graph.size / 1e9:.1f} GB of weights: a file of ONNX holds 2.1", hint=hint)
    return Written(graph.model(outcome, len(classifier.labels)), about)


def _outcome(graph: Graph, classifier: Classifier, arch: str, prefix: str = "") -> tuple[str, list[Reads]]:
    """(float32[texts, labels], what the inputs read)"""
    from textpipe.models.onnx import about

    graph.prefix = prefix
    if isinstance(classifier, Auto):
        return _mean(graph, classifier, prefix)
    if isinstance(classifier, Linear):
        from textpipe.models.onnx import linear

        return linear.outcome(graph, classifier), about.of_linear(classifier, prefix)
    if _is_network(classifier):
        return _of_network(graph, classifier), about.of_network(classifier.learned.inputs, prefix)
    hint = "textpipe export writes auto, linear, mlp, textcnn, recurrent and other networks of this package"
    raise UsageError(f"classifiers of the architecture {arch!r} cannot be written as ONNX", hint=hint)


def _is_network(classifier: object) -> TypeGuard[Neural]:
    if find_spec("torch") is None:
        return False
    from textpipe.models.neural import Neural

    return isinstance(classifier, Neural)


def _of_network(graph: Graph, classifier: Neural) -> str:
    from textpipe.models.onnx.deciding import probabilities
    from textpipe.models.onnx.reading import read

    inputs, network, prior, calibration, *_ = classifier.learned
    kinds = {"both": ("char", "word")}.get(inputs.unit, (inputs.unit,))
    reading = read(graph, kinds, least=classifier.least, most=inputs.max_length)
    room = classifier.arch if classifier.arch in _ROOMS else "traced"
    decisions = import_module(f"textpipe.models.onnx.{room}").decisions(graph, network.to("cpu"), reading)
    found = probabilities(graph, decisions, calibration, columns=len(prior), known=reading.known, prior=prior)
    return graph.op("Slice", found, graph.integers(0), reading.given)


def _mean(graph: Graph, classifier: Auto, prefix: str) -> tuple[str, list[Reads]]:
    """The weighted mean of members, whose inputs have their names before their own."""
    total, inputs = "", []
    for arch, weight, model in classifier.learned:
        found, reads = _outcome(graph, model, arch, f"{prefix}{arch}.")
        share = graph.op("Mul", found, graph.constant(weight, np.float32))
        total = graph.op("Add", total, share) if total else share
        inputs += reads
    return total, inputs


def _settings(classifier: Classifier) -> dict[str, Any]:
    if isinstance(classifier, Auto):
        members = {arch: asdict(model.config) for arch, _, model in classifier.learned}
        return {**asdict(classifier.config), "members": members, "weights": classifier.members}
    return asdict(classifier.config)
