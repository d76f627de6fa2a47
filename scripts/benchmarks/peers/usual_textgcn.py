"""TextGCN as it is commonly written: the graph counted pair by pair in Python, then a network over a dense adjacency.

Graph, architecture, sizes, first weights and settings are those of the published code (yao8839836/text_gcn: windows of
20, positive PMI, TF-IDF, 200 hidden units, dropout 0.5 on features and hidden units, Adam at 0.02, at most 200 epochs,
early stopping after 10 on the mean loss of a held-back tenth), which is for TensorFlow 1; the code is our own. All
texts, those to be classified too, are nodes.

`dense`: adjacency and product as matrices. `sparse`: torch's sparse matrix, as the published code has TensorFlow's. The
first layer's features are the identity, so that both multiply the adjacency with the weights, as a port would; dropout
of identity features leaves out nodes.
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import coo_matrix, csr_matrix, diags_array, eye_array
from torch.nn import functional

WINDOW, HIDDEN, RATE, DROPOUT, EPOCHS, PATIENCE = 20, 200, 0.02, 0.5, 200, 10


class UsualGraph(NamedTuple):
    """adjacency: normalised, documents before words; documents: how many; seconds: of CPU, to count and make it"""

    adjacency: csr_matrix
    documents: int
    seconds: float


def usual_graph(texts: Sequence[str]) -> UsualGraph:
    """Of texts whose words are apart."""
    began = time.process_time()
    documents = [text.split() for text in texts]
    vocabulary = {word: place for place, word in enumerate(dict.fromkeys(w for words in documents for w in words))}
    windows = []
    for words in documents:
        if len(words) <= WINDOW:
            windows.append(words)
        else:
            windows += [words[start : start + WINDOW] for start in range(len(words) - WINDOW + 1)]
    single: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for window in windows:
        ids = sorted({vocabulary[word] for word in window})
        single.update(ids)
        pairs.update(combinations(ids, 2))
    rows, columns, weights = [], [], []
    first = len(documents)
    for (one, other), count in pairs.items():
        pmi = math.log(count * len(windows) / (single[one] * single[other]))
        if pmi > 0:
            rows += [first + one, first + other]
            columns += [first + other, first + one]
            weights += [pmi, pmi]
    frequency = Counter(word for words in documents for word in set(words))
    for place, words in enumerate(documents):
        for word, count in Counter(words).items():
            weight = count * math.log(len(documents) / frequency[word])
            rows += [place, first + vocabulary[word]]
            columns += [first + vocabulary[word], place]
            weights += [weight, weight]
    size = first + len(vocabulary)
    adjacency = coo_matrix((np.array(weights), (np.array(rows), np.array(columns))), (size, size)).tocsr() + eye_array(
        size
    )
    scale = diags_array(np.asarray(adjacency.sum(axis=1)).ravel() ** -0.5)
    found = (scale @ adjacency @ scale).tocsr().astype(np.float32)
    return UsualGraph(found, first, time.process_time() - began)


class UsualTextGCN:
    """It in training, an epoch at a time. labels: of the first documents; a tenth of them is held back."""

    def __init__(self, graph: UsualGraph, labels: Sequence[str], *, seed: int, dense: bool) -> None:
        self.graph, self.labels = graph, sorted(set(labels))
        gold = torch.tensor([self.labels.index(label) for label in labels])
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(gold)))
        self.held, self.learned, self.gold = order[: len(gold) // 10], order[len(gold) // 10 :], gold
        torch.manual_seed(seed)
        size = graph.adjacency.shape[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's sparse matrices are called a beta
            self.adjacency = torch.from_numpy(graph.adjacency.toarray()) if dense else _sparse(graph.adjacency)
        self.weights = [torch.empty(size, HIDDEN), torch.empty(HIDDEN, len(self.labels))]
        for weight in self.weights:
            torch.nn.init.xavier_uniform_(weight)
            weight.requires_grad_()
        self.optimizer = torch.optim.Adam(self.weights, lr=RATE)
        self.losses: list[float] = []

    def decisions(self, *, training: bool) -> Any:
        """float[nodes, labels]"""
        kept = functional.dropout(torch.ones(len(self.weights[0]), 1), DROPOUT, training)
        hidden = torch.relu(self.adjacency @ (kept * self.weights[0]))
        return self.adjacency @ (functional.dropout(hidden, DROPOUT, training) @ self.weights[1])

    def epoch(self) -> float:
        """Seconds of CPU, with those of the held-back loss that says when to stop, as the published code has it."""
        began = time.process_time()
        found = self.decisions(training=True)
        loss = functional.cross_entropy(found[self.learned], self.gold[self.learned])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.inference_mode():
            found = self.decisions(training=False)
            self.losses.append(float(functional.cross_entropy(found[self.held], self.gold[self.held])))
        return time.process_time() - began

    @property
    def ended(self) -> bool:
        """Whether it is to stop: the loss is above the mean of those before, or it was long enough."""
        recent = self.losses[-(PATIENCE + 1) : -1]
        rising = len(self.losses) > PATIENCE and self.losses[-1] > sum(recent) / len(recent)
        return rising or len(self.losses) >= EPOCHS

    def predicted(self) -> list[str]:
        """The labels of the documents that have none."""
        with torch.inference_mode():
            found = self.decisions(training=False)[len(self.gold) : self.graph.documents].argmax(1)
        return [self.labels[place] for place in found.tolist()]


def _sparse(matrix: csr_matrix) -> Any:
    parts = [torch.from_numpy(part) for part in (matrix.indptr, matrix.indices, matrix.data)]
    return torch.sparse_csr_tensor(*parts, size=matrix.shape, check_invariants=False)
