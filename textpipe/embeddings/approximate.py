"""Approximate search by a graph (HNSW, Malkov and Yashunin 2018) of usearch, for very many words of a large vocabulary.

Building the graph takes as long as some 50,000 exact searches, however many rows there are: below that it does not pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from textpipe.embeddings.search import Doubles, Found, exact_cosines, nearest, ranked, unit
from textpipe.embeddings.vectors import Neighbour, Vectors
from textpipe.errors import UsageError

PAYS_FROM_ROWS, PAYS_FROM_QUERIES = 1_000_000, 50_000
_MORE = 2  # times as many candidates as asked for: usearch ranks by float32
_SAMPLE = 100  # queries of which recall is measured
_BLOCK = 1 << 16  # rows added at a time


def pays(rows: int, queries: int) -> bool:
    """Whether a graph is worth building, and usearch is there to build it."""
    return rows >= PAYS_FROM_ROWS and queries >= PAYS_FROM_QUERIES and find_spec("usearch") is not None


class ApproximateSearch:
    """A graph of the rows of vectors, in memory. Raises UsageError when usearch is not installed.

    Rows of zeros, which have no direction, are not in it.
    """

    def __init__(self, vectors: Vectors) -> None:
        if find_spec("usearch") is None:
            raise UsageError("approximate search needs usearch", hint="pip install 'textpipe-zh[search]'")
        from usearch.index import Index

        self._vectors = vectors
        self._index = Index(ndim=vectors.vector_size, metric="cos", dtype="f32")
        for start in range(0, len(vectors), _BLOCK):
            block = unit(vectors.matrix[start : start + _BLOCK].astype(np.float64)).astype(np.float32)
            rows = np.flatnonzero(block.any(axis=1))
            self._index.add(rows + start, block[rows])

    def similar_to_each(self, words: Sequence[str], k: int) -> list[list[Neighbour]]:
        """As `Vectors.similar_to_each`, of words; some neighbours may be missed, scores are exact."""
        return [
            [Neighbour(self._vectors.words[row], float(score)) for row, score in zip(*found, strict=True)]
            for found in self._found(words, k)
        ]

    def recall(self, words: Sequence[str], k: int) -> float:
        """The share of the k nearest, by exact search, that is found, over a sample of the words."""
        sample = words[:: max(1, len(words) // _SAMPLE)][:_SAMPLE]
        left_out = [self._own(word) for word in sample]
        exact = nearest(self._vectors.matrix, self._asked(sample), k, left_out=left_out)
        shares = [
            len(np.intersect1d(one.rows, other.rows)) / len(one.rows)
            for one, other in zip(exact, self._found(sample, k), strict=True)
            if len(one.rows)
        ]
        return float(np.mean(shares)) if shares else 1.0

    def _asked(self, words: Sequence[str]) -> Doubles:
        return np.array([self._vectors[word] for word in words], np.float64).reshape(-1, self._vectors.vector_size)

    def _own(self, word: str) -> list[int]:
        place = self._vectors.place(word)
        return [] if place is None else [place]

    def _found(self, words: Sequence[str], k: int) -> list[Found]:
        from usearch.index import BatchMatches

        queries = unit(self._asked(words))
        if not len(queries) or not len(self._index):
            return [Found(np.empty(0, np.int64), np.empty(0)) for _ in words]
        matches = self._index.search(queries.astype(np.float32), min(_MORE * (k + 1), len(self._index)))
        batch = list(matches) if isinstance(matches, BatchMatches) else [matches]
        found = []
        for word, query, near in zip(words, queries, batch, strict=True):
            rows = np.setdiff1d(np.asarray(near.keys, np.int64), self._own(word))
            found.append(ranked(rows, exact_cosines(self._vectors.matrix[rows], query), k))
        return found
