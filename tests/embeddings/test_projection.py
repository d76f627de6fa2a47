"""Words in a plane: against scikit-learn and plain loops, the same every time, and every degenerate case."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from tests.embeddings.making import random_matrix
from textpipe.embeddings.frequency import most_frequent
from textpipe.embeddings.projection import MapConfig, WordMap, map_words, principal_components
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import UsageError


def grouped(size: int = 20, groups: int = 4) -> np.ndarray:
    """Groups of words in directions of their own."""
    generator = np.random.default_rng(1)
    middles = np.repeat(3 * generator.normal(size=(groups, 12)), size, axis=0)
    return (middles + 0.5 * generator.normal(size=middles.shape)).astype(np.float32)


def mapped(matrix: np.ndarray, **settings: object) -> WordMap:
    words = [f"w{number}" for number in range(len(matrix))]
    return map_words(words, matrix, config=MapConfig(**settings))  # type: ignore[arg-type]


def test_components_are_scikit_learns() -> None:
    rows = random_matrix(40, 10)
    ours = principal_components(rows, 5)
    theirs = PCA(5).fit_transform(rows)
    assert np.abs(ours) == pytest.approx(np.abs(theirs), abs=1e-4)  # an axis may point either way
    assert principal_components(random_matrix(4, 1), 2)[:, 1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_near_words_come_to_lie_near(method: str) -> None:
    found = mapped(grouped(), method=method, clusters=4)
    group = np.repeat(np.arange(4), 20)
    between = np.linalg.norm(found.places[:, None] - found.places[None], axis=2)
    np.fill_diagonal(between, np.inf)
    nearest = group[between.argmin(axis=1)]
    assert (nearest == group).mean() > (0.95 if method == "tsne" else 0.6)
    for members in (found.cluster[group == number] for number in range(4)):
        assert len(set(members.tolist())) == 1  # k-means finds the groups
    assert found.perplexity == (79 / 3 if method == "tsne" else None)


def test_neighbours_against_a_loop() -> None:
    matrix = random_matrix(1100, 6)  # more than a block
    found = mapped(matrix, method="pca")
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    for row in (0, 7, 1023, 1024, 1099):
        cosines = units @ units[row]
        cosines[row] = -2
        expected = sorted(range(1100), key=lambda other, near=cosines: -near[other])[:10]  # type: ignore[misc]
        assert found.neighbours[row].tolist() == expected
        assert found.similarities[row].tolist() == pytest.approx(cosines[expected].tolist(), abs=1e-4)


def test_clusters_are_counted_and_named_by_their_middle() -> None:
    matrix = np.concatenate([grouped(10, 2), grouped(25, 3)[50:]])
    found = mapped(matrix, method="pca", clusters=3)
    assert [cluster.size for cluster in found.clusters] == np.bincount(found.cluster).tolist()
    sizes = [cluster.size for cluster in found.clusters]
    assert sizes == sorted(sizes, reverse=True)
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    for number, cluster in enumerate(found.clusters):
        members = np.flatnonzero(found.cluster == number)
        middle = units[members].mean(axis=0)
        assert cluster.central[0] == members[(units[members] @ middle).argmax()]
        assert set(cluster.central) <= set(members.tolist())


def test_the_same_with_any_number_of_threads() -> None:
    matrix = grouped()
    first = mapped(matrix)
    with threadpool_limits(limits=2):
        again = mapped(matrix)
    assert (first.places == again.places).all()
    assert (first.cluster == again.cluster).all()
    assert (mapped(matrix, perplexity=5).places != first.places).any()


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6])
def test_a_few_words(rows: int) -> None:
    found = mapped(random_matrix(rows, 3))
    assert found.places.shape == (rows, 2)
    assert np.isfinite(found.places).all()
    assert found.neighbours.shape == (rows, min(10, rows - 1))
    assert (found.perplexity is None) == (rows < 5)


@pytest.mark.parametrize(
    "matrix",
    [
        np.ones((9, 4), np.float32),
        np.zeros((9, 4), np.float32),
        np.arange(1, 10, dtype=np.float32)[:, None],
        np.arange(1, 10, dtype=np.float32)[:, None] * random_matrix(1, 7) / 3,
    ],
    ids=["equal", "zero", "one number", "parallel"],
)
def test_words_that_are_all_alike(matrix: np.ndarray) -> None:
    found = mapped(matrix)
    assert found.perplexity is None
    assert found.places.tolist() == [[0, 0]] * 9
    assert len(found.clusters) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "umap"},
        {"perplexity": 0.5},
        {"perplexity": float("nan")},
        {"clusters": 0},
        {"clusters": 11},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        MapConfig(**settings)  # type: ignore[arg-type]


def test_perplexity_needs_words() -> None:
    with pytest.raises(UsageError, match="perplexity 30 needs more words than 20"):
        mapped(random_matrix(20), perplexity=30)


def test_most_frequent() -> None:
    matrix = np.zeros((4, 2), np.float32)
    counted = Vectors(["a", "b", "c", "d"], matrix, counts=np.array([1, 5, 5, 7]))
    assert most_frequent(counted).tolist() == [3, 1, 2, 0]
    assert most_frequent(counted, 2).tolist() == [3, 1]
    assert most_frequent(Vectors(["a", "b", "c", "d"], matrix), 3).tolist() == [0, 1, 2]
