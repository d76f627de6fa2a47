"""Files of word vectors that other tools write: word2vec's text and binary formats and GloVe's text, as streams.

word2vec-txt   a line `words dimensions`, then a line a word: the word and its numbers, separated by a space
word2vec-bin   the same first line, then word, space, float32 little-endian numbers, with or without a line feed
glove          as word2vec-txt, without the first line
"""

from __future__ import annotations

import codecs
import contextlib
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import ReadLog
from textpipe.corpus.streams import Opened, open_bytes
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError
from textpipe.files import require_regular

Floats = npt.NDArray[np.float32]
Format = Literal["word2vec-txt", "word2vec-bin", "glove"]
Errors = Literal["strict", "replace"]
FORMATS: tuple[Format, ...] = get_args(Format)
_MOST = 1 << 33  # numbers in a matrix: 32 GiB
_WIDEST = 1 << 16  # numbers of a vector
_LONGEST = 1 << 20  # bytes of a line
_LONGEST_WORD = 1 << 14  # bytes of a word in a binary file
_ROWS = 1024  # handed on at a time, fewer when they are wide
_CELLS = 1 << 18
_BUFFER = 1 << 18
_HEADER = re.compile(rb"\s*([0-9]{1,19})[ \t]+([0-9]{1,19})\s*")
_TOO_LARGE = 2.0**128 - 2.0**103  # rounds to infinity as float32
_NUMERIC = b"0123456789+-.eE"
_SPACES = b" \r\t"
_HINTS: dict[Format, str] = {
    "word2vec-txt": "the first line is `words dimensions`, every other one a word and its numbers, separated by spaces",
    "word2vec-bin": "the first line is `words dimensions`, then come a word, a space and its float32 numbers",
    "glove": "every line is a word and its numbers, separated by spaces",
}


class Block(NamedTuple):
    """Some words and their vectors: float32[words, dimensions]."""

    words: list[str]
    matrix: Floats


@dataclass
class VectorStream:
    """A file of word vectors while it is read. `blocks` can be gone through once.

    words: how many the file says that it has, None where it does not
    replaced: words with bytes that were no UTF-8, so far; left_out: those of them that became equal to another word
    """

    path: str
    format: Format
    dimensions: int
    words: int | None
    blocks: Iterator[Block]
    replaced: int = 0
    left_out: int = 0
    _errors: Errors = "strict"
    _places: set[str] = field(default_factory=set)

    def _word(self, data: bytes, place: _Place) -> str | None:
        """The word, when it is usable; None for one to leave out."""
        try:
            word = data.decode("utf-8")
        except UnicodeDecodeError:
            if self._errors == "strict":
                hint = "--errors replace reads on with � in place of such bytes"
                raise place.bad(f"a word that is not UTF-8: {data[:40]!r}", hint=hint) from None
            word = data.decode("utf-8", "replace")
            self.replaced += 1
            if word in self._places:
                self.left_out += 1
                return None
        if not word or "\n" in word or "\0" in word:
            raise place.bad(f"not a word: {word[:40]!r}" if word else "no word before the numbers")
        if word in self._places:
            raise place.bad(f"{word[:80]!r} a second time")
        self._places.add(word)
        return word


@dataclass
class _Place:
    """Where in the file: a line from 1, or the first byte of a vector of a binary file."""

    path: str
    format: Format
    line: int | None = None
    offset: int = 0

    def bad(self, what: str, *, hint: str | None = None) -> InputError:
        where = self.path if self.line is not None else f"{self.path}, byte {self.offset:,}"
        return InputError(what, where=where, line=self.line, hint=hint or _HINTS[self.format])


