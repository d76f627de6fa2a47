"""How much memory training takes: it grows with the vocabulary, never with the text."""

from __future__ import annotations

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.errors import UsageError

_PROGRAM = 64 << 20  # bytes: the interpreter, numpy, blocks of the file
_BESIDE = 160  # bytes of a word beside its vectors: its text, count, place in tables
_ROW = 16  # numbers that rows are padded to a multiple of


def memory_needed(words: int, config: EmbeddingConfig) -> int:
    """Bytes at most, for so many words: their vectors and contexts, once more when they are saved, and the rest."""
    return _PROGRAM + _buckets(config) + words * _per_word(config)


def words_within(memory: int, config: EmbeddingConfig) -> int:
    """The most words that training has room for. Raises UsageError when two do not fit."""
    words = (memory - _PROGRAM - _buckets(config)) // _per_word(config)
    if words < 2:
        least = -(-memory_needed(2, config) >> 20)
        raise UsageError("too little memory to work with", hint=f"--max-memory {least}M is the least, for two words")
    return words


def _per_word(config: EmbeddingConfig) -> int:
    return _BESIDE + 4 * (2 * _padded(config.dim) + config.dim)


def _buckets(config: EmbeddingConfig) -> int:
    return 8 * config.buckets * _padded(config.dim) if config.subword else 0


def _padded(dim: int) -> int:
    return -(-dim // _ROW) * _ROW
