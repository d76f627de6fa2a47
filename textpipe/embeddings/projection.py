"""Words in a plane: principal components, t-SNE, clusters, and each word's nearest ones among those shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from textpipe.errors import UsageError
from textpipe.metrics.similarity import unit_rows

Method = Literal["tsne", "pca"]
METHODS: tuple[Method, ...] = get_args(Method)
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
NEIGHBOURS = 10
CENTRAL = 5  # words that stand for a cluster
MOST_CLUSTERS = 10
PERPLEXITY = 30.0
_COMPONENTS = 50  # that t-SNE sees
_BLOCK = 1024  # words compared with all others at a time
_FEWEST = 5  # words for t-SNE; fewer are placed by their principal components
_DIGITS, _CLUSTER_DIGITS = 4, 5  # of places and cosines; of vectors: parallel ones differ in the last ones
_ALIKE = 1e-5  # principal components that vary no more than this do not vary


@dataclass(frozen=True)
class MapConfig:
    """How words are placed.

    method: `tsne` (van der Maaten and Hinton 2008) of the first 50 principal components, or the first two of them
    perplexity: about how many neighbours a word keeps; None for 30, or less where there are few words
    clusters: how many, of k-means
    Raises UsageError for numbers that make no sense.
    """

    method: Method = "tsne"
    perplexity: float | None = None
    clusters: int = MOST_CLUSTERS
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"no method {self.method!r}", hint=f"one of: {', '.join(METHODS)}")
        if self.perplexity is not None and not 1 <= self.perplexity <= 1000:
            raise UsageError(f"perplexity is {self.perplexity:g}, but 1 to 1,000 make sense", hint="--perplexity 30")
        if not 1 <= self.clusters <= MOST_CLUSTERS:
            raise UsageError(f"clusters: 1 to {MOST_CLUSTERS} can be told apart, not {self.clusters}")
        if not 0 <= self.seed < 1 << 32:
            raise UsageError("seed: a whole number from 0 to 4,294,967,295 is needed")


class Cluster(NamedTuple):
    """A cluster: how many words it has, and the places of those nearest to its middle."""

    size: int
    central: tuple[int, ...]


@dataclass(frozen=True)
class WordMap:
    """Words with their places, by the same numbers.

    places: float64[words, 2]; cluster: int64[words], from 0, the largest first
    neighbours, similarities: int64 and float64[words, k], the nearest of these words by cosine in the original space
    perplexity: that was used; None where the places are principal components
    """

    words: Sequence[str]
    counts: Integers | None
    places: Floats
    cluster: Integers
    clusters: list[Cluster]
    neighbours: Integers
    similarities: Floats
    config: MapConfig
    perplexity: float | None


def map_words(
    words: Sequence[str],
    matrix: npt.NDArray[np.float32],
    *,
    counts: Integers | None = None,
    config: MapConfig | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> WordMap:
    """Place words in a plane by their vectors, float32[words, dimensions], one word at least.

    `tell` is called with the name of each step. Vectors are compared by direction alone. The same words, vectors
    and settings give the same map on the same machine, whatever number of threads there is.
    Raises UsageError for a perplexity that is not smaller than the number of words.
    """
    from threadpoolctl import threadpool_limits

    config = config if config is not None else MapConfig()
    perplexity = _perplexity(config, len(words))
    units = unit_rows(matrix)
    with threadpool_limits(limits=1):  # sums of several threads come in any order
        tell("finding neighbours")
        neighbours, similarities = _nearest(units, min(NEIGHBOURS, len(words) - 1))
        tell("clustering")
        cluster, clusters = _clusters(units, config)
        tell("principal components")
        places = principal_components(units, _COMPONENTS)
        if perplexity is not None and np.ptp(places[:, 0]) > _ALIKE:
            tell("t-SNE")
            places = _tsne(places, perplexity, config.seed)
        else:
            perplexity, places = None, places[:, :2]
    return WordMap(
        words, counts, places.round(_DIGITS) + 0.0, cluster, clusters, neighbours, similarities, config, perplexity
    )


def principal_components(rows: npt.NDArray[np.floating], number: int) -> Floats:
    """float64[rows, components]: so many at most, and two at least; the largest part of each axis is positive."""
    centred = rows - rows.mean(axis=0, dtype=np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(-values, kind="stable")[:number]
    axes = axes[:, order]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    components = centred @ (axes * np.where(largest < 0, -1.0, 1.0))
    missing = max(0, 2 - components.shape[1])
    return np.pad(components, ((0, 0), (0, missing)))


def _perplexity(config: MapConfig, words: int) -> float | None:
    """What t-SNE is given; None where it is not used."""
    if config.method != "tsne" or words < _FEWEST:
        return None
    if config.perplexity is None:
        return min(PERPLEXITY, (words - 1) / 3)
    if config.perplexity >= words:
        hint = f"--perplexity {max(1, words // 3)}, or more words"
        raise UsageError(f"perplexity {config.perplexity:g} needs more words than {words:,}", hint=hint)
    return config.perplexity


def _tsne(components: Floats, perplexity: float, seed: int) -> Floats:
    from sklearn.manifold import TSNE

    start = components[:, :2] / components[:, 0].std() * 1e-4  # as init="pca" does
    model = TSNE(
        perplexity=perplexity, init=start.astype(np.float32), learning_rate="auto", random_state=seed, n_jobs=1
    )
    places: Floats = model.fit_transform(components.astype(np.float32)).astype(np.float64)
    return places


def _clusters(units: npt.NDArray[np.float32], config: MapConfig) -> tuple[Integers, list[Cluster]]:
    """k-means of vectors of length 1, the largest cluster first."""
    from sklearn.cluster import KMeans

    rounded = units.round(_CLUSTER_DIGITS) + np.float32(0)
    distinct = len(np.unique(rounded, axis=0))
    model = KMeans(min(config.clusters, distinct), n_init=4, random_state=config.seed).fit(rounded)
    labels, firsts, sizes = np.unique(model.labels_, return_index=True, return_counts=True)
    order = labels[np.lexsort((firsts, -sizes))]  # of equal ones that with the first word
    new = np.empty(model.n_clusters, np.int64)
    new[order] = np.arange(len(order))
    cluster = new[model.labels_]
    found = []
    for number, old in enumerate(order):
        members = np.flatnonzero(cluster == number)
        nearness = units[members] @ model.cluster_centers_[old]
        central = members[np.argsort(-nearness, kind="stable")[:CENTRAL]]
        found.append(Cluster(len(members), tuple(central.tolist())))
    return cluster, found


def _nearest(units: npt.NDArray[np.float32], number: int) -> tuple[Integers, Floats]:
    """The nearest other rows of each, the nearest first, of equals the first."""
    found = np.empty((len(units), number), np.int64)
    similarities = np.empty((len(units), number))
    for start in range(0, len(units) if number else 0, _BLOCK):
        scores = units[start : start + _BLOCK] @ units.T
        rows = np.arange(len(scores))
        scores[rows, rows + start] = -np.inf
        best = np.sort(np.argpartition(-scores, number - 1, axis=1)[:, :number], axis=1)
        values = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found[start : start + _BLOCK] = np.take_along_axis(best, order, axis=1)
        similarities[start : start + _BLOCK] = np.take_along_axis(values, order, axis=1)
    return found, similarities.round(_DIGITS) + 0.0