class _Raw(io.RawIOBase):
    """An opened file as a raw stream, so that io.BufferedReader finds lines in it."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._opened.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextlib.contextmanager
def open_vectors(path: str, *, format: Format | None = None, errors: Errors = "strict") -> Iterator[VectorStream]:
    """The vectors of a file, also a compressed one, in blocks and in memory that holds one block and all words.

    format: None to find out. errors: of words that are not UTF-8, `strict` or `replace` (with U+FFFD).
    Raises InputError, with the line or byte, for what is not such a file: a wrong count, a word twice, a number that is
    none; while the blocks are read, too.
    """
    require_regular(path, what="file of word vectors")
    with open_bytes(path, ReadLog()) as (opened, _):
        stream = io.BufferedReader(_Raw(opened), _BUFFER)
        head = stream.readline(_LONGEST).removeprefix(codecs.BOM_UTF8)
        found = format or _detected(path, head, stream)
        yield _glove(path, head, stream, errors) if found == "glove" else _word2vec(path, found, head, stream, errors)


def read_vectors_file(path: str, *, format: Format | None = None, errors: Errors = "strict") -> Vectors:
    """The vectors of a file in memory. Raises as `open_vectors` does."""
    with open_vectors(path, format=format, errors=errors) as stream:
        words: list[str] = []
        matrix = np.empty((0, stream.dimensions), np.float32)
        for block in stream.blocks:
            done = len(words)
            words += block.words
            if len(words) > len(matrix):  # grown as rows come: a first line alone reserves nothing
                matrix.resize((max(len(words), len(matrix) * 3 // 2), stream.dimensions), refcheck=False)
            matrix[done : len(words)] = block.matrix
        matrix.resize((len(words), stream.dimensions), refcheck=False)
        return Vectors(words, matrix)


# ---------------------------------------------------------------------------------------------- which format


def detect_format(path: str) -> Format:
    """The format of a file, by its content. Raises InputError when it is none that is known."""
    with open_vectors(path) as stream:
        return stream.format


def _detected(path: str, head: bytes, stream: io.BufferedReader[_Raw]) -> Format:
    header = _HEADER.fullmatch(head)
    if header is not None:
        start = stream.peek(_BUFFER)[:_BUFFER]
        return "word2vec-txt" if _is_text(start, dimensions=int(header[2])) else "word2vec-bin"
    if b"\0" not in head and _numbers_at_end(head) > 0:
        return "glove"
    if head[257:262] == b"ustar":
        hint = f"an archive of a store? textpipe store import {path}"
    else:
        hint = f"the formats are {', '.join(FORMATS)}; --format names one"
    raise InputError("not a file of word vectors", where=path, line=1, hint=hint)


def _is_text(start: bytes, *, dimensions: int) -> bool:
    """Whether what follows the first line are lines of text: the second one's last fields are characters of numbers."""
    line, ended, _ = start.partition(b"\n")
    if b"\0" in line:
        return False
    fields = line.strip(_SPACES).split(b" ")[1:]
    if not ended:
        fields = fields[:-1]  # cut anywhere
    return all(one.isascii() and one.decode().isprintable() for one in fields[-dimensions:])


def _numbers_at_end(line: bytes) -> int:
    """How many fields at a line's end are numbers, its first field left out."""
    fields = line.rstrip(_SPACES + b"\n").split(b" ")[1:]
    count = 0
    while count < len(fields) and _numbers([fields[-1 - count]]) is not None:
        count += 1
    return count


# ---------------------------------------------------------------------------------------------- reading


def _word2vec(path: str, format: Format, head: bytes, stream: io.BufferedReader[_Raw], errors: Errors) -> VectorStream:
    place = _Place(path, format, line=1)
    header = _HEADER.fullmatch(head)
    if header is None or not int(header[1]) or not int(header[2]):
        kind = "text" if format == "word2vec-txt" else "binary"
        raise place.bad(f"not a file of word vectors in word2vec's {kind} format")
    words, dimensions = int(header[1]), int(header[2])
    if words * dimensions > _MOST or dimensions > _WIDEST:
        raise place.bad(f"{words:,} x {dimensions:,} numbers are more than a matrix may hold")
    found = VectorStream(path, format, dimensions, words, iter(()), _errors=errors)
    found.blocks = (
        _text_blocks(found, stream, number=2) if format == "word2vec-txt" else _binary_blocks(found, stream, len(head))
    )
    return found


def _glove(path: str, head: bytes, stream: io.BufferedReader[_Raw], errors: Errors) -> VectorStream:
    place = _Place(path, "glove", line=1)
    dimensions = _numbers_at_end(head)
    if not 0 < dimensions <= _WIDEST:
        raise place.bad(
            "not a word and its numbers" if head.strip() else "the file is empty, or begins with an empty line"
        )
    found = VectorStream(path, "glove", dimensions, None, iter(()), _errors=errors)
    found.blocks = _text_blocks(found, stream, number=1, first=head)
    return found


