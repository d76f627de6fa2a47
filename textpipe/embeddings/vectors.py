"""Word vectors: words and a matrix of float32, the words that are near, and the names that gensim's users know."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.search import Doubles, Floats, Found, multiplied, nearest, unit
from textpipe.embeddings.subwords import Subwords
from textpipe.errors import UsageError
from textpipe.text import one_word

if TYPE_CHECKING:
    from gensim.models.keyedvectors import KeyedVectors

Integers = npt.NDArray[np.int64]
_BEFORE_A_TABLE = 8
Query = str | npt.NDArray[np.floating[Any]]


class Neighbour(NamedTuple):
    """A word, and the cosine with what was asked for (with 3CosMul: its product)."""

    word: str
    score: float


class Vectors:
    """Words and their vectors: `matrix` is float32[words, dimensions], a row a word.

    counts: int64[words], how often each occurred; context: float32[words, dimensions], the other half of a trained
    model, from which training can go on; subwords: vectors of character n-grams. None where there are none.
    A word with white space inside is also found as it stands in a file of tokens, with U+2581 in its place.
    Raises ValueError when there are not as many words as rows.
    """

    def __init__(
        self,
        words: list[str],
        matrix: Floats,
        *,
        counts: Integers | None = None,
        context: Floats | None = None,
        subwords: Subwords | None = None,
    ) -> None:
        if matrix.ndim != 2 or len(words) != len(matrix):
            raise ValueError(f"{len(words)} words, but a matrix of shape {matrix.shape}")
        self.words = words
        self.matrix = matrix
        self.counts = counts
        self.context = context
        self.subwords = subwords
        self._asked_for = 0

    @functools.cached_property
    def _places(self) -> Mapping[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.place(word) is not None

    def place(self, word: str) -> int | None:
        """The row of a word, None for one that is not in the vocabulary."""
        found = self._found(word)
        joined = one_word(word) if found is None else word
        return found if joined == word else self._found(joined)

    def _found(self, word: str) -> int | None:
        """By going through the words at first: a table of 200,000 takes longer than the start of a process may."""
        self._asked_for += 1
        if self._asked_for <= _BEFORE_A_TABLE:
            return self.words.index(word) if word in self.words else None
        return self._places.get(word)

    def vector(self, word: str) -> Floats | None:
        """The vector of a word, float32[dimensions], of an unknown one by its subwords; None when it has none."""
        place = self.place(word)
        if place is not None:
            row: Floats = self.matrix[place]
            return row
        if self.subwords is None:
            return None
        found = self.subwords.vector(word)
        return found if found.any() else None

    # ------------------------------------------------------------------------------------------ what is near

    def similar(self, query: Query, k: int = 10) -> list[Neighbour]:
        """The k words nearest to a word (which is left out) or to a vector, by cosine; equal ones by row.

        Raises KeyError for a word without a vector, UsageError for a vector of another length.
        """
        return self.similar_to_each([query], k)[0]

    def similar_to_each(self, queries: Sequence[Query], k: int = 10) -> list[list[Neighbour]]:
        """As `similar`, for several words or vectors at once, which is faster than one after the other."""
        if not queries:
            return []
        rows = [self._row_of(query) for query in queries]
        found = nearest(self.matrix, np.array([self._asked(query) for query in queries]), k, left_out=rows)
        return [self._named(one) for one in found]

    def analogy(self, a: str, b: str, c: str, k: int = 10, *, multiply: bool = False) -> list[Neighbour]:
        """a is to b as c is to …: the k words nearest to b - a + c, the three left out.

        3CosAdd (Mikolov et al. 2013): cosines with the sum of vectors of length 1; with `multiply` 3CosMul (Levy and
        Goldberg 2014). Raises KeyError for a word without a vector.
        """
        if multiply:
            return self.most_similar_cosmul([b, c], [a], topn=k)
        return self.most_similar([b, c], [a], topn=k)

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two words' vectors, 0 when one is of zeros. Raises KeyError for a word without a vector."""
        return _cosine(self._asked(a), self._asked(b))

    def _asked(self, query: Query) -> Doubles:
        if isinstance(query, str):
            return self[query].astype(np.float64)
        given = np.asarray(query, np.float64)
        if given.shape != (self.vector_size,) or not np.isfinite(given).all():
            raise UsageError(f"a vector of {self.vector_size} finite numbers is needed, not of shape {given.shape}")
        return given

    def _row_of(self, query: Query) -> list[int]:
        place = self.place(query) if isinstance(query, str) else None
        return [] if place is None else [place]

    def _named(self, found: Found) -> list[Neighbour]:
        return [
            Neighbour(self.words[row], score)
            for row, score in zip(found.rows.tolist(), found.scores.tolist(), strict=True)
        ]

    # ------------------------------------------------------------------------------------------ gensim's names

    @property
    def vectors(self) -> Floats:
        """The matrix."""
        return self.matrix

    @property
    def vector_size(self) -> int:
        """The number of dimensions."""
        return int(self.matrix.shape[1])

    @property
    def index_to_key(self) -> list[str]:
        """The words, in the order of rows."""
        return self.words

    @property
    def key_to_index(self) -> Mapping[str, int]:
        """word → row"""
        return self._places

    def __getitem__(self, word: str | Sequence[str]) -> Floats:
        """The vector of a word, or the vectors of several, a row each. Raises KeyError when one has none."""
        if not isinstance(word, str):
            return np.array([self[one] for one in word], np.float32).reshape(-1, self.vector_size)
        found = self.vector(word)
        if found is None:
            raise KeyError(f"no vector for {word!r}")
        return found

    def get_vector(self, word: str, norm: bool = False) -> Floats:
        """The vector of a word; with `norm` at length 1. Raises KeyError when it has none."""
        return unit(self[word].astype(np.float64)).astype(np.float32) if norm else self[word]

    def get_index(self, word: str) -> int:
        """The row of a word. Raises KeyError when it is not in the vocabulary."""
        place = self.place(word)
        if place is None:
            raise KeyError(f"{word!r} is not in the vocabulary")
        return place

    def has_index_for(self, word: str) -> bool:
        """Whether the word is in the vocabulary."""
        return word in self

    def most_similar(
        self, positive: Query | Sequence[Query] = (), negative: Query | Sequence[Query] = (), topn: int = 10
    ) -> list[Neighbour]:
        """The words nearest to the sum of `positive` less `negative`, each at length 1; the given ones left out."""
        plus, minus = _several(positive), _several(negative)
        if not plus and not minus:
            raise UsageError("nothing to be similar to: name a word at least")
        parts = [*map(self._asked, plus), *(-self._asked(one) for one in minus)]
        left_out = [row for one in (*plus, *minus) for row in self._row_of(one)]
        total: Doubles = unit(np.array(parts)).sum(axis=0)
        return self._named(nearest(self.matrix, total[None], topn, left_out=[left_out])[0])

    def most_similar_cosmul(
        self, positive: Query | Sequence[Query] = (), negative: Query | Sequence[Query] = (), topn: int = 10
    ) -> list[Neighbour]:
        """As `most_similar`, by 3CosMul."""
        plus, minus = _several(positive), _several(negative)
        if not plus and not minus:
            raise UsageError("nothing to be similar to: name a word at least")
        left_out = [row for one in (*plus, *minus) for row in self._row_of(one)]
        above, below = (
            np.array([self._asked(one) for one in given]).reshape(-1, self.vector_size) for given in (plus, minus)
        )
        return self._named(multiplied(self.matrix, above, below, topn, left_out=left_out))

    def similar_by_word(self, word: str, topn: int = 10) -> list[Neighbour]:
        """As `similar`."""
        return self.similar(word, topn)

    def similar_by_vector(self, vector: npt.NDArray[np.floating[Any]], topn: int = 10) -> list[Neighbour]:
        """As `similar`."""
        return self.similar(vector, topn)

    def distance(self, a: str, b: str) -> float:
        """1 less `similarity`."""
        return 1.0 - self.similarity(a, b)

    def n_similarity(self, some: Sequence[str], others: Sequence[str]) -> float:
        """The cosine of the means of two groups of words."""
        return _cosine(self._mean(some), self._mean(others))

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word that is farthest from the mean of all; words without a vector are left out."""
        known = [word for word in words if self.vector(word) is not None]
        if not known:
            raise UsageError("none of the words has a vector")
        given = unit(np.array([self._asked(word) for word in known]))
        return known[int(np.argmin(given @ unit(given.mean(axis=0))))]

    def _mean(self, words: Sequence[str]) -> Doubles:
        if not words:
            raise UsageError("no words to compare")
        mean: Doubles = np.array([self._asked(word) for word in words]).mean(axis=0)
        return mean

    def to_gensim(self) -> KeyedVectors:
        """The words, vectors and counts as gensim's KeyedVectors. Raises UsageError without gensim."""
        if find_spec("gensim") is None:
            raise UsageError("gensim is not installed", hint="pip install 'textpipe-zh[gensim]'")
        from gensim.models.keyedvectors import KeyedVectors

        keyed = KeyedVectors(self.vector_size)
        keyed.add_vectors(self.words, np.ascontiguousarray(self.matrix))
        if self.counts is not None:  # its parameter `extras` does not work
            keyed.allocate_vecattrs(["count"], [np.int64])
            keyed.expandos["count"][:] = self.counts
        return keyed

    @classmethod
    def from_gensim(cls, keyed: KeyedVectors) -> Self:
        """The words, vectors and counts of gensim's KeyedVectors (of a model: its `wv`)."""
        words = [str(word) for word in keyed.index_to_key]
        counts = np.asarray(keyed.expandos["count"], np.int64) if "count" in keyed.expandos else None
        return cls(words, np.array(keyed.vectors, np.float32), counts=counts)


def _several(given: Query | Iterable[Query]) -> list[Query]:
    return [given] if isinstance(given, str) or (isinstance(given, np.ndarray) and given.ndim == 1) else list(given)


def _cosine(a: Doubles, b: Doubles) -> float:
    return float(np.clip(unit(a) @ unit(b), -1.0, 1.0))
