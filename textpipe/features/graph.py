"""A graph of documents and their words, as sparse matrices: what a graph network reads (Yao et al. 2019).

Words are joined by how much more often they share a window of text than by chance (pointwise mutual information, where
it is positive), a document and its words by TF-IDF, every node and itself by 1. Windows are runs of `window` words; a
shorter document is one window.

Each window that has two words is counted where both occur for the last time in it, so that a word is looked at with the
next window - 1 words alone, not with all words of all windows: the work grows with texts * window.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
_AT_ONCE = 1 << 19  # words whose windows are looked at together
_NEVER = np.iinfo(np.int32).max


class WindowCounts(NamedTuple):
    """windows: how many there are; words: int64[words], how many have each; pairs: int64[words, words], how many have
    two different ones, the lesser number first (an upper triangle)"""

    windows: int
    words: Integers
    pairs: csr_matrix


def count_windows(
    ids: npt.NDArray[np.integer],
    bounds: Integers,
    *,
    words: int,
    window: int = 20,
    progress: Callable[[float], None] = lambda _share: None,
) -> WindowCounts:
    """In how many windows words are, alone and in pairs.

    ids: of all documents' words, one document after the other, below `words`; bounds: int64[documents + 1], where each
    begins and the last one ends; progress is told the share that is done. Memory: that of the pairs, twice.
    """
    lengths = np.diff(bounds)
    windows = int(np.where(lengths > window, lengths - window + 1, np.minimum(lengths, 1)).sum())
    single = np.zeros(words, np.int64)
    pairs = _summed([], words)
    for first, last in _portions(bounds):
        some = bounds[first : last + 1]
        found = _counted(ids[some[0] : some[-1]].astype(np.int32), (some - some[0]).astype(np.int32), words, window)
        single += found[0]
        pairs = pairs + found[1]
        progress(float(some[-1]) / max(int(bounds[-1]), 1))
    return WindowCounts(windows, single, pairs)


def _portions(bounds: Integers) -> list[tuple[int, int]]:
    """(first, after the last) document of portions of about half a million words."""
    places = np.arange(0, int(bounds[-1]) + _AT_ONCE, _AT_ONCE)
    edges = sorted({0, len(bounds) - 1, *np.searchsorted(bounds, places).clip(max=len(bounds) - 1).tolist()})
    return list(pairwise(edges))


def _counted(ids: Places, bounds: Places, words: int, window: int) -> tuple[Integers, csr_matrix]:
    """(single, pairs) of some documents. A window is known by its last place; of a place there are those windows that
    begin no later, end before its word comes again, and are in the document."""
    places = np.arange(len(ids), dtype=np.int32)
    lengths = np.diff(bounds)
    begin, end = np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)
    least = np.minimum(begin + window, end) - 1  # where the first window of the document ends
    after = np.minimum(np.minimum(places + window, end), _comes_again(ids, begin))  # first end that is too late
    single = np.bincount(ids, np.maximum(after - np.maximum(places, least), 0), words).astype(np.int64)
    parts = []
    for distance in range(1, min(window, int(lengths.max(initial=1)))):
        left, right = places[:-distance], places[distance:]
        count = np.minimum(after[:-distance], after[distance:]) - np.maximum(right, least[:-distance])
        kept = np.flatnonzero((count > 0) & (begin[:-distance] == begin[distance:]) & (ids[left] != ids[right]))
        parts.append((ids[left[kept]], ids[right[kept]], count[kept]))
    return single, _summed(parts, words)


def _summed(parts: list[tuple[Places, Places, Places]], words: int) -> csr_matrix:
    """int64[words, words]: the counts of pairs, the lesser number first, added up."""
    from scipy.sparse import coo_matrix

    nothing = np.zeros(0, np.int32)
    one, other, counts = (np.concatenate(arrays) for arrays in zip((nothing,) * 3, *parts, strict=True))
    places = (np.minimum(one, other), np.maximum(one, other))
    pairs = coo_matrix((counts.astype(np.int64), places), (words, words)).tocsr()
    pairs.sum_duplicates()
    return pairs


def _comes_again(ids: Places, begin: Places) -> Places:
    """int32[places]: where each place's word comes next in its document, beyond every place where it does not."""
    order = np.lexsort((ids, begin))  # which keeps the order of places
    same = (ids[order][1:] == ids[order][:-1]) & (begin[order][1:] == begin[order][:-1])
    again = np.full(len(ids), _NEVER, np.int32)
    again[order[:-1][same]] = order[1:][same]
    return again


