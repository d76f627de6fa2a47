"""The matrices of the native engine: where training begins, and the vectors they are in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.start import known_rows
from textpipe.embeddings.subwords import Subwords, buckets_of
from textpipe.embeddings.tokens import TokenFile
from textpipe.embeddings.vectors import Vectors
from textpipe.store.checkpoint import Room, kinds_of

if TYPE_CHECKING:
    from textpipe.embeddings._word2vec import Trainer

Floats = npt.NDArray[np.float32]
_ALIGNMENT = 64  # bytes
_WIDTH = 16  # floats: rows are padded to a multiple


def aligned(rows: int, dim: int) -> Floats:
    """Zeros, float32[rows, dim to the next multiple of 16], at a multiple of 64 bytes."""
    stride = -(-dim // _WIDTH) * _WIDTH
    numbers = np.zeros(rows * stride + _WIDTH, dtype=np.float32)
    first = -numbers.ctypes.data % _ALIGNMENT // numbers.itemsize
    return numbers[first : first + rows * stride].reshape(rows, stride)


def room_in(matrices: Mapping[str, Floats]) -> Room:
    """States of matrices of just these shapes are read into them; their order in the file is free."""
    return lambda kinds: matrices if kinds == kinds_of(matrices) else None


def start(
    tokens: TokenFile, config: EmbeddingConfig, trainer: Trainer, matrices: dict[str, Floats], vectors: Vectors | None
) -> None:
    """word2vec's beginning: small random vectors, no context; but for words that have vectors already."""
    from textpipe.embeddings import _word2vec

    _word2vec.fill(matrices["vectors"], config.dim, config.seed)
    if vectors is None:
        return
    known, rows = known_rows(tokens.vocabulary, vectors, dim=config.dim)
    if vectors.context is not None:
        matrices["context"][known, : config.dim] = vectors.context[rows]
    given = vectors.matrix[rows]
    matrices["vectors"][known, : config.dim] = given
    if config.subword:
        _set_apart(tokens, config, trainer, matrices["vectors"], vectors.subwords, known, given)


def _set_apart(
    tokens: TokenFile,
    config: EmbeddingConfig,
    trainer: Trainer,
    matrix: Floats,
    subwords: Subwords | None,
    known: list[int],
    given: Floats,
) -> None:
    """With subwords a word's vector is a mean: its own row is what lacks to it."""
    size = len(tokens.vocabulary)
    same = subwords is not None and (subwords.min_n, subwords.max_n) == (config.min_n, config.max_n)
    if subwords is not None and same and subwords.matrix.shape == (config.buckets, config.dim):
        matrix[size:, : config.dim] = subwords.matrix
    matrix[known, : config.dim] = 0
    means = composed(tokens, config, trainer)
    words = (tokens.vocabulary.tokens[row] for row in known)
    parts = [1 + sum(1 for _ in buckets_of(word, config.min_n, config.max_n, config.buckets)) for word in words]
    matrix[known, : config.dim] = (given - means[known]) * np.array(parts, dtype=np.float32)[:, None]


def composed(tokens: TokenFile, config: EmbeddingConfig, trainer: Trainer) -> Floats:
    """The vector of every word with subwords: the mean of its own row and those of its n-grams."""
    means = np.empty((len(tokens.vocabulary), config.dim), dtype=np.float32)
    trainer.compose(means)
    return means


def finished(tokens: TokenFile, config: EmbeddingConfig, matrices: dict[str, Floats], means: Floats | None) -> Vectors:
    """The vectors, without padding. Takes the matrices out of the dict, so that each is there once."""
    size, subwords = len(tokens.vocabulary), None
    context = np.ascontiguousarray(matrices.pop("context")[:, : config.dim])
    matrix = np.ascontiguousarray(matrices.pop("vectors")[size if config.subword else 0 :, : config.dim])
    if means is not None:
        matrix, subwords = means, Subwords(config.min_n, config.max_n, matrix)
    counts = np.array(tokens.vocabulary.counts, dtype=np.int64)
    return Vectors(list(tokens.vocabulary.tokens), matrix, counts=counts, context=context, subwords=subwords)
