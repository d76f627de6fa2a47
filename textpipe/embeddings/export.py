"""Word vectors into the files that other tools read; what is written here, `formats` reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from textpipe.embeddings.formats import Format
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError
from textpipe.text import one_word

_ROWS = 1024  # written at a time


def written_vectors(vectors: Vectors, format: Format) -> Iterator[bytes]:
    """The vectors as a file in that format, in pieces.

    White space inside a word would divide it: U+2581 stands for each, as in files of tokens. Numbers in text have nine
    digits, which give every float32 back. Raises InputError when two words would become one, and for a word without
    characters, before anything is written.
    """
    words = _escaped(vectors.words)
    count, dimensions = vectors.matrix.shape
    if format != "glove":
        yield f"{count} {dimensions}\n".encode()
    line = _binary_line if format == "word2vec-bin" else _text_line(dimensions)
    for start in range(0, count, _ROWS):
        block = np.ascontiguousarray(vectors.matrix[start : start + _ROWS], "<f4")
        yield b"".join(line(word, row) for word, row in zip(words[start : start + _ROWS], block, strict=True))


def _escaped(words: list[str]) -> list[str]:
    escaped = [one_word(word) for word in words]
    places: dict[str, int] = {}
    for place, word in enumerate(escaped):
        first = places.setdefault(word, place)
        if first != place:
            both = f"{words[first]!r} and {words[place]!r}"
            raise InputError(f"two words would become one in the file: {both} are both {word!r}", hint="rename one")
        if not word or "\0" in word:
            raise InputError(f"a word that no file can hold: {word!r}", hint="leave it out")
    return escaped


def _binary_line(word: str, row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    return b"%b %b\n" % (word.encode(), row.tobytes())


def _text_line(dimensions: int) -> Callable[[str, np.ndarray[tuple[int], np.dtype[np.float32]]], bytes]:
    numbers = " %.9g" * dimensions + "\n"
    return lambda word, row: (word + numbers % tuple(row.tolist())).encode()
