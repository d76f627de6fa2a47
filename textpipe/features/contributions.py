"""What each character of a text adds to the sum of a linear model: the sums of a row, taken apart again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.features.blocks import CHARS, WORDS, portions
from textpipe.features.characters import Integers, characters_of, is_kept, starts_of
from textpipe.features.vectorizer import Known, Vectorizer

Doubles = npt.NDArray[np.float64]


class _Items(NamedTuple):
    """The characters, or words, of some texts: where each begins and ends among all their characters, int64[items];
    the number of each text's first one, int64[texts]."""

    starts: Integers
    ends: Integers
    first: Integers


def character_values(
    vectorizer: Vectorizer, texts: Sequence[str], weights: npt.NDArray[np.float32], columns: Integers
) -> list[Doubles]:
    """Of each text float64[characters]: they sum to its row times one column of `weights`.

    weights: float32[features, labels]; columns: int64[texts], of `weights`, one a text
    What an n-gram adds is its weight in the row, with the length of the row, times that of the model. It is divided
    equally among the places where the n-gram stands, and at each among the characters it covers: those of its words
    (white space between them none), and of a run of white space, which n-grams of characters see as one, the first.
    """
    found: list[Doubles] = []
    for portion in portions(texts):
        some = texts[portion.start : portion.stop]
        found += _values(vectorizer, some, weights, columns[portion.start : portion.stop])
    return found


def _values(
    vectorizer: Vectorizer, texts: Sequence[str], weights: npt.NDArray[np.float32], columns: Integers
) -> Iterator[Doubles]:
    bounds = starts_of([len(text) for text in texts])
    total = np.zeros(int(bounds[-1]))
    known = list(vectorizer.known(texts))
    each = _of_each_place(vectorizer, texts, [one.texts * vectorizer.features + one.columns for one in known])
    items = {CHARS: _characters(vectorizer, texts, bounds), WORDS: _words(vectorizer, texts, bounds)}
    sums = {block: np.zeros(len(one.starts)) for block, one in items.items()}
    for one, values in zip(known, each, strict=True):
        sums[one.block] += _shares(items[one.block], one, values * weights[one.columns, columns[one.texts]])
    for block, (starts, ends, _) in items.items():
        lengths = ends - starts
        places = np.arange(lengths.sum()) + np.repeat(starts - starts_of(lengths)[:-1], lengths)
        np.add.at(total, places, np.repeat(sums[block], lengths))
    return (total[first:last] for first, last in pairwise(bounds.tolist()))


def _of_each_place(vectorizer: Vectorizer, texts: Sequence[str], keys: Sequence[Integers]) -> list[Doubles]:
    """What each occurrence has of the weight of its n-gram in the row; keys: text and n-gram of each, in parts."""
    if not keys:
        return []
    bounds, columns, values = vectorizer.rows(texts)
    rows = np.repeat(np.arange(len(texts)), np.diff(bounds)) * vectorizer.features + columns
    order = np.argsort(rows)
    together = np.concatenate(keys)
    _, which, counts = np.unique(together, return_inverse=True, return_counts=True)
    found = values[order[np.searchsorted(rows[order], together)]] / counts[which]
    return np.split(found, np.cumsum([len(key) for key in keys])[:-1])


def _characters(vectorizer: Vectorizer, texts: Sequence[str], bounds: Integers) -> _Items:
    kept = np.flatnonzero(is_kept(characters_of(texts, folding=vectorizer.config.fold)))
    return _Items(kept, kept + 1, np.searchsorted(kept, bounds[:-1]))


def _words(vectorizer: Vectorizer, texts: Sequence[str], bounds: Integers) -> _Items:
    spans, starts = vectorizer.words(texts)
    counts = np.diff(starts)
    placed = spans + np.repeat(bounds[:-1], counts)[:, None]
    return _Items(placed[:, 0], np.minimum(placed[:, 1], np.repeat(bounds[1:], counts)), starts[:-1])


def _shares(items: _Items, known: Known, values: Doubles) -> Doubles:
    """float64[items]: what each character of an item has of n-grams of one length."""
    begin = items.first[known.texts] + known.places
    within = begin[:, None] + np.arange(known.length)
    characters = (items.ends - items.starts)[within].sum(axis=1)
    each = np.repeat(values / characters, known.length)
    return np.bincount(within.ravel(), each, minlength=len(items.starts)).astype(np.float64)  # of no n-grams, integers
