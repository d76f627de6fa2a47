"""TextRank keywords (Mihalcea and Tarau 2004) with the weights of jieba.analyse.textrank, and its graph.

Words of chosen parts of speech are linked when fewer than `window` tokens apart, weighted by how often. jieba ranks
by ten sweeps in sorted order, each using what the sweep has already changed, and scales the result; `converge`
runs PageRank to a tolerance instead and gives its probabilities.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from textpipe.keywords.candidates import JIEBA_STOPWORDS, Keyword, Occurrence, WordCounts, WordFilter, ranked

DEFAULT_POS = ("ns", "n", "vn", "v")
WINDOW = 5
DAMPING = 0.85
_SWEEPS = 10
_SMALLEST = 2.2250738585072014e-308


@dataclass
class CooccurrenceGraph:
    """An undirected graph of words: weights by ordered pair as met, and how often and where first words occur.

    A word beside itself is a loop. `add` takes one document, in one call or several; `merge` joins documents.
    """

    window: int = WINDOW
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    words: WordCounts = field(default_factory=WordCounts)
    _recent: deque[Occurrence] = field(default_factory=deque, repr=False, compare=False)

    def add(self, found: Iterable[Occurrence]) -> None:
        """Link words that lie fewer than `window` tokens apart."""
        pairs, recent = self.pairs, self._recent
        for occurrence in self.words.counted(found):
            word, _, position = occurrence
            while recent and recent[0].position <= position - self.window:
                recent.popleft()
            for earlier in recent:
                pair = earlier.word, word
                pairs[pair] = pairs.get(pair, 0) + 1
            recent.append(occurrence)

    def merge(self, other: CooccurrenceGraph) -> None:
        """Add the counts of another graph to this one."""
        for pair, weight in other.pairs.items():
            self.pairs[pair] = self.pairs.get(pair, 0) + weight
        for word, count in other.words.counts.items():
            self.words.counts[word] = self.words.counts.get(word, 0) + count
            self.words.firsts.setdefault(word, other.words.firsts[word])

    def edges(self) -> dict[tuple[str, str], int]:
        """Undirected edges (both orders summed, words in code-point order). A loop counts from both its ends."""
        edges: dict[tuple[str, str], int] = {}
        for (left, right), weight in self.pairs.items():
            edge = (left, right) if left <= right else (right, left)
            edges[edge] = edges.get(edge, 0) + (2 * weight if left == right else weight)
        return edges


def textrank(
    pairs: Iterable[tuple[str, str]],
    *,
    k: int | None = 20,
    pos: Collection[str] = DEFAULT_POS,
    window: int = WINDOW,
    stopwords: Collection[str] = JIEBA_STOPWORDS,
    lowercase: bool = False,
    converge: bool = False,
) -> list[Keyword]:
    """The k best words of one document, given all its (token, part of speech) pairs in order.

    Words and weights are jieba.analyse.textrank's; exact ties may stand in another order. A word with no other
    counted word in its window is no node of the graph and no keyword.
    """
    graph = CooccurrenceGraph(window)
    graph.add(WordFilter(stopwords, lowercase, pos).tagged(pairs))
    return rank(graph, k=k, converge=converge)


def rank(graph: CooccurrenceGraph, *, k: int | None = 20, converge: bool = False) -> list[Keyword]:
    """The k best words of a graph."""
    edges = graph.edges()
    scores = pagerank(edges) if converge else _sweeps(edges)
    return ranked(scores, graph.words.counts, graph.words.firsts, k=k)


def _sweeps(edges: dict[tuple[str, str], int]) -> dict[str, float]:
    """jieba's ranking: ten sweeps over the words in sorted order, then scaled by the largest and the smallest."""
    words = sorted({word for edge in edges for word in edge})
    if not words:
        return {}
    number = {word: index for index, word in enumerate(words)}
    out = [0.0] * len(words)
    for (left, right), weight in edges.items():
        out[number[left]] += weight
        if left != right:
            out[number[right]] += weight
    incoming: list[list[tuple[float, int]]] = [[] for _ in words]
    for (left, right), weight in edges.items():
        a, b = number[left], number[right]
        incoming[a].append((weight / out[b], b))
        if a != b:
            incoming[b].append((weight / out[a], a))
    scores = [1.0 / len(words)] * len(words)
    for _ in range(_SWEEPS):
        for index, links in enumerate(incoming):
            received = 0.0
            for share, source in links:
                received += share * scores[source]
            scores[index] = (1 - DAMPING) + DAMPING * received
    smallest, largest = min(scores), max(_SMALLEST, *scores)
    return {
        word: (score - smallest / 10.0) / (largest - smallest / 10.0) for word, score in zip(words, scores, strict=True)
    }


def pagerank(
    edges: dict[tuple[str, str], int], *, tolerance: float = 1e-12, max_iterations: int = 1000
) -> dict[str, float]:
    """PageRank probabilities by power iteration (sum of changes under `tolerance`); they sum to 1.

    Equal to networkx.pagerank on the same weighted graph. Damping 0.85 shrinks the error by that factor an
    iteration at least, so that 200 iterations are enough for any graph.
    """
    import numpy as np
    from scipy.sparse import csr_array

    words = sorted({word for edge in edges for word in edge})
    if not words:
        return {}
    number = {word: index for index, word in enumerate(words)}
    left = np.fromiter((number[edge[0]] for edge in edges), dtype=np.int64, count=len(edges))
    right = np.fromiter((number[edge[1]] for edge in edges), dtype=np.int64, count=len(edges))
    weight = np.fromiter(edges.values(), dtype=np.float64, count=len(edges))
    apart = left != right
    rows = np.concatenate((left, right[apart]))
    columns = np.concatenate((right, left[apart]))
    values = np.concatenate((weight, weight[apart]))
    out = np.bincount(columns, weights=values, minlength=len(words))
    transition = csr_array((values / out[columns], (rows, columns)), shape=(len(words), len(words)))
    scores = np.full(len(words), 1.0 / len(words))
    for _ in range(max_iterations):
        previous, scores = scores, DAMPING * (transition @ scores) + (1 - DAMPING) / len(words)
        if np.abs(scores - previous).sum() < tolerance:
            break
    return dict(zip(words, scores.tolist(), strict=True))
