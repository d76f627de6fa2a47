"""How a graph network learns: the graph made, two convolutions over it, trained by the loop with one batch an epoch.

X = relu(A R), decisions = A (X W), A the normalised graph, R a row of each node (its features are who it is, so that
the first layer is A times a matrix of weights), W the second layer.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import bmat, csr_matrix, diags_array
from torch import nn
from torch.nn import functional

from textpipe.device import reporting_no_memory, torch_device
from textpipe.errors import ResourceError
from textpipe.features.graph import (
    Graph,
    count_windows,
    document_words,
    inverse_frequencies,
    joined_documents,
    mutual_information,
    normalised,
)
from textpipe.models.held_back import held_back_scores, uncalibrated
from textpipe.models.inputs import Units
from textpipe.models.labels import Gold, gold_counts
from textpipe.models.neural_config import metric_of
from textpipe.models.textgcn import TextGCNConfig, Words, known_words
from textpipe.training.initialisation import seeded
from textpipe.training.log import TrainingLog
from textpipe.training.loop import Task, Trained, evaluation, train
from textpipe.training.losses import class_loss, label_loss
from textpipe.training.steps import History

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
_HINT = "fewer words: --set max_size=10000, or --set min_count=5"


class Held(NamedTuple):
    """Held-back texts, their labels, and all labels."""

    units: Units
    gold: Gold
    labels: tuple[str, ...]


class Learned(NamedTuple):
    """What words have learned; decisions: float32[unlabelled, labels] of the nodes without labels"""

    words: Words
    decisions: Floats
    history: History
    facts: dict[str, object]


def learn(
    documents: tuple[Integers, Integers],
    gold: Gold,
    held: Held,
    *,
    size: int,
    config: TextGCNConfig,
    log: TrainingLog,
    workers: int | None,
    device: str | None,
    until: int | None = None,
) -> Learned:
    """A graph network of documents (ids and bounds, see known_words), the first of which have the labels `gold`.

    until: the epoch to end with, None for the best, or the last where nothing is held back

    Raises UsageError when training comes to nothing, ResourceError when memory runs out.
    """
    place = torch_device(device)
    try:
        graph, idf = _graph(documents, size, config, log)
        edges = document_words(*known_words(held.units), idf, sublinear=config.sublinear)
        with reporting_no_memory("not enough memory for this graph", hint=_HINT):
            network = _network(graph, len(gold), len(held.labels), config)
    except MemoryError:
        raise ResourceError("not enough memory for this graph", hint=_HINT) from None
    task = _task(network, gold, held, joined_documents(edges, graph.degrees), config)
    mark = _digest(graph, gold, edges, held.gold)
    told: dict[str, Any] = {"metric": metric_of(config)}
    config = replace(config, **told)
    trained = train(task, config, log=log, workers=workers, device=device, until=until, fingerprint=mark)
    with evaluation(network):
        passed = network.passed()
        decisions = _summed(passed, network.graph.unlabelled.matrix).cpu().numpy()
        rows, last = (part.detach().cpu().numpy() for part in (network.rows[:size], network.last))
        words = Words(idf, graph.degrees, rows.copy(), passed[:size].cpu().numpy(), last.copy())
    facts = {**_told(trained), **_counts(graph, len(gold)), "device": str(place)}
    return Learned(words, decisions, trained.history, facts)


def _graph(
    documents: tuple[Integers, Integers], size: int, config: TextGCNConfig, log: TrainingLog
) -> tuple[Graph, Doubles]:
    ids, bounds = documents
    counts = count_windows(
        ids, bounds, words=size, window=config.window, progress=lambda share: log.share(share, "windows of words")
    )
    idf = inverse_frequencies(ids, bounds, words=size)
    graph = normalised(
        mutual_information(counts, least=config.min_pmi), document_words(ids, bounds, idf, sublinear=config.sublinear)
    )
    joined = (graph.words.nnz - size) // 2
    log.note(
        f"a graph of {len(bounds) - 1:,} documents and {size:,} words, {joined:,} pairs of these joined; it is "
        "transductive: new texts are read by the words they have in common with it"
    )
    return graph, idf


# ---------------------------------------------------------------------------------------------- the network


class _Edges(NamedTuple):
    """A sparse matrix as rows of places and weights, and its transpose."""

    matrix: tuple[Any, Any, Any]
    transpose: tuple[Any, Any, Any]

    @classmethod
    def of(cls, matrix: csr_matrix) -> _Edges:
        return cls(_arrays(matrix), _arrays(matrix.T.tocsr()))

    def to(self, device: Any) -> _Edges:
        return _Edges(*(tuple(array.to(device) for array in part) for part in self))


def _arrays(matrix: csr_matrix) -> tuple[Any, Any, Any]:
    """(places, where rows begin, weights)"""
    matrix.sort_indices()
    parts = (matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32), matrix.data.astype(np.float32))
    places, starts, weights = (torch.from_numpy(part) for part in parts)
    return places, starts, weights


class _Product(torch.autograd.Function):  # type: ignore[misc]
    """A sparse matrix times a dense one, as the weighted sums of rows that bags of embeddings are: several times as
    fast on a CPU as torch's own sparse product, and each sum in one order."""

    @staticmethod
    def forward(context: Any, values: Any, edges: _Edges) -> Any:
        context.edges = edges
        return _summed(values, edges.matrix)

    @staticmethod
    def backward(context: Any, slope: Any) -> Any:
        return _summed(slope.contiguous(), context.edges.transpose), None


