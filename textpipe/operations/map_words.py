"""The map of an embedding's words: which are shown, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypedDict

import numpy as np

from textpipe.embeddings.frequency import most_frequent
from textpipe.embeddings.projection import MapConfig, WordMap, map_words
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError
from textpipe.operations.evaluate import LineReader


class PlaceRecord(TypedDict):
    """A word's place; count is None where the vectors have none, cluster counts from 1."""

    word: str
    x: float
    y: float
    cluster: int
    count: int | None


class MapRecord(TypedDict):
    """Words of an embedding, the most frequent first, each with its place."""

    words: list[PlaceRecord]


class Chosen(NamedTuple):
    """The rows to be shown; of the words that were asked for, those without a vector."""

    rows: list[int]
    unknown: list[str]


def choose_words(vectors: Vectors, *, top: int, words: Sequence[str] | None = None) -> Chosen:
    """The `top` most frequent words; or `words`, each once, in their order.

    Raises InputError when none of the words has a vector.
    """
    if words is None:
        return Chosen(most_frequent(vectors, top).tolist(), [])
    rows = {word: row for row, word in enumerate(vectors.words)}
    asked = list(dict.fromkeys(words))
    known = [rows[word] for word in asked if word in rows]
    return Chosen(known, [word for word in asked if word not in rows])


def read_words(path: str, reader: LineReader) -> list[str]:
    """The words of a file, one a line. Raises InputError when there are none."""
    words = [word for line in reader.lines(path, what="word list") if (word := line.strip())]
    if not words:
        raise InputError("no words", where=path, hint="a word is a line")
    return words


def map_chosen(
    vectors: Vectors,
    rows: Sequence[int],
    config: MapConfig,
    *,
    tell: Callable[[str], None] = lambda _step: None,
) -> WordMap:
    """The map of these rows of the vectors, one at least."""
    places = np.array(rows, np.int64)
    counts = None if vectors.counts is None else vectors.counts[places]
    words = [vectors.words[row] for row in rows]
    return map_words(words, vectors.matrix[places], counts=counts, config=config, tell=tell)


def place_records(found: WordMap) -> list[PlaceRecord]:
    """A record a word."""
    counts = [None] * len(found.words) if found.counts is None else found.counts.tolist()
    places, clusters = found.places.tolist(), found.cluster.tolist()
    return [
        PlaceRecord(word=word, x=x, y=y, cluster=cluster + 1, count=count)
        for word, (x, y), cluster, count in zip(found.words, places, clusters, counts, strict=True)
    ]
