"""Where training begins: at random, or at vectors that were trained before."""

from __future__ import annotations

import numpy as np

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.search import Floats
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import UsageError
from textpipe.vocabulary import Vocabulary


def starting_matrices(
    vocabulary: Vocabulary, config: EmbeddingConfig, vectors: Vectors | None
) -> tuple[Floats, Floats]:
    """Word and context vectors, float32[words, dim] both: uniform within ±1/(2 dim), and 0, as in word2vec.c.

    Words that `vectors` has start at its rows. Raises UsageError when those have another length.
    """
    shape = (len(vocabulary), config.dim)
    matrix = (np.random.default_rng(config.seed).random(shape, dtype=np.float32) - np.float32(0.5)) / np.float32(
        config.dim
    )
    context = np.zeros(shape, dtype=np.float32)
    if vectors is None:
        return matrix, context
    rows, old = known_rows(vocabulary, vectors, dim=config.dim)
    matrix[rows] = vectors.matrix[old]
    if vectors.context is not None:
        context[rows] = vectors.context[old]
    return matrix, context


def known_rows(vocabulary: Vocabulary, vectors: Vectors, *, dim: int) -> tuple[list[int], list[int]]:
    """Of the words that both have: their rows in the vocabulary, and in `vectors`.

    Raises UsageError when the vectors are not of `dim` numbers.
    """
    length = vectors.matrix.shape[1]
    if length != dim:
        raise UsageError(f"the vectors to go on from have {length} dimensions, not {dim}", hint=f"--dim {length}")
    places = {word: place for place, word in enumerate(vectors.words)}
    rows = [row for row, word in enumerate(vocabulary.tokens) if word in places]
    return rows, [places[vocabulary.tokens[row]] for row in rows]
