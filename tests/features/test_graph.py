"""Graphs of documents and words against what a naive reading of the definitions gives."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from textpipe.features import graph
from textpipe.features.graph import (
    count_windows,
    document_words,
    inverse_frequencies,
    joined_documents,
    mutual_information,
    normalised,
)

WORDS = 25


def some_documents(lengths: list[int], *, seed: int = 0) -> list[list[int]]:
    chance = np.random.default_rng(seed)
    return [(chance.zipf(1.5, length) % WORDS).tolist() for length in lengths]


DOCUMENTS = some_documents([0, 1, 2, 5, 19, 20, 21, 40, 100, 0, 3])


def joined(documents: list[list[int]]) -> tuple[Any, Any]:
    """ids and bounds"""
    bounds = np.cumsum([0, *(len(document) for document in documents)])
    return np.array([word for document in documents for word in document], np.int64), bounds


def windows_of(documents: list[list[int]], window: int) -> list[set[int]]:
    """Each window's different words: those of all runs, of a shorter document the one that it is."""
    found = []
    for document in documents:
        if document:
            last = max(len(document) - window, 0)
            found += [set(document[start : start + window]) for start in range(last + 1)]
    return found


def naive_information(documents: list[list[int]], window: int) -> dict[tuple[int, int], float]:
    found = windows_of(documents, window)
    single = Counter(word for one in found for word in one)
    pairs = Counter(pair for one in found for pair in combinations(sorted(one), 2))
    return {
        (a, b): math.log((count / len(found)) / ((single[a] / len(found)) * (single[b] / len(found))))
        for (a, b), count in pairs.items()
    }


@pytest.mark.parametrize("window", [1, 2, 3, 20, 1000])
@pytest.mark.parametrize("at_once", [1, 30, 1 << 19])
def test_windows_are_counted_as_one_by_one(window: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_AT_ONCE", at_once)
    shares: list[float] = []
    found = count_windows(*joined(DOCUMENTS), words=WORDS, window=window, progress=shares.append)
    windows = windows_of(DOCUMENTS, window)
    assert found.windows == len(windows)
    single = Counter(word for one in windows for word in one)
    assert found.words.tolist() == [single[word] for word in range(WORDS)]
    pairs = found.pairs.tocoo()
    counted = dict(zip(zip(pairs.row.tolist(), pairs.col.tolist(), strict=True), pairs.data.tolist(), strict=True))
    assert counted == Counter(pair for one in windows for pair in combinations(sorted(one), 2))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("least", [0.0, 0.7])
def test_mutual_information_is_that_of_the_definition(least: float) -> None:
    matrix = mutual_information(count_windows(*joined(DOCUMENTS), words=WORDS, window=5), least=least).toarray()
    wanted = np.zeros((WORDS, WORDS))
    for (a, b), value in naive_information(DOCUMENTS, 5).items():
        wanted[a, b] = wanted[b, a] = value if value > least else 0.0
    np.testing.assert_allclose(matrix, wanted, atol=1e-12)
    assert wanted.any()


@pytest.mark.parametrize("sublinear", [False, True])
def test_tf_idf_and_normalisation_are_those_of_the_definition(sublinear: bool) -> None:
    ids, bounds = joined(DOCUMENTS)
    idf = inverse_frequencies(ids, bounds, words=WORDS)
    weights = np.zeros((len(DOCUMENTS), WORDS))
    for row, document in enumerate(DOCUMENTS):
        for word, count in Counter(document).items():
            frequency = math.log(len(DOCUMENTS) / sum(word in other for other in DOCUMENTS))
            weights[row, word] = (1 + math.log(count) if sublinear else count) * frequency
    edges = document_words(ids, bounds, idf, sublinear=sublinear)
    np.testing.assert_allclose(edges.toarray(), weights, atol=1e-12)
    near = mutual_information(count_windows(ids, bounds, words=WORDS, window=5))
    whole = np.block([[near.toarray(), weights.T], [weights, np.zeros((len(DOCUMENTS),) * 2)]])
    whole += np.eye(len(whole))
    scale = np.diag(whole.sum(axis=1) ** -0.5)
    found = normalised(near, edges)
    parts = [[found.words.toarray(), found.documents.toarray().T], [found.documents.toarray(), np.diag(found.own)]]
    np.testing.assert_allclose(np.block(parts), scale @ whole @ scale, rtol=1e-6, atol=1e-9)
    new, own = joined_documents(edges[3:5], found.degrees)
    np.testing.assert_allclose(new.toarray(), found.documents[3:5].toarray())
    np.testing.assert_array_equal(own, found.own[3:5])


def test_no_documents_and_documents_without_words_have_no_edges() -> None:
    nothing: list[list[list[int]]] = [[], [[], []]]
    for documents in nothing:
        ids, bounds = joined(documents)
        found = count_windows(ids, bounds, words=3)
        assert (found.windows, found.words.tolist(), found.pairs.nnz) == (0, [0, 0, 0], 0)
        assert mutual_information(found).nnz == 0
    assert document_words(ids, bounds, np.ones(3)).shape == (2, 3)
