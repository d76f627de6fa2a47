"""The files of an artifact of kind `embeddings`: written row by row, read by memory map.

words.txt                a word a line, in the order of rows
vectors.safetensors      "vectors" float32[words, dimensions]
context.safetensors      "context", of the same shape; subwords.safetensors "subwords" float32[buckets, dimensions];
counts.npy               int64[words]: each where there is one
embeddings.json          how they were trained (an EmbeddingConfig, with the engine) or the format they came in
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.subwords import Subwords
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import REMAKE, ArtifactError, UsageError
from textpipe.files import naming_errors
from textpipe.store.objects import Artifact, verified

Floats = npt.NDArray[np.float32]
WORDS, VECTORS, CONTEXT, SUBWORDS, COUNTS, SETTINGS = (
    "words.txt",
    "vectors.safetensors",
    "context.safetensors",
    "subwords.safetensors",
    "counts.npy",
    "embeddings.json",
)
_NEEDED = (WORDS, VECTORS, SETTINGS)
_HEAD = 256  # bytes before the numbers: the length of the header, and the header filled up with spaces
_LONGEST_HEAD = 1 << 16
_SETTING_NAMES = frozenset(field.name for field in fields(EmbeddingConfig))


class MatrixWriter:
    """Rows into a safetensors file as they come: the header has its place, and is written at the end."""

    def __init__(self, path: Path, name: str, *, columns: int) -> None:
        self._path, self._name, self._columns = path, name, columns
        self.rows = 0

    def __enter__(self) -> Self:
        self._stream: IO[bytes] = open(self._path, "wb")
        self._stream.write(bytes(_HEAD))
        return self

    def add(self, rows: Floats) -> None:
        """rows: float32[some, columns]"""
        assert rows.dtype == np.float32
        assert rows.shape[1] == self._columns
        self._stream.write(np.ascontiguousarray(rows, "<f4").data)
        self.rows += len(rows)

    def __exit__(self, *_error: object) -> None:
        with self._stream:
            self._stream.seek(0)
            self._stream.write(self._head())

    def _head(self) -> bytes:
        offsets = [0, self.rows * self._columns * 4]
        entry = {"dtype": "F32", "shape": [self.rows, self._columns], "data_offsets": offsets}
        text = json.dumps({self._name: entry}).encode().ljust(_HEAD - 8)
        return len(text).to_bytes(8, "little") + text


def write_matrix(path: Path, name: str, matrix: Floats) -> None:
    """A safetensors file with one matrix."""
    with MatrixWriter(path, name, columns=matrix.shape[1]) as writer:
        writer.add(matrix)


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """embeddings.json"""
    text = json.dumps(dict(settings), ensure_ascii=False, allow_nan=False)
    (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")


def write_words(folder: Path, words: Collection[str]) -> None:
    """words.txt. Raises ValueError for a word that is no line (empty, or with a line feed) and for one twice."""
    if len({*words}) != len(words):
        raise ValueError("a word is there twice")
    with open(folder / WORDS, "w", encoding="utf-8", newline="\n") as stream:
        for word in words:
            if not word or "\n" in word:
                raise ValueError(f"{word!r} cannot be a line of a file of words")
            stream.write(f"{word}\n")


def write_vectors(folder: Path, vectors: Vectors, *, settings: Mapping[str, Any]) -> None:
    """All files of the vectors: settings as `read_settings` gives them back. The folder must be there.

    Raises OutputError when the disk is full, ValueError for words that are no lines.
    """
    with naming_errors(str(folder)):
        write_words(folder, vectors.words)
        write_matrix(folder / VECTORS, "vectors", vectors.matrix)
        if vectors.context is not None:
            write_matrix(folder / CONTEXT, "context", vectors.context)
        if vectors.subwords is not None:
            write_matrix(folder / SUBWORDS, "subwords", vectors.subwords.matrix)
        if vectors.counts is not None:
            np.save(folder / COUNTS, np.asarray(vectors.counts, "<i8"), allow_pickle=False)
        write_settings(folder, settings)


# ---------------------------------------------------------------------------------------------- reading


def read_vectors(
    source: Artifact | Path, *, context: bool = False, subwords: bool = True, counts: bool = True
) -> Vectors:
    """The vectors of an artifact, or of a folder with its files; matrices are mapped, not read, and cannot be changed.

    Of the parts that there may be, those that are not wanted are not looked at. Of an artifact every byte that is used
    is held against its digest. Raises ArtifactError for anything that is not as `write_vectors` wrote it.
    """
    wanted = {*_NEEDED}
    wanted |= {name for name, want in ((CONTEXT, context), (SUBWORDS, subwords), (COUNTS, counts)) if want}
    if isinstance(source, Artifact):
        verified(source, only=wanted)
    matrix = _read_matrix(_file(source, VECTORS), "vectors")
    words = _read_words(_file(source, WORDS), rows=len(matrix))
    settings = read_settings(source)
    if settings.get("dim", matrix.shape[1]) != matrix.shape[1]:
        raise _bad(f"vectors of {matrix.shape[1]} numbers, but the settings say {settings['dim']}", source, SETTINGS)
    vectors = Vectors(words, matrix)
    if isinstance(source, Path) and len({*words}) != len(words):  # an artifact's were looked at when it was made
        raise _bad("a word is there twice", source, WORDS)
    if counts and _has(source, COUNTS):
        vectors.counts = _read_counts(_file(source, COUNTS), rows=len(matrix))
    if context and _has(source, CONTEXT):
        vectors.context = _read_matrix(_file(source, CONTEXT), "context")
        if vectors.context.shape != matrix.shape:
            raise _bad("the context vectors are not as many as the vectors, or of another length", source, CONTEXT)
    if subwords:
        vectors.subwords = _subwords(source, settings, dimensions=matrix.shape[1])
    return vectors


def read_subwords(source: Artifact | Path, *, dimensions: int) -> Subwords | None:
    """The subwords alone, for vectors that were read without; None when the artifact has none."""
    if isinstance(source, Artifact):
        verified(source, only=(SUBWORDS, SETTINGS))
    return _subwords(source, read_settings(source), dimensions=dimensions)


def read_settings(source: Artifact | Path) -> dict[str, Any]:
    """embeddings.json: the fields of an EmbeddingConfig are checked as such, what else there is is left as it is."""
    path = _file(source, SETTINGS)
    try:
        settings = json.loads(path.read_bytes())
        if not isinstance(settings, dict):
            raise TypeError
        EmbeddingConfig(**{name: value for name, value in settings.items() if name in _SETTING_NAMES})
    except (ValueError, TypeError, RecursionError, UsageError):
        raise _bad("not the settings of word vectors", source, SETTINGS) from None
    return settings


def _subwords(source: Artifact | Path, settings: Mapping[str, Any], *, dimensions: int) -> Subwords | None:
    if not _has(source, SUBWORDS):
        return None
    matrix = _read_matrix(_file(source, SUBWORDS), "subwords")
    if matrix.shape != (settings.get("buckets"), dimensions) or not {"min_n", "max_n"} <= settings.keys():
        raise _bad("the subwords do not fit the vectors or their settings", source, SUBWORDS)
    return Subwords(settings["min_n"], settings["max_n"], matrix)


def _has(source: Artifact | Path, name: str) -> bool:
    return name in source.manifest.outputs if isinstance(source, Artifact) else (source / name).is_file()


def _file(source: Artifact | Path, name: str) -> Path:
    if isinstance(source, Artifact):
        return source.file(name)
    if not (source / name).is_file():
        raise ArtifactError("no such file of word vectors", where=source / name, hint=REMAKE)
    return source / name


def _bad(what: str, source: Artifact | Path, name: str) -> ArtifactError:
    return ArtifactError(what, where=_file(source, name), hint=REMAKE)


def _read_words(path: Path, *, rows: int) -> list[str]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArtifactError("not text", where=path, line=line, hint=REMAKE) from None
    words = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(words) != rows:
        raise ArtifactError(f"{len(words):,} words, but {rows:,} vectors", where=path, hint=REMAKE)
    if "" in words:
        raise ArtifactError("an empty word", where=path, line=words.index("") + 1, hint=REMAKE)
    return words


def _read_counts(path: Path, *, rows: int) -> npt.NDArray[np.int64]:
    try:
        counts: npt.NDArray[np.int64] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise ArtifactError("not an array of numpy", where=path, hint=REMAKE) from None
    if not isinstance(counts, np.ndarray) or counts.dtype != np.int64 or counts.shape != (rows,):
        raise ArtifactError(f"not {rows:,} counts", where=path, hint=REMAKE)
    return counts


def _read_matrix(path: Path, name: str) -> Floats:
    """The one matrix of a safetensors file, mapped."""
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        length = int.from_bytes(stream.read(8), "little")
        if not 0 < length <= min(_LONGEST_HEAD, size - 8):
            raise ArtifactError("not a safetensors file", where=path, hint=REMAKE)
        shape = _shape(stream.read(length), name, size - 8 - length)
        if shape is None:
            raise ArtifactError(f"not a safetensors file of the float32 matrix {name!r}", where=path, hint=REMAKE)
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, "<f4", count=shape[0] * shape[1], offset=8 + length).reshape(shape)


def _shape(head: bytes, name: str, size: int) -> tuple[int, int] | None:
    """Rows and columns, when the header is that of one such matrix of so many bytes."""
    try:
        header = json.loads(head)
        entry = header.pop(name)
        rows, columns = entry["shape"]
        sound = {*header} <= {"__metadata__"} and entry["dtype"] == "F32" and entry["data_offsets"] == [0, size]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    whole = type(rows) is int and type(columns) is int and rows > 0 and columns > 0
    return (rows, columns) if sound and whole and rows * columns * 4 == size else None