def _summed(values: Any, arrays: tuple[Any, Any, Any]) -> Any:
    places, starts, weights = arrays
    return functional.embedding_bag(
        places, values, starts, mode="sum", per_sample_weights=weights, include_last_offset=True
    )


class _Parts(NamedTuple):
    """first: all nodes, words before documents; labelled, unlabelled: the rows of these documents"""

    first: _Edges
    labelled: _Edges
    unlabelled: _Edges


class _Network(nn.Module):  # type: ignore[misc]
    def __init__(self, graph: _Parts, nodes: int, labels: int, config: TextGCNConfig) -> None:
        super().__init__()
        self.graph, self.dropout = graph, config.dropout
        self.rows = nn.Parameter(torch.empty(nodes, config.dim))
        self.last = nn.Parameter(torch.empty(config.dim, labels))
        nn.init.xavier_uniform_(self.rows)
        nn.init.xavier_uniform_(self.last)

    def _apply(self, function: Any, recurse: bool = True) -> Any:
        """To a device with all edges."""
        super()._apply(function, recurse)
        self.graph = _Parts(*(part.to(self.rows.device) for part in self.graph))
        return self

    def forward(self) -> Any:
        """float[labelled, labels]"""
        hidden = torch.relu(_Product.apply(self.rows, self.graph.first))
        passed = functional.dropout(hidden, self.dropout, self.training) @ self.last
        return _Product.apply(passed, self.graph.labelled)

    def passed(self) -> Any:
        """float[nodes, labels]: what each passes on to those it is joined to."""
        return torch.relu(_summed(self.rows, self.graph.first.matrix)) @ self.last


def _network(graph: Graph, labelled: int, labels: int, config: TextGCNConfig) -> Any:
    blocks: Any = [[graph.words, graph.documents.T], [graph.documents, diags_array(graph.own)]]
    matrix: csr_matrix = bmat(blocks).tocsr()
    words = len(graph.degrees)
    documents = matrix[words:]
    parts = _Parts(_Edges.of(matrix), _Edges.of(documents[:labelled]), _Edges.of(documents[labelled:]))
    with seeded(config.seed):
        return _Network(parts, matrix.shape[0], labels, config)


def _task(network: Any, gold: Gold, held: Held, joined: tuple[csr_matrix, Floats], config: TextGCNConfig) -> Task:
    counts: list[int] = gold_counts(gold, len(held.labels)).tolist()
    criterion = label_loss(config, counts, len(gold)) if config.label_sep else class_loss(config, counts)
    classes = torch.from_numpy(gold)
    plain = uncalibrated(held.gold, len(held.labels), together=True)
    matrix, own = _arrays(joined[0]), torch.from_numpy(joined[1])

    def loss(network: Any, classes: Any) -> tuple[Any, int]:
        return criterion(network(), classes), len(classes)

    def score(network: Any) -> dict[str, float]:
        """Of held-back texts, each joined to the words that it has."""
        place, words = network.rows.device, joined[0].shape[1]
        edges = tuple(array.to(place) for array in matrix)
        passed = network.passed()[:words]
        hidden = torch.relu(_summed(network.rows[:words], edges))
        decisions = _summed(passed, edges) + own.to(place)[:, None] * (hidden @ network.last)
        found = plain.probabilities(decisions.double().cpu().numpy())
        return held_back_scores(found, held.gold, held.labels, tuned=False)

    tells = len(held.gold) and (held.gold.ndim == 1 or held.gold.any())  # without any label no epoch is the best
    return Task(network=network, batches=lambda _epoch: [classes], loss=loss, score=score if tells else None)


def _digest(graph: Graph, gold: Gold, edges: csr_matrix, held_gold: Gold) -> str:
    """What data a state of training belongs to."""
    digest = hashlib.sha256()
    matrices = [part for matrix in (graph.words, graph.documents, edges) for part in (matrix.indptr, matrix.indices)]
    for part in [*matrices, graph.words.data, graph.documents.data, edges.data, gold, held_gold]:
        digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _counts(graph: Graph, labelled: int) -> dict[str, object]:
    documents, words = graph.documents.shape
    return {
        "words": words,
        "documents": labelled,
        "unlabelled": documents - labelled,
        "pairs_of_words": (graph.words.nnz - words) // 2,
        "words_of_documents": graph.documents.nnz,
    }


def _told(trained: Trained) -> dict[str, object]:
    return {
        **trained.facts,
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "steps": trained.steps,
        "stopped": trained.stopped,
    }
