"""Sentences compared with each other: TextRank over them, and maximal marginal relevance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textpipe.keywords.textrank import DAMPING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DIVERSITY = 0.3  # of maximal marginal relevance: the weight of being unlike what is chosen already
_FEW = 128  # sentences whose graph is solved as a dense matrix: faster, and the same scores
_TOLERANCE, _MAX_ITERATIONS = 1e-10, 500
_NEGLIGIBLE = 1e-14  # eigenvalues below this share of the largest


def textrank(words: Sequence[Sequence[str]], *, few: int = _FEW) -> list[float]:
    """Scores of sentences, 1 on average: PageRank (damping 0.85) over their graph (Mihalcea and Tarau 2004).

    Two sentences are linked by the number of different words that both have, divided by log |a| + log |b|, where
    |a| counts all words of a; sentences of one word count as two, for which alone the paper divides by nothing.
    Memory grows with the words of the document, not with the pairs of its sentences: more than `few` are ranked by
    power iteration over the factors of the graph, until the scores change by less than 1e-10 on average.
    """
    import numpy as np

    if not any(words):
        return [1.0] * len(words)
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for row, sentence in enumerate(words):
        for word in set(sentence):
            rows.append(row)
            columns.append(numbers.setdefault(word, len(numbers)))
    sizes = np.array([max(2, len(sentence)) for sentence in words])
    shape = len(words), len(numbers)
    scores = _solved(rows, columns, shape, sizes) if len(words) <= few else _iterated(rows, columns, shape, sizes)
    found: list[float] = (scores * (len(words) / scores.sum())).tolist()
    return found


def _solved(rows: list[int], columns: list[int], shape: tuple[int, int], sizes: NDArray[np.int_]) -> Floats:
    """The scores of the ranking, up to a factor, of few sentences."""
    import numpy as np

    has = np.zeros(shape)
    has[rows, columns] = 1.0
    logarithms = np.log(sizes)
    links = (has @ has.T) / (logarithms[:, None] + logarithms)
    np.fill_diagonal(links, 0.0)
    out = links.sum(axis=0)
    shares = links / np.where(out > 0, out, 1.0)
    scores: Floats = np.linalg.solve(np.eye(len(sizes)) - DAMPING * shares, np.ones(len(sizes)))
    return scores


def _iterated(rows: list[int], columns: list[int], shape: tuple[int, int], sizes: NDArray[np.int_]) -> Floats:
    """The same of many, without their graph.

    1 / (log a + log b) over the sizes that occur is a small matrix of low rank: as a sum of few products f(a) f(b)
    it lets the graph act on scores through the sentences' words.
    """
    import numpy as np
    from scipy.sparse import csr_array

    count = shape[0]
    has = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    turned = has.T.tocsr()
    different, which = np.unique(sizes, return_inverse=True)
    logarithms = np.log(different)
    values, vectors = np.linalg.eigh(1.0 / (logarithms[:, None] + logarithms))
    kept = values > _NEGLIGIBLE * values[-1]
    factors = (vectors[:, kept] * np.sqrt(values[kept]))[which]
    own_words = np.bincount(rows, minlength=count)
    own = own_words / (2.0 * logarithms[which])

    def linked(scores: Floats) -> Floats:
        found: Floats = ((has @ (turned @ (factors * scores[:, None]))) * factors).sum(axis=1) - own * scores
        return found

    overlaps = np.asarray(has @ (turned @ np.ones(count)))
    shared = overlaps > own_words  # exact, where a small difference of sums is not
    out = np.where(shared, linked(np.ones(count)), 1.0)
    inverse = np.where(shared, 1.0 / out, 0.0)
    scores = np.ones(count)
    for _ in range(_MAX_ITERATIONS):
        previous, scores = scores, (1.0 - DAMPING) + DAMPING * linked(inverse * scores)
        if np.abs(scores - previous).sum() < _TOLERANCE * count:
            break
    return scores


def maximal_marginal_relevance(
    vectors: Sequence[Mapping[str, float]], relevance: Sequence[float], *, k: int, diversity: float = DIVERSITY
) -> list[tuple[int, float]]:
    """(number, score) of the k sentences chosen, in the order of their choice, in which scores never rise.

    Chosen is, each time, the sentence with the largest (1 - diversity) x relevance - diversity x the largest cosine
    with one that was chosen (Carbonell and Goldstein 1998); of equal ones the earlier.
    vectors: the weights of every sentence's words; the cosine with a sentence without words is 0
    """
    import numpy as np

    words = _Postings(vectors)
    weighted = (1.0 - diversity) * np.array(relevance)
    likeness = np.zeros(len(vectors))
    chosen: list[tuple[int, float]] = []
    values = weighted.copy()
    for _ in range(min(k, len(vectors))):
        number = int(np.argmax(values.round(12)))  # equal sentences are equal, however they were added up
        chosen.append((number, float(values[number])))
        np.maximum(likeness, words.cosines(vectors[number]), out=likeness)
        weighted[number] = -math.inf
        values = weighted - diversity * likeness
    return chosen


class _Postings:
    """For every word, the sentences that have it with their share of length 1."""

    def __init__(self, vectors: Sequence[Mapping[str, float]]) -> None:
        import numpy as np

        self._count = len(vectors)
        lists: dict[str, tuple[list[int], list[float]]] = {}
        for number, vector in enumerate(vectors):
            norm = math.sqrt(sum(weight * weight for weight in vector.values()))
            for word, weight in vector.items():
                numbers, weights = lists.setdefault(word, ([], []))
                numbers.append(number)
                weights.append(weight / norm)
        self._lists: dict[str, tuple[NDArray[Any], Floats]] = {
            word: (np.array(numbers), np.array(weights)) for word, (numbers, weights) in lists.items()
        }

    def cosines(self, vector: Mapping[str, float]) -> Floats:
        """float64[sentences]: how alike every sentence is to one of them."""
        import numpy as np

        found = np.zeros(self._count)
        norm = math.sqrt(sum(weight * weight for weight in vector.values()))
        for word, weight in vector.items():
            numbers, weights = self._lists[word]
            found[numbers] += weight / norm * weights
        return found
