"""How near a phrase is to its document, by word vectors (as EmbedRank's, Bennani-Smires et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class WordVectors(Protocol):
    """Where vectors of words come from: float[dimensions] each, None for a word that has none."""

    def vector(self, word: str, /) -> npt.NDArray[np.floating] | None: ...


class DocumentSimilarity:
    """Cosines between phrases of one document and the document.

    A word's vector has length 1; a word without one has the mean of its characters'. The document's is the sum of
    its words', each times count and IDF, a phrase's the sum of its words'.
    """

    def __init__(self, vectors: WordVectors, words: Sequence[str], counts: Sequence[int], idf: Sequence[float]) -> None:
        self._words = [_unit(_vector(vectors, word)) for word in words]
        weights = [count * (weight or 1.0) for count, weight in zip(counts, idf, strict=True)]  # all alike without IDF
        self._document = _unit(
            _sum([weight * vector for weight, vector in zip(weights, self._words, strict=True) if vector is not None])
        )

    def of(self, words: Sequence[int]) -> float | None:
        """The cosine of the words with these numbers, -1 to 1; None when none of them has a vector."""
        phrase = _unit(_sum([vector for word in words if (vector := self._words[word]) is not None]))
        return None if phrase is None or self._document is None else float(phrase @ self._document)


def _vector(vectors: WordVectors, word: str) -> Floats | None:
    own = vectors.vector(word)
    if own is not None:
        return own.astype("float64")
    return _sum([one.astype("float64") for character in word if (one := vectors.vector(character)) is not None])


def _sum(vectors: Sequence[Floats]) -> Floats | None:
    if not vectors:
        return None
    total = vectors[0].copy()
    for vector in vectors[1:]:
        total += vector
    return total


def _unit(vector: Floats | None) -> Floats | None:
    if vector is None:
        return None
    length = float((vector @ vector) ** 0.5)
    return vector / length if length > 0 else None
