"""word2vec's text and binary formats and GloVe's: written, read, detected, and wrong in every way."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from textpipe.embeddings.export import written_vectors
from textpipe.embeddings.formats import FORMATS, Format, detect_format, open_vectors, read_vectors_file
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError


def some_vectors() -> Vectors:
    generator = np.random.default_rng(0)
    words = ["模型", "5", "é", "a\\b", "\u2581", "😀", "-1e3", "new york", *(f"w{number}" for number in range(3000))]
    return Vectors(words, (generator.standard_normal((len(words), 9)) * 1e3).astype(np.float32))


def write(path: Path, vectors: Vectors, format: Format) -> Path:
    path.write_bytes(b"".join(written_vectors(vectors, format)))
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_round_trip(tmp_path: Path, format: Format) -> None:
    vectors = some_vectors()
    path = write(tmp_path / "vectors", vectors, format)
    assert detect_format(str(path)) == format
    for given in (None, format):
        read = read_vectors_file(str(path), format=given)
        assert read.words == [word.replace(" ", "\u2581") for word in vectors.words]
        assert (read.matrix == vectors.matrix).all(), "to the last bit"
    assert read.vector("new york") is not None, "found by the word as it was"


@pytest.mark.parametrize("format", FORMATS)
def test_extreme_numbers_survive(tmp_path: Path, format: Format) -> None:
    limits = np.finfo(np.float32)
    row = [limits.max, -limits.max, limits.tiny, float(limits.smallest_subnormal), 0.0, -0.0, 0.1, 1 / 3]
    vectors = Vectors(["a"], np.array([row], np.float32))
    read = read_vectors_file(str(write(tmp_path / "vectors", vectors, format)), format=format)
    assert read.matrix.tobytes() == vectors.matrix.tobytes()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed(tmp_path: Path, format: Format, pack: object) -> None:
    vectors = some_vectors()
    path = tmp_path / "vectors"
    assert callable(pack)
    path.write_bytes(pack(b"".join(written_vectors(vectors, format))))
    assert detect_format(str(path)) == format
    assert (read_vectors_file(str(path)).matrix == vectors.matrix).all()


@pytest.mark.parametrize("format", FORMATS)
def test_every_white_space_is_escaped(tmp_path: Path, format: Format) -> None:
    words = ["a b", "a\tc", "\u3000", "d\u00a0", "\u2028e", "f\r", "\x1cg\n"]
    vectors = Vectors(words, np.ones((len(words), 2), np.float32))
    read = read_vectors_file(str(write(tmp_path / "vectors", vectors, format)))
    assert read.words == ["a▁b", "a▁c", "▁", "d▁", "▁e", "f▁", "▁g▁"]


@pytest.mark.parametrize("words", [["a b", "a▁b"], ["a b", "a\tb"], ["", "b"], ["a\0", "b"]])
def test_a_file_that_could_not_be_read_back_is_not_written(words: list[str]) -> None:
    with pytest.raises(InputError, match="word"):
        next(written_vectors(Vectors(words, np.ones((2, 2), np.float32)), "glove"))


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_is_written(tmp_path: Path, binary: bool) -> None:
    keyed = pytest.importorskip("gensim.models.keyedvectors", reason="the extra gensim").KeyedVectors
    vectors = some_vectors()
    path = write(tmp_path / "vectors", vectors, "word2vec-bin" if binary else "word2vec-txt")
    read = keyed.load_word2vec_format(str(path), binary=binary)
    assert read.index_to_key == [word.replace(" ", "\u2581") for word in vectors.words]
    assert (read.vectors == vectors.matrix).all()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # gensim's
def test_gensim_reads_glove(tmp_path: Path) -> None:
    keyed = pytest.importorskip("gensim.models.keyedvectors", reason="the extra gensim").KeyedVectors
    vectors = some_vectors()
    read = keyed.load_word2vec_format(str(write(tmp_path / "v", vectors, "glove")), binary=False, no_header=True)
    assert (read.vectors == vectors.matrix).all()


@pytest.mark.parametrize("binary", [False, True])
def test_what_gensim_writes_is_read(tmp_path: Path, binary: bool) -> None:
    pytest.importorskip("gensim", reason="the extra gensim")
    vectors = some_vectors()
    vectors.words[7] = "york"
    vectors.to_gensim().save_word2vec_format(str(tmp_path / "vectors"), binary=binary)
    read = read_vectors_file(str(tmp_path / "vectors"))
    assert read.words == vectors.words
    assert (read.matrix == vectors.matrix).all()


def test_real_vectors(evaluation: Path) -> None:
    path = str(evaluation / "embeddings" / "tencent_characters_200.vec.gz")
    assert detect_format(path) == "word2vec-txt"
    vectors = read_vectors_file(path)
    assert (len(vectors), vectors.vector_size) == (4758, 200)
    assert vectors.similar("男", 1)[0].word == "女"


def test_glove_with_spaces_in_words(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text(". . . 1 2 3\r\n5 1 2 3 \n at name@x.com 4 5 6\n\n", "utf-8")
    assert read_vectors_file(str(path)).words == [". . .", "5", " at name@x.com"]


def test_a_mark_at_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    for content in ("\ufeff1 2\na 1 2\n", "\ufeffa 1 2\n"):
        path.write_text(content, "utf-8")
        assert read_vectors_file(str(path)).words == ["a"]


NUMBERS = np.array([1.5, -2], "<f4").tobytes()


@pytest.mark.parametrize("between", [b"", b"\n"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_variants_of_the_binary_format(tmp_path: Path, between: bytes, end: bytes) -> None:
    path = tmp_path / "vectors.bin"
    newline = np.frombuffer(b"\n \n \n \n ", "<f4").tobytes()  # numbers whose bytes are line feeds and spaces
    path.write_bytes(b"2 2\n" + "模型 ".encode() + NUMBERS + between + b"b " + newline + end)
    read = read_vectors_file(str(path))
    assert read.words == ["模型", "b"]
    assert read.matrix.tobytes() == NUMBERS + newline


INFINITE = np.array([1, np.inf], "<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "offset", "what"),
    [
        (b"2 2\na " + NUMBERS, 14, "the file ends after 1 of 2 words"),
        (b"2 2\na " + NUMBERS + b"b", 14, "the file ends after 1 of 2 words"),
        (b"2 2\na " + NUMBERS + b"b " + NUMBERS[:5], 14, "ends inside a vector, after 1 of 2 words"),
        (b"2 2\na " + NUMBERS + b"\na " + NUMBERS, 15, "'a' a second time"),
        (b"1 2\na " + INFINITE, 4, "a number of 'a' is infinite or none"),
        (b"1 2\na " + NUMBERS + b"b " + NUMBERS, 14, "more than the 1 words"),
        (b"1 2\n " + NUMBERS, 4, "no word before"),
        (b"1 2\n\xff " + NUMBERS, 4, "not UTF-8"),
        (b"1 2\nx\0 " + NUMBERS, 4, "not a word"),
        (b"1 2\n" + b"\xe4" * 40_000, 4, "no word, but 16,384 bytes without a space"),
        (b"99999999 80\na " + NUMBERS, 12, "ends inside a vector"),
    ],
)
def test_wrong_binary_files(tmp_path: Path, content: bytes, offset: int, what: str) -> None:
    path = tmp_path / "vectors.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as raised:
        read_vectors_file(str(path), format="word2vec-bin")
    assert raised.value.where == f"{path}, byte {offset}"
    assert raised.value.hint


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "is empty"),
        (b"\n", 1, "is empty"),
        (b"word\n", 1, "not a word and its numbers"),
        (b"a 1 2\nb 1\n", 2, "not a word and its 2 numbers"),
        (b"a 1 2\nb c 2\n", 2, "a number is missing"),
        (b"a 1 2\n 1 2\n", 2, "no word before the numbers"),
        (b"a 1 2\n\na 1 2\n", 3, "'a' a second time"),
        (b"a 1 2\nb 1 nan\n", 2, "a number is missing, infinite or none"),
        (b"a 1 2\nb 1 1e39\n", 2, "too large for float32"),
        (b"a 1 2\nb 1 1e999\n", 2, "infinite"),
        (b"a 1 2\nb 1 1_0\n", 2, "a number is missing"),
        ("a 1 2\nb 1 １\n".encode(), 2, "a number is missing"),
        (b"a 1 2\nb 1 0x1\n", 2, "a number is missing"),
        (b"a 1 2\nb  2\n", 2, "a number is missing"),
        (b"a 1 2\n\xff 1 2\n", 2, "not UTF-8"),
        (b"a 1 2\nb\0 1 2\n", 2, "not a word"),
        (b"a 1 2\nb" + b" 1" * 600_000, 2, "a line without end"),
    ],
)
def test_wrong_text_files(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as raised:
        read_vectors_file(str(path), format="glove")
    assert (raised.value.where, raised.value.line) == (str(path), line)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"hello\n", b"\x80\x05\x95\0 1 2", "模型 训练\n".encode(), b"a 1\0 2\n", "a 1".encode("utf-16")],
)
def test_what_is_no_file_of_vectors(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a file of word vectors") as raised:
        detect_format(str(path))
    assert "--format" in str(raised.value.hint)


def test_words_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"4 2\na " + NUMBERS + b"\n\xffb " + NUMBERS + b"\n\xfeb " + NUMBERS + b"\nc " + NUMBERS)
    with open_vectors(str(path), errors="replace") as stream:
        words = [word for block in stream.blocks for word in block.words]
    assert words == ["a", "\ufffdb", "c"]
    assert (stream.replaced, stream.left_out) == (2, 1)


@pytest.mark.parametrize("format", ["word2vec-txt", "word2vec-bin"])
def test_a_first_line_alone_reserves_nothing(tmp_path: Path, format: Format) -> None:
    path = tmp_path / "vectors"
    path.write_bytes(b"100000000 80\na " + NUMBERS)
    tracemalloc.start()
    with pytest.raises(InputError):
        read_vectors_file(str(path), format=format)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_holds_a_block_at_a_time(tmp_path: Path, format: Format) -> None:
    vectors = Vectors([f"w{number}" for number in range(2000)], np.ones((2000, 2000), np.float32))
    path = write(tmp_path / "vectors", vectors, format)
    tracemalloc.start()
    with open_vectors(str(path)) as stream:
        rows = sum(len(block.matrix) for block in stream.blocks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 2000
    assert peak < 8_000_000  # of 16,000,000 bytes
