"""Texts → rows of TF-IDF weights of n-grams, and straight to the sums of a linear model.

idf is ln((1 + documents) / (1 + documents with the n-gram)) + 1; each block, characters and words, has length 1 by
itself (as scikit-learn's TfidfVectorizer has with `smooth_idf` and `norm="l2"`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.features.blocks import CHARS, Cut, Tokens, cut, occurrences, portions, words_among
from textpipe.features.characters import Integers, characters_of, starts_of
from textpipe.features.config import FeatureConfig
from textpipe.features.hashing import starts
from textpipe.features.table import Table, look_up, make_table

if TYPE_CHECKING:
    from textpipe.features._ngrams import Settings

Floats = npt.NDArray[np.float32]
_TEXTS_AT_ONCE = 1 << 14


class Rows(NamedTuple):
    """A sparse matrix, a row a text: bounds int64[texts + 1], columns int32[n] and values float64[n] of each row."""

    bounds: Integers
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]


class Known(NamedTuple):
    """Where n-grams of one length stand that are features. block: CHARS or WORDS; texts, places: int64[n], of each the
    text, and the character or word it begins with (see `blocks.occurrences`); columns: int64[n], of each its feature"""

    block: int
    length: int
    texts: Integers
    places: Integers
    columns: Integers


class Vectorizer:
    """n-grams that are features, and what each weighs.

    table: where their columns are found; features: how many; chars: how many of them, the first ones, are of characters
    documents: those they were learned from; seed: of the hashes; spans: how texts are cut, for n-grams of words
    names: tells the n-grams by column, a space between words
    counts: an n-gram weighs how often it occurs (or 1 + ln of that), of whatever length a text may be
    compiled: the kernel (None: if it is there); without it NumPy gives the same, slower
    """

    def __init__(
        self,
        config: FeatureConfig,
        table: Table,
        *,
        features: int,
        chars: int,
        documents: int,
        seed: int,
        spans: Cut,
        names: Callable[[], list[str]],
        counts: bool = False,
        compiled: bool | None = None,
    ) -> None:
        self.config = config
        self.table = table
        self.features = features
        self.chars = chars
        self.documents = documents
        self.seed = seed
        self.counts = counts
        self._tell_names = names
        self._spans = spans
        self._compiled = has_kernel() if compiled is None else compiled

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        config: FeatureConfig,
        *,
        spans: Cut,
        counts: bool = False,
        progress: Callable[[float], None] = lambda _share: None,
        compiled: bool | None = None,
    ) -> Vectorizer:
        """The vectorizer of these texts; progress is told the share that is done."""
        from textpipe.features.counting import choose_features

        chosen = choose_features(texts, config, spans, progress)
        rarity = np.log((1 + len(texts)) / (1 + chosen.documents)) + 1
        idf = np.ones(len(chosen.names)) if counts else rarity
        return cls(
            config,
            make_table(chosen.hashes, idf.astype(np.float32)),
            features=len(chosen.names),
            chars=chosen.chars,
            documents=len(texts),
            seed=chosen.seed,
            spans=spans,
            names=lambda: chosen.names,
            counts=counts,
            compiled=compiled,
        )

    @functools.cached_property
    def names(self) -> list[str]:
        """The n-grams by column, a space between words; of a vectorizer from the disk they are read now."""
        return self._tell_names()

    @property
    def idf(self) -> Floats:
        """float32[features]: the weight of each n-gram."""
        taken = self.table[self.table["row"] < self.features]
        idf = np.zeros(self.features, np.float32)
        idf[taken["row"]] = taken["idf"]
        return idf

    def rows(self, texts: Sequence[str], *, progress: Callable[[float], None] = lambda _share: None) -> Rows:
        """The weighted n-grams of each text."""
        parts = []
        for portion in portions(texts):
            some = texts[portion.start : portion.stop]
            parts.append(self._rows_compiled(some) if self._compiled else self._rows_plain(some))
            progress(portion.stop / len(texts))
        if not parts:
            return _nothing(0)
        bounds = starts_of(np.concatenate([np.diff(part.bounds) for part in parts]))
        return Rows(bounds, np.concatenate([p.columns for p in parts]), np.concatenate([p.values for p in parts]))

    def score(self, texts: Sequence[str], weights: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(float32[texts, labels]: each text's row times `weights`, float32[features, labels]; whether any n-gram of it
        is a feature)"""
        sums = np.zeros((len(texts), weights.shape[1]), np.float32)
        known = np.zeros(len(texts), np.bool_)
        if self._compiled:
            for first in range(0, len(texts), _TEXTS_AT_ONCE):  # not more: their tokens are held
                some = slice(first, first + _TEXTS_AT_ONCE)
                self._score_compiled(texts[some], weights, sums[some], known[some])
        else:
            for portion in portions(texts):
                some = slice(portion.start, portion.stop)
                self._score_plain(texts[some], weights, sums[some], known[some])
        return sums, known

    def known(self, texts: Sequence[str]) -> Iterator[Known]:
        """Where the features stand in texts, by block and length."""
        for block, one in occurrences(texts, self.config, self._cut(texts), starts(self.seed)):
            columns, _ = look_up(self.table, one.hashes)
            found = (columns >= 0) & (columns < self.features)
            yield Known(block, one.length, one.texts[found], one.places[found], columns[found])

    def words(self, texts: Sequence[str]) -> tuple[Integers, Integers]:
        """(int64[words, 2]: start and end, in its text, of each token that n-grams of words are made of; int64[texts +
        1]: where those of each text begin). None where there is no block of words."""
        tokens = self._cut(texts)
        if tokens is None:
            return np.zeros((0, 2), np.int64), np.zeros(len(texts) + 1, np.int64)
        kept, bounds = words_among(characters_of(texts, folding=self.config.fold), tokens)
        return tokens.spans[kept].astype(np.int64), bounds

    # ---------------------------------------------------------------------------------------------- the kernel

    @functools.cached_property
    def _settings(self) -> Settings:
        config = self.config
        chars = config.char_ngrams if config.chars else (0, 0)
        words = config.word_ngrams if config.words else (0, 0)
        return (*chars, *words, config.fold, config.sublinear, self.counts, *starts(self.seed))

    def _cut(self, texts: Sequence[str]) -> Tokens | None:
        return cut(texts, self._spans) if self.config.words else None

    def _score_compiled(
        self, texts: Sequence[str], weights: Floats, sums: Floats, known: npt.NDArray[np.bool_]
    ) -> None:
        from textpipe.features._ngrams import score

        spans, bounds = self._cut(texts) or (None, None)
        score(texts, spans, bounds, self.table, weights, weights.shape[1], sums, known, self._settings)

    def _rows_compiled(self, texts: Sequence[str]) -> Rows:
        from textpipe.features._ngrams import rows

        spans, bounds = self._cut(texts) or (None, None)
        ends, columns, values = rows(texts, spans, bounds, self.table, self.features, self._settings)
        starting = np.concatenate([[0], np.frombuffer(ends, np.int64)])
        return Rows(starting, np.frombuffer(columns, np.int32), np.frombuffer(values, np.float64))

    # ---------------------------------------------------------------------------------------------- NumPy

    def _score_plain(self, texts: Sequence[str], weights: Floats, sums: Floats, known: npt.NDArray[np.bool_]) -> None:
        rows = self._rows_plain(texts)
        lengths = np.diff(rows.bounds)
        known[:] = lengths > 0
        step = max(1, (1 << 22) // weights.shape[1])
        texts_of = np.repeat(np.arange(len(texts)), lengths)
        for first in range(0, len(rows.columns), step):
            some = slice(first, first + step)
            weighted = weights[rows.columns[some]] * rows.values[some, None].astype(np.float32)
            begins = np.flatnonzero(np.diff(texts_of[some], prepend=-1))
            sums[texts_of[some][begins]] += np.add.reduceat(weighted, begins, axis=0)

    def _rows_plain(self, texts: Sequence[str]) -> Rows:
        found = [
            self._found(block, one.texts, one.hashes)
            for block, one in occurrences(texts, self.config, self._cut(texts), starts(self.seed))
        ]
        if not found:
            return _nothing(len(texts))
        text, block, column, idf = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        key = text * (self.features + 1) + column
        _, first, counts = np.unique(key, return_index=True, return_counts=True)
        text, block, column, idf = text[first], block[first], column[first], idf[first].astype(np.float64)
        values = (1 + np.log(counts) if self.config.sublinear else counts) * idf
        bounds = starts_of(np.bincount(text, minlength=len(texts)))
        if self.counts:
            return Rows(bounds, column.astype(np.int32), values)
        group = 2 * text + block
        lengths = np.sqrt(np.bincount(group, values * values, minlength=2 * len(texts)))
        return Rows(bounds, column.astype(np.int32), values / lengths[group])

    def _found(
        self, block: int, texts: Integers, hashes: npt.NDArray[np.uint64]
    ) -> tuple[Integers, Integers, Integers, Floats]:
        columns, idf = look_up(self.table, hashes)
        known = (columns >= 0) & (columns < self.features)
        return texts[known], np.full(int(known.sum()), block != CHARS, np.int64), columns[known], idf[known]


def _nothing(texts: int) -> Rows:
    return Rows(np.zeros(texts + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float64))


def has_kernel() -> bool:
    """Whether the compiled kernel is there."""
    return find_spec("textpipe.features._ngrams") is not None
