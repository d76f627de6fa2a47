"""The files of an artifact: as they were written, and every way in which they can be wrong."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.files import read_settings, read_subwords, read_vectors, write_vectors
from textpipe.embeddings.subwords import Subwords
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import ArtifactError

SETTINGS = asdict(EmbeddingConfig(dim=3, subword=True, min_n=1, max_n=2, buckets=7)) | {"engine": "native"}


def trained() -> Vectors:
    generator = np.random.default_rng(0)

    def matrix(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return generator.standard_normal((rows, 3)).astype(np.float32)

    return Vectors(
        ["模型", "new\u2581york", "é", "\r", "\u2028"],
        matrix(5),
        counts=np.arange(5, 0, -1),
        context=matrix(5),
        subwords=Subwords(1, 2, matrix(7)),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_vectors(tmp_path, trained(), settings=SETTINGS)
    return tmp_path


def test_round_trip(folder: Path) -> None:
    wrote, read = trained(), read_vectors(folder, context=True)
    assert read.words == wrote.words
    assert (read.matrix == wrote.matrix).all()
    assert read.counts is not None
    assert read.context is not None
    assert read.subwords is not None
    assert read.counts.tolist() == [5, 4, 3, 2, 1]
    assert (read.context == wrote.context).all()
    assert (read.subwords.vector("词") == wrote.subwords.vector("词")).all() if wrote.subwords else False
    assert read_settings(folder) == SETTINGS
    assert not read.matrix.flags.writeable


def test_what_is_not_wanted_is_not_read(folder: Path) -> None:
    for name in ("context.safetensors", "subwords.safetensors", "counts.npy"):
        (folder / name).write_bytes(b"damaged")
    read = read_vectors(folder, subwords=False, counts=False)
    assert (read.context, read.subwords, read.counts) == (None, None, None)
    with pytest.raises(ArtifactError):
        read_subwords(folder, dimensions=3)


def test_safetensors_itself_reads_it(folder: Path) -> None:
    assert (load_file(folder / "vectors.safetensors")["vectors"] == trained().matrix).all()


def test_what_safetensors_writes_is_read(folder: Path) -> None:
    save_file({"vectors": trained().matrix}, folder / "vectors.safetensors", metadata={"a": "b"})
    assert (read_vectors(folder).matrix == trained().matrix).all()


def test_matrices_are_mapped(tmp_path: Path) -> None:
    vectors = Vectors([f"w{number}" for number in range(1000)], np.ones((1000, 1000), np.float32))
    write_vectors(tmp_path, vectors, settings={"format": "glove"})
    tracemalloc.start()
    read_vectors(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000  # of 4,000,000 bytes


@pytest.mark.parametrize("words", [["a", "a"], ["", "b"], ["a\nb", "c"]])
def test_words_that_are_no_lines(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(ValueError, match="word"):
        write_vectors(tmp_path, Vectors(words, np.ones((2, 2), np.float32)), settings={})


def with_header(header: object, size: int = 60) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(size)


def header(dtype: str = "F32", shape: object = (5, 3), offsets: object = (0, 60), name: str = "vectors") -> object:
    return {name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("words.txt", b"a\nb\nc\nd\ne\nf\n", "6 words, but 5 vectors"),
        ("words.txt", b"a\nb\nc\nd\n", "4 words, but 5 vectors"),
        ("words.txt", b"a\nb\nc\nd\ne", "words, but"),
        ("words.txt", b"", "words, but"),
        ("words.txt", b"a\nb\n\nd\ne\n", "an empty word"),
        ("words.txt", b"a\nb\na\nd\ne\n", "a word is there twice"),
        ("words.txt", b"a\n\xff\nc\nd\ne\n", "not text"),
        ("vectors.safetensors", b"", "not a safetensors file"),
        ("vectors.safetensors", b"\xff" * 80, "not a safetensors file"),
        ("vectors.safetensors", (1 << 62).to_bytes(8, "little") + b"{}", "not a safetensors file"),
        ("vectors.safetensors", with_header([]), "not a safetensors file of"),
        ("vectors.safetensors", with_header({}), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(dtype="F64")), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(shape=[5, 3.0])), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(shape=[-5, -3])), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(shape=[15])), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(shape=[0, 3], offsets=[0, 0]), 0), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(offsets=[0, 64])), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(), 59), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(name="weights")), "not a safetensors file of"),
        ("vectors.safetensors", with_header(header(shape=[3, 5])), "words, but 3 vectors"),
        ("vectors.safetensors", with_header(header(shape=[5, 2], offsets=[0, 40]), 40), "the settings say 3"),
        ("context.safetensors", with_header(header(shape=[3, 5], name="context")), "the context vectors are not"),
        ("subwords.safetensors", with_header(header(name="subwords")), "the subwords do not fit"),
        ("counts.npy", b"", "not an array"),
        ("counts.npy", b"\x80\x04K\x01.", "not an array"),
        ("embeddings.json", b"", "not the settings"),
        ("embeddings.json", b"[]", "not the settings"),
        ("embeddings.json", b'{"dim": "3"}', "not the settings"),
        ("embeddings.json", b'{"dim": 0}', "not the settings"),
        ("embeddings.json", b"\xff", "not the settings"),
        ("embeddings.json", b"[" * 100_000, "not the settings"),
    ],
)
def test_damage(folder: Path, name: str, content: bytes, what: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=what):
        read_vectors(folder, context=True)


@pytest.mark.parametrize("counts", [np.arange(4), np.ones(5), np.ones((5, 1), np.int64)])
def test_wrong_counts(folder: Path, counts: np.ndarray) -> None:
    np.save(folder / "counts.npy", counts)
    with pytest.raises(ArtifactError, match="not 5 counts"):
        read_vectors(folder)


@pytest.mark.parametrize("name", ["words.txt", "vectors.safetensors", "embeddings.json"])
def test_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match="no such file"):
        read_vectors(folder)
