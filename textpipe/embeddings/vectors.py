"""Word vectors: words and a matrix of float32, read from word2vec's text format."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import ReadLog
from textpipe.corpus.streams import open_bytes
from textpipe.embeddings.subwords import Subwords
from textpipe.errors import InputError
from textpipe.files import require_regular
from textpipe.text import Decoding, decode_stream, whole_lines

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
_HINT = "the first line is `words dimensions`, every other one a word and its numbers, separated by spaces"
_MOST = 1 << 33  # numbers in a matrix: 32 GiB
_LONGEST = 1 << 20  # characters of a line
_WIDEST = _LONGEST // 2  # numbers of a line, each with a space before it
_LARGEST = float(np.finfo(np.float32).max)
_AT_FIRST = 1 << 22  # numbers to make room for: the first line may say anything
_SIZE = re.compile(r"0{0,9}[1-9][0-9]{0,30}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


class Vectors:
    """Words and their vectors: `matrix` is float32[words, dimensions], a row a word.

    counts: int64[words], how often each occurred; context: float32[words, dimensions], the other half of a trained
    model, from which training can go on; subwords: vectors of character n-grams. None where there are none.
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
        self._places = {word: place for place, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._places

    def vector(self, word: str) -> Floats | None:
        """The vector of a word, float32[dimensions]; None for a word that has none."""
        place = self._places.get(word)
        return None if place is None else self.matrix[place]


def read_word2vec_text(path: str) -> Vectors:
    """Vectors in word2vec's text format, also compressed; the matrix must fit in memory.

    Raises InputError, with the line, for anything else: a wrong count, a word twice, a number that is none.
    """
    require_regular(path, what="file of word vectors")
    with open_bytes(path, ReadLog()) as (opened, _):
        blocks = decode_stream(opened, where=path, encoding="utf-8", decoding=Decoding())
        lines = whole_lines(blocks, limit=_LONGEST, too_long=lambda line: _bad("a line without end", path, line))
        return _read(lines, path)


def _read(lines: Iterator[tuple[int, str]], path: str) -> Vectors:
    number, header = next(lines, (1, ""))
    sizes = header.split()
    if len(sizes) != 2 or not all(_SIZE.fullmatch(size) for size in sizes):
        raise _bad("not a file of word vectors in word2vec's text format", path, number)
    count, dimensions = map(int, sizes)
    if count * dimensions > _MOST or dimensions > _WIDEST:
        raise _bad(f"{count:,} x {dimensions:,} numbers are more than a matrix may hold", path, number)
    matrix = np.empty((min(count, 1 + _AT_FIRST // dimensions), dimensions), dtype=np.float32)
    places: dict[str, int] = {}
    for number, line in lines:
        if not line.strip():
            continue
        word, *numbers = line.rstrip().rsplit(" ", dimensions)
        if len(places) == count or len(numbers) != dimensions:
            raise _bad(f"not a word and its {dimensions} numbers, or more than {count:,} of them", path, number)
        if word in places:
            raise _bad(f"{word!r} a second time", path, number)
        row = np.fromiter(map(_number, numbers), dtype=np.float64, count=dimensions)
        if not (np.abs(row) <= _LARGEST).all():
            raise _bad("a number is missing, too large for float32, or none", path, number)
        if len(places) == len(matrix):
            matrix.resize((min(count, 2 * len(matrix)), dimensions), refcheck=False)  # nothing else refers to it
        matrix[len(places)] = row
        places[word] = number
    if len(places) < count:
        raise _bad(f"{len(places):,} words, but the first line says {count:,}", path, number)
    return Vectors(list(places), matrix)


def _number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def _bad(what: str, path: str, line: int) -> InputError:
    return InputError(what, where=path, line=line, hint=_HINT)
