"""A linear model as a graph: ids of characters and words in; n-grams are counted, weighed and added up inside.

An n-gram is a number: that of the n-gram without its last unit, times the size of the vocabulary, plus the id of the
last unit. Where that could exceed 64 bits it wraps round, and no two n-grams of the model may then have the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.errors import UsageError
from textpipe.features.vectorizer import Vectorizer
from textpipe.models.inputs import FIRST
from textpipe.models.linear import Linear
from textpipe.models.onnx.deciding import probabilities
from textpipe.models.onnx.graph import Graph
from textpipe.models.onnx.reading import NAMES

Integers = npt.NDArray[np.int64]
_ODD = 0x1E3779B97F4A7C15  # what to multiply by where numbers wrap round
_BITS = 63


class Block(NamedTuple):
    """n-grams of one kind. kind: `char` or `word`; units: what they are made of, by id from FIRST; ngrams: of each
    feature its units, by column from `first`; lengths: units of the shortest and longest"""

    kind: str
    units: tuple[str, ...]
    ngrams: list[tuple[str, ...]]
    first: int
    lengths: tuple[int, int]


def blocks(vectorizer: Vectorizer) -> list[Block]:
    """The blocks of n-grams that a model has, that of characters first."""
    config, names, chars = vectorizer.config, vectorizer.names, vectorizer.chars
    found = []
    if config.chars:
        found.append(_block("char", [tuple(name) for name in names[:chars]], 0, config.char_ngrams))
    if config.words:
        found.append(_block("word", [tuple(name.split(" ")) for name in names[chars:]], chars, config.word_ngrams))
    return [block for block in found if block.ngrams]


def _block(kind: str, ngrams: list[tuple[str, ...]], first: int, lengths: tuple[int, int]) -> Block:
    units = tuple(dict.fromkeys(unit for ngram in ngrams for unit in ngram))
    return Block(kind, units, ngrams, first, lengths)


def outcome(graph: Graph, classifier: Linear) -> str:
    """float32[texts, labels], probabilities"""
    fitted = classifier.learned
    found = [_weighted(graph, block, fitted.vectorizer) for block in blocks(fitted.vectorizer)]
    texts, columns, values = (graph.joined([getattr(one, name) for one in found], 0) for name in _SPARSE)
    weighted = graph.op("Mul", graph.rows(fitted.weights, columns), graph.apart(graph.cast(values, np.float32), 1))
    shape = graph.op("Concat", graph.axis(found[0].lengths, 0), graph.integers(fitted.weights.shape[1]), axis=0)
    sums = _added(
        graph, shape, graph.op("Expand", graph.apart(texts, 1), graph.op("Shape", weighted)), weighted, np.float32
    )
    anything = [graph.op("Greater", one.lengths, graph.constant(0.0, np.float64)) for one in found]
    known = graph.apart(anything[0] if len(anything) == 1 else graph.op("Or", *anything), 1)
    decisions = graph.op("Add", graph.cast(sums, np.float64), graph.constant(fitted.bias, np.float64))
    columns = fitted.weights.shape[1]
    return probabilities(graph, decisions, fitted.calibration, columns=columns, known=known, prior=fitted.prior)


class _Weighted(NamedTuple):
    """TF-IDF weights of texts, of unlike n-grams. texts, columns int64[n], values float64[n]; lengths: float64[texts],
    what values were divided by so that each text's have the length 1"""

    texts: str
    columns: str
    values: str
    lengths: str


_SPARSE = ("texts", "columns", "values")


def _weighted(graph: Graph, block: Block, vectorizer: Vectorizer) -> _Weighted:
    ids = graph.input(NAMES[block.kind], "texts", NAMES[block.kind])
    numbers = _numbers(graph, block, ids)
    places = graph.op("NonZero", graph.op("GreaterOrEqual", numbers, graph.integers(0)))  # [2, n]
    text_of = graph.op("Gather", places, graph.constant(0, np.int64), axis=0)
    size = graph.integers(len(block.ngrams))
    ngram_of = graph.op("GatherND", numbers, graph.op("Transpose", places, perm=[1, 0]))
    pairs = graph.op("Add", graph.op("Mul", text_of, size), ngram_of)
    unlike, _, _, times = graph.ops("Unique", pairs, outputs=4, sorted=1)
    texts = graph.op("Div", unlike, size)
    ngrams = graph.op("Sub", unlike, graph.op("Mul", texts, size))
    amounts = graph.cast(times, np.float64)
    if vectorizer.config.sublinear:
        amounts = graph.op("Add", graph.op("Log", amounts), graph.constant(1.0, np.float64))
    idf = vectorizer.idf[block.first : block.first + len(block.ngrams)]
    weights = graph.cast(graph.op("Gather", graph.constant(idf, np.float32), ngrams), np.float64)
    values = graph.op("Mul", amounts, weights)
    squares = _added(graph, graph.axis(ids, 0), texts, graph.op("Mul", values, values), np.float64)
    lengths = graph.op("Sqrt", squares)
    values = graph.op("Div", values, graph.op("Gather", lengths, texts))
    return _Weighted(texts, graph.op("Add", ngrams, graph.integers(block.first)), values, lengths)


def _added(graph: Graph, shape: str, places: str, values: str, dtype: npt.DTypeLike) -> str:
    """Zeros of that shape with values added at the places along the first axis."""
    zeros = graph.op("Expand", graph.constant([0], dtype), shape)
    return graph.op("ScatterElements", zeros, places, values, axis=0, reduction="add")


def _numbers(graph: Graph, block: Block, ids: str) -> str:
    """int64[texts, n-grams of all lengths]: which feature of the block each is, -1 for none."""
    base = _base(block)
    key, keys = ids, []
    for length in range(1, block.lengths[1] + 1):
        if length > 1:
            key = graph.op("Mul", graph.sliced(key, 1, end=-1), graph.integers(base))
            key = graph.op("Add", key, graph.sliced(ids, 1, start=length - 1))
        if length >= block.lengths[0]:
            keys.append(key)
    known = _keys(block, base)
    return graph.op(
        "LabelEncoder",
        graph.joined(keys, 1),
        domain="ai.onnx.ml",
        keys_tensor=graph.tensor("keys", known),
        values_tensor=graph.tensor("values", np.arange(len(known))),
        default_tensor=graph.tensor("default", np.array([-1])),
    )


def _base(block: Block) -> int:
    """What a key is multiplied by: keys fit into 64 bits, or wrap round."""
    size = len(block.units) + FIRST
    return size if size ** block.lengths[1] < 1 << _BITS else _ODD


def _keys(block: Block, base: int) -> Integers:
    """int64[features]. Raises UsageError where two are the same."""
    ids = {unit: number for number, unit in enumerate(block.units, start=FIRST)}
    keys = np.zeros(len(block.ngrams), np.uint64)
    lengths = np.fromiter(map(len, block.ngrams), np.int64, len(block.ngrams))
    for place in range(block.lengths[1]):
        rows = np.flatnonzero(lengths > place)
        units = np.fromiter((ids[block.ngrams[row][place]] for row in rows.tolist()), np.uint64, len(rows))
        keys[rows] = keys[rows] * np.uint64(base) + units
    if len(np.unique(keys)) < len(keys):
        hint = "shorter n-grams: --set char_ngrams=[1,3]"
        raise UsageError("two n-grams of this model would be the same number in the graph", hint=hint)
    return keys.astype(np.int64)