def mutual_information(counts: WindowCounts, *, least: float = 0.0) -> csr_matrix:
    """float64[words, words], symmetric: ln(p(i, j) / (p(i) p(j))) of the shares of windows, where it is above `least`
    (Church and Hanks 1990)."""
    from scipy.sparse import coo_matrix

    pairs = counts.pairs.tocoo()
    chance = counts.words[pairs.row].astype(np.float64) * counts.words[pairs.col]
    values = np.log(pairs.data * float(counts.windows) / chance)
    kept = values > max(least, 0.0)
    half = coo_matrix((values[kept], (pairs.row[kept], pairs.col[kept])), pairs.shape).tocsr()
    whole: csr_matrix = (half + half.T).tocsr()
    return whole


def inverse_frequencies(ids: npt.NDArray[np.integer], bounds: Integers, *, words: int) -> Doubles:
    """float64[words]: ln(documents / documents with the word), 0 of words that none has (Jones 1972)."""
    from scipy.sparse import csr_matrix

    rows = csr_matrix((np.ones(len(ids), np.int8), ids, bounds), (len(bounds) - 1, words))
    rows.sum_duplicates()
    counts = np.bincount(rows.indices, minlength=words)
    found: Doubles = np.log((len(bounds) - 1) / np.maximum(counts, 1)) * (counts > 0)
    return found


def document_words(
    ids: npt.NDArray[np.integer], bounds: Integers, idf: Doubles, *, sublinear: bool = False
) -> csr_matrix:
    """float64[documents, words]: tf * idf, tf the count of a word or, sublinear, 1 + its logarithm; without zeros."""
    from scipy.sparse import csr_matrix

    rows = csr_matrix((np.ones(len(ids)), ids.astype(np.int64), bounds), (len(bounds) - 1, len(idf)))
    rows.sum_duplicates()
    tf = 1 + np.log(rows.data) if sublinear else rows.data
    rows.data = tf * idf[rows.indices]
    rows.eliminate_zeros()
    return rows


class Graph(NamedTuple):
    """The parts of D^-1/2 (A + I) D^-1/2, D the sums of the rows of A + I; documents are not joined to each other.

    words: float32[words, words]; documents: float32[documents, words]; own: float32[documents], the diagonal of the
    documents; degrees: float64[words], of D
    """

    words: csr_matrix
    documents: csr_matrix
    own: npt.NDArray[np.float32]
    degrees: Doubles


def normalised(word_word: csr_matrix, document_word: csr_matrix) -> Graph:
    """The graph of words by mutual information and documents by TF-IDF, symmetrically normalised (Kipf and Welling
    2017)."""
    from scipy.sparse import diags_array, eye_array

    sums = np.asarray(word_word.sum(axis=1)).ravel() + np.asarray(document_word.sum(axis=0)).ravel()
    degrees = (sums + 1).astype(np.float64)
    scale = diags_array(degrees**-0.5)
    words = (scale @ (word_word + eye_array(len(degrees))) @ scale).tocsr().astype(np.float32)
    documents, own = joined_documents(document_word, degrees)
    return Graph(words, documents, own, degrees)


def joined_documents(document_word: csr_matrix, degrees: Doubles) -> tuple[csr_matrix, npt.NDArray[np.float32]]:
    """(Graph.documents, Graph.own) of documents that are joined to words with these degrees. A word's degree stays as
    it is, so that a new document changes nothing for others."""
    from scipy.sparse import diags_array

    sums = np.asarray(document_word.sum(axis=1)).ravel() + 1.0
    found = (diags_array(sums**-0.5) @ document_word @ diags_array(degrees**-0.5)).tocsr()
    return found.astype(np.float32), (1 / sums).astype(np.float32)
