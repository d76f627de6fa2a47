"""Word vectors into the files that other tools read; what is written here, `formats` reads back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.formats import Format
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError
from textpipe.text import one_word

Floats = npt.NDArray[np.float32]
_ROWS = 1024  # written at a time
_TEXT = "<U16"  # holds the longest float32, -1.1754944e-38


def written_vectors(vectors: Vectors, format: Format) -> Iterator[bytes]:
    """The vectors as a file in that format, in pieces.

    White space inside a word would divide it: U+2581 stands for each, as in files of tokens. Numbers in text have the
    fewest digits that give every float32 back. Raises InputError when two words would become one, and for a word
    without characters, before anything is written.
    """
    words = _escaped(vectors.words)
    count, dimensions = vectors.matrix.shape
    if format != "glove":
        yield f"{count} {dimensions}\n".encode()
    lines = _binary_lines if format == "word2vec-bin" else _text_lines
    for start in range(0, count, _ROWS):
        yield lines(words[start : start + _ROWS], vectors.matrix[start : start + _ROWS])


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


def _binary_lines(words: list[str], block: Floats) -> bytes:
    rows = np.ascontiguousarray(block, "<f4")
    return b"".join(b"%b %b\n" % (word.encode(), row.tobytes()) for word, row in zip(words, rows, strict=True))


def _text_lines(words: list[str], block: Floats) -> bytes:
    rows = block.astype(_TEXT).tolist()
    return "".join(f"{word} {' '.join(row)}\n" for word, row in zip(words, rows, strict=True)).encode()