def _text_blocks(
    found: VectorStream, stream: io.BufferedReader[_Raw], *, number: int, first: bytes = b""
) -> Iterator[Block]:
    place = _Place(found.path, found.format, line=number)
    most, dimensions = found.words, found.dimensions
    words: list[str] = []
    rows: list[Floats] = []
    count = 0
    line = first or stream.readline(_LONGEST)
    last = number - 1
    while line:
        place.line = number
        if len(line) == _LONGEST:
            raise place.bad("a line without end")
        stripped = line.rstrip(b" \r\n\t")
        if stripped:
            data, *numbers = stripped.rsplit(b" ", dimensions)
            if (most is not None and count == most) or len(numbers) != dimensions:
                more = "" if most is None else f", or more than {most:,} of them"
                raise place.bad(f"not a word and its {dimensions} numbers{more}")
            row = _numbers(numbers)
            if row is None:
                raise place.bad("a number is missing, infinite or none")
            if not all(-_TOO_LARGE < one < _TOO_LARGE for one in row):
                raise place.bad("a number too large for float32")
            count += 1
            word = found._word(data, place)
            if word is not None:
                words.append(word)
                rows.append(np.array(row, np.float32))
            if len(rows) == _ROWS or len(rows) * dimensions >= _CELLS:
                yield Block(words, np.array(rows))
                words, rows = [], []
        last = number
        number += 1
        line = stream.readline(_LONGEST)
    place.line = last
    if most is not None and count < most:
        raise place.bad(f"{count:,} words, but the first line says {most:,}")
    if words:
        yield Block(words, np.array(rows))


def _numbers(fields: list[bytes]) -> list[float] | None:
    """Finite numbers in plain notation; None when one is something else."""
    if b"".join(fields).translate(None, _NUMERIC):
        return None
    try:
        numbers = [float(one) for one in fields]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _binary_blocks(found: VectorStream, stream: io.BufferedReader[_Raw], offset: int) -> Iterator[Block]:
    assert found.words is not None  # the first line says so
    place = _Place(found.path, found.format, offset=offset)
    size = 4 * found.dimensions
    words: list[str] = []
    rows: list[Floats] = []
    for count in range(found.words):
        data, place.offset = _binary_word(stream, offset, place, f"{count:,} of {found.words:,} words")
        numbers = stream.read(size)
        if len(numbers) < size:
            raise place.bad(f"the file ends inside a vector, after {count:,} of {found.words:,} words")
        row = np.frombuffer(numbers, "<f4")
        if not np.isfinite(row).all():
            raise place.bad(f"a number of {data.decode('utf-8', 'replace')[:40]!r} is infinite or none")
        offset = place.offset + len(data) + 1 + size
        word = found._word(data, place)
        if word is not None:
            words.append(word)
            rows.append(row)
        if len(rows) == _ROWS or len(rows) * found.dimensions >= _CELLS:
            yield Block(words, np.array(rows))
            words, rows = [], []
    place.offset = offset
    if stream.read(2).strip():
        raise place.bad(f"more than the {found.words:,} words that the first line says")
    if words:
        yield Block(words, np.array(rows))


def _binary_word(stream: io.BufferedReader[_Raw], offset: int, place: _Place, so_far: str) -> tuple[bytes, int]:
    """A word up to its space, line feeds before it left out, and the byte where it begins."""
    place.offset = offset
    parts: list[bytes] = []
    length = 0
    while True:
        ahead = stream.peek(1)
        if not ahead:
            raise place.bad(f"the file ends after {so_far}")
        end = ahead.find(b" ", 0, _LONGEST_WORD)
        part = stream.read(end + 1 if end >= 0 else len(ahead))
        parts.append(part)
        length += len(part)
        if end >= 0:
            break
        if length > _LONGEST_WORD:
            raise place.bad(f"no word, but {_LONGEST_WORD:,} bytes without a space")
    data = b"".join(parts)[:-1]
    word = data.lstrip(b"\n")
    return word, offset + len(data) - len(word)
