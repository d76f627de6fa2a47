"""The front of a network's graph: ids as they come, cut and padded, and where each text is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from textpipe.models.inputs import PADDING, UNKNOWN
from textpipe.models.onnx.graph import Graph

NAMES = {"char": "characters", "word": "words"}  # of inputs


class Read(NamedTuple):
    """ids: of each channel int64[texts, positions]; lengths: int64[texts], as a network reads them; own:
    bool[texts, positions], where a text is; known: bool[texts, 1], whether anything of it is in the vocabulary; given:
    int64[1], how many texts there are; most: positions there may be."""

    ids: list[str]
    lengths: str
    own: str
    known: str
    given: str
    most: int


def read(graph: Graph, kinds: Sequence[str], *, least: int, most: int) -> Read:
    """The inputs of these kinds (`char`, `word`). Texts are cut at `most` positions and have `least`; how long each of
    them is, is where its padding begins. Where none is given there is one of padding: onnxruntime's LSTM and GRU crash
    on none."""
    inputs = [graph.input(NAMES[kind], "texts", "positions") for kind in kinds]
    texts = graph.axis(inputs[0], 0)
    ids = [_fitted(graph, one, texts, least, most) for one in inputs]
    padding, unknown = graph.integers(PADDING), graph.integers(UNKNOWN)
    there = graph.op("Not", graph.op("Equal", ids[0], padding))
    counts = graph.op("ReduceSum", graph.cast(there, np.int64), graph.integers(1), keepdims=0)
    lengths = graph.op("Max", counts, graph.integers(least))
    positions = graph.op("Squeeze", graph.axis(ids[0], 1))
    places = graph.op("Range", graph.constant(0, np.int64), positions, graph.constant(1, np.int64))
    own = graph.op("Less", places, graph.apart(lengths, 1))
    found = [graph.op("Greater", part, unknown) for part in ids]
    either = found[0] if len(found) == 1 else graph.op("Or", *found)
    known = graph.op("ReduceMax", graph.cast(either, np.int32), graph.integers(1), keepdims=1)
    return Read(ids, lengths, own, graph.cast(known, np.bool_), texts, max(least, most))


def _fitted(graph: Graph, ids: str, texts: str, least: int, most: int) -> str:
    cut = graph.sliced(ids, 1, end=most)
    none, counts = graph.integers(0, 0), graph.op("Concat", texts, graph.axis(cut, 1), axis=0)
    missing = graph.op("Max", graph.op("Sub", graph.integers(1, least), counts), none)
    pads = graph.op("Concat", none, missing, axis=0)
    return graph.op("Pad", cut, pads, graph.constant(PADDING, np.int64))


def embedded(graph: Graph, embedding: Any, ids: Sequence[str]) -> str:
    """float32[texts, positions, size] of a layers.Embedding."""
    tables = [table.weight.detach().cpu().numpy() for table in embedding.tables]
    parts = [graph.rows(table, ids[channel]) for table, channel in zip(tables, embedding.channels, strict=True)]
    return graph.joined(parts, 2)


def only_own(graph: Graph, values: str, own: str, otherwise: float) -> str:
    """values [texts, positions, size] with another number where no text is."""
    return graph.op("Where", graph.apart(own, 2), values, graph.constant(otherwise, np.float32))
