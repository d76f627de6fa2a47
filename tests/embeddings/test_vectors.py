"""Word vectors in word2vec's text format: what is read, and every way in which a file can be wrong."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from textpipe.embeddings.formats import read_vectors_file
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("3 2\n模型 1 -0.5\nnew york .25 1e-3\n的 0 2.\n", "utf-8")
    vectors = read_vectors_file(str(path), format="word2vec-txt")
    assert vectors.words == ["模型", "new york", "的"]
    assert vectors.matrix.dtype == np.float32
    assert vectors.matrix.tolist() == [[1, -0.5], [0.25, np.float32(1e-3)], [0, 2]]
    found = vectors.vector("的")
    assert found is not None
    assert found.tolist() == [0, 2]
    assert vectors.vector("没有") is None
    assert "模型" in vectors
    assert len(vectors) == 3


def test_compressed_as_plain(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt.gz"
    path.write_bytes(gzip.compress("1 2\n中 1 2 \n\n".encode()))
    assert read_vectors_file(str(path), format="word2vec-txt").matrix.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("", 1, "not a file of word vectors"),
        ("模型 1 2\n", 1, "not a file of word vectors"),
        ("0 2\n", 1, "not a file of word vectors"),
        ("1 0\n中\n", 1, "not a file of word vectors"),
        ("9999999999 9999999999\n", 1, "more than a matrix may hold"),
        ("2 2\n中 1 2\n文 1\n", 3, "not a word and its 2 numbers"),
        ("1 2\n中 1 2\n文 1 2\n", 3, "more than 1"),
        ("2 2\n中 1 2\n中 1 2\n", 3, "a second time"),
        ("2 2\n中 1 2\n文 1 nan\n", 3, "a number is missing"),
        ("1 2\n中 1 inf\n", 2, "a number is missing"),
        ("1 2\n中 1 1e999\n", 2, "a number is missing"),
        ("1 2\n中 1 x\n", 2, "a number is missing"),
        ("1 2\n中 1 1e39\n", 2, "too large for float32"),
        pytest.param("9" * 5000 + " 2\n中 1 2\n", 1, "not a file of word vectors", id="digits"),
        ("1 999999999\n中 1 2\n", 1, "more than a matrix may hold"),
        ("2 2\n中 1 2\n", 2, "1 words, but the first line says 2"),
    ],
)
def test_wrong_files(tmp_path: Path, content: str, line: int, what: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError) as raised:
        read_vectors_file(str(path), format="word2vec-txt")
    assert what in raised.value.message
    assert raised.value.line == line


def test_words_and_rows_must_agree() -> None:
    with pytest.raises(ValueError, match="2 words"):
        Vectors(["a", "b"], np.zeros((1, 3), np.float32))


def test_memory_is_for_what_the_file_holds_not_for_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("1000000000 8\n中 1 2 3 4 5 6 7 8\n", "utf-8")
    tracemalloc.start()
    with pytest.raises(InputError, match="1 words, but the first line says 1,000,000,000"):
        read_vectors_file(str(path), format="word2vec-txt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 26


def test_more_words_than_room_was_made_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.embeddings.formats._ROWS", 4)
    path = tmp_path / "vectors.txt"
    rows = [[number, -number] for number in range(50)]
    path.write_text("50 2\n" + "".join(f"w{first} {first} {second}\n" for first, second in rows), "utf-8")
    vectors = read_vectors_file(str(path), format="word2vec-txt")
    assert vectors.matrix.tolist() == rows
    assert vectors.words == [f"w{number}" for number in range(50)]
