"""Encodings, decoding streams, folding, cutting."""

from __future__ import annotations

import io
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import DATA
from textpipe.errors import BinaryFileError, EncodingError, UsageError
from textpipe.text import Decoding, decode_stream, detect, fold, split_lines, split_pieces

CHINESE = "湖边的小镇在春天最热闹，游客从各地赶来看樱花。当地人说，这里的鱼汤和米酒都值得一尝！"
TRADITIONAL = "湖邊的小鎮在春天最熱鬧，遊客從各地趕來看櫻花。當地人說，這裡的魚湯和米酒都值得一嚐！"
ENCODINGS = ["gb2312", "gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def decoded(data: bytes, **options: str) -> str:
    return "".join(decode_stream(io.BytesIO(data), where="x", **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [CHINESE, CHINESE[:20], "GBK 编码的 CSV 文件，2026 年\n第二行\n"])
def test_reads_simplified(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["big5", "utf-8", "utf-16-le", "gb18030"])
def test_reads_traditional(encoding: str) -> None:
    assert decoded(TRADITIONAL.encode(encoding, "ignore")) == TRADITIONAL.encode(encoding, "ignore").decode(encoding)


def test_reads_other_scripts() -> None:
    russian = "Все люди рождаются свободными и равными в своем достоинстве и правах. " * 3
    assert decoded(russian.encode("cp1251")) == russian
    french = "Tous les êtres humains naissent libres et égaux en dignité et en droits. " * 3
    assert decoded(french.encode("utf-8")) == french


def test_bundled_gb18030() -> None:
    data = (DATA / "articles" / "old-county-gazette.gb18030.txt").read_bytes()
    assert detect(data) == "gb18030"
    assert "€" in decoded(data)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", bytes(range(256)) * 4, b"\0" * 1000])
def test_binary(data: bytes) -> None:
    assert detect(data) is None
    with pytest.raises(BinaryFileError, match="binary"):
        decoded(data)


def test_broken_utf8_names_the_line() -> None:
    data = (CHINESE + "\n" + CHINESE + "\n").encode() * 50
    place = data.index("樱".encode(), 3000)
    broken = data[:place] + b"\xff" + data[place:]
    with pytest.raises(EncodingError) as raised:
        decoded(broken)
    assert raised.value.line == data[:place].count(b"\n") + 1
    assert "0xff" in raised.value.message
    decoding = Decoding()
    text = "".join(decode_stream(io.BytesIO(broken), where="x", errors="replace", decoding=decoding))
    assert text == broken.decode("utf-8", "replace")
    assert decoding.replaced == 1


def test_late_evidence() -> None:
    """Three megabytes of ASCII decide nothing; what comes then does."""
    ascii_part = b"plain line\n" * 300_000
    assert decoded(ascii_part + CHINESE.encode("gbk")).endswith(CHINESE)
    with pytest.raises(EncodingError) as raised:
        decoded(ascii_part + CHINESE.encode() * 2 + ascii_part + b"\xff\xfe\n")
    assert raised.value.line == 600_001


def test_cut_inside_a_character() -> None:
    for encoding in ("utf-8", "gbk"):
        decoding = Decoding()
        data = CHINESE.encode(encoding)[:-1]
        text = "".join(decode_stream(io.BytesIO(data), where="x", decoding=decoding))
        assert text == CHINESE[:-1] + "\ufffd"
        assert decoding.replaced == 1


def test_forced_and_unknown_encodings() -> None:
    assert decoded(b"\xd6\xd0", encoding="gbk") == "中"
    assert decoded("\ufeff中".encode(), encoding="utf-8") == "中"
    assert decoded("中".encode("utf-16"), encoding="utf-16") == "中"
    with pytest.raises(UsageError, match="unknown encoding"):
        decoded(b"x", encoding="klingon")
    for codec in ("rot13", "hex", "zlib", "undefined", "base64"):
        with pytest.raises(UsageError, match="unknown encoding"):
            decoded(b"x", encoding=codec)
    with pytest.raises(EncodingError):
        decoded(b"\xff\xff", encoding="utf-8")


@given(st.text(), st.integers(min_value=1, max_value=7))
def test_utf8_round_trip_in_any_blocks(text: str, size: int) -> None:
    class Slow(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def read(self, _size: int = -1, /) -> bytes:
            return self.data.read(size)

    data = text.encode("utf-8", "surrogatepass")
    if b"\0" not in data and not any(0xD800 <= ord(c) <= 0xDFFF for c in text) and not text.startswith("\ufeff"):
        assert "".join(decode_stream(Slow(data), where="x", encoding="utf-8")) == text


@given(st.text())
def test_fold_keeps_offsets(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded
    assert all(a == b or (b.isascii() and (b.isalnum() or b == " ")) for a, b in zip(text, folded, strict=True))


def test_fold_keeps_punctuation() -> None:
    assert fold("ＡＩ\u3000２０２６，（测试）！") == "AI 2026，（测试）！"


@given(
    st.text(alphabet="ab。 \n\r，字x1"), st.integers(min_value=2, max_value=9), st.integers(min_value=1, max_value=9)
)
def test_pieces_are_the_text(text: str, limit: int, block: int) -> None:
    blocks = [text[start : start + block] for start in range(0, len(text), block)]
    pieces = list(split_pieces(iter(blocks), limit=limit))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert pieces == list(split_pieces(iter([text]), limit=limit)), "pieces depend on the text alone"
    assert not any(a.endswith("\r") and b.startswith("\n") for a, b in pairwise(pieces))


@given(
    st.text(alphabet="ab。 \n\r，字x1"), st.integers(min_value=2, max_value=9), st.integers(min_value=1, max_value=9)
)
def test_lines_are_lines(text: str, limit: int, block: int) -> None:
    blocks = [text[start : start + block] for start in range(0, len(text), block)]
    lines: list[str] = [""]
    for piece, ends in split_lines(iter(blocks), limit=limit):
        assert len(piece) <= limit
        lines[-1] += piece
        if ends:
            lines.append("")
    assert lines.pop() == ""
    expected = text.split("\n")
    assert lines == (expected[:-1] if expected[-1] == "" else expected)


def test_pieces_end_with_sentences() -> None:
    sentence = "很短的一句话。"
    pieces = list(split_pieces(iter([sentence * 100]), limit=50))
    assert set(pieces) == {sentence * 7, sentence * 2}


def test_evaluation_text_in_five_encodings(evaluation: Path) -> None:
    """1,000 pieces of 20 to 2,000 characters: at least 99 % read back right."""
    lines = (evaluation / "classify" / "chnsenticorp" / "train.tsv").read_text("utf-8").split("\n")
    text = "\n".join(line.split("\t")[1] for line in lines[1:] if "\t" in line)
    text += (evaluation / "segment" / "pku_test.utf8").read_text("utf-8-sig")
    generator = random.Random(20261121)
    for encoding in ("gbk", "gb18030", "big5", "utf-16-le", "utf-16-be", "utf-16", "utf-16-be-bom"):
        wrong = 0
        for _ in range(1000):
            size = int(20 * 100 ** generator.random())
            start = generator.randrange(len(text) - size)
            codec = encoding.removesuffix("-bom")
            piece = text[start : start + size].encode(codec, "ignore").decode(codec)
            data = (b"\xfe\xff" if encoding.endswith("-bom") else b"") + piece.encode(codec)
            wrong += decoded(data) != piece
        assert wrong <= 10, f"{encoding}: {wrong} of 1,000 wrong"


def test_evaluation_declarations(evaluation: Path) -> None:
    """335 files in 30 encodings: never a crash; those that are UTF-8 or GB2312 exactly right."""
    files = sorted((evaluation / "encodings" / "udhr").iterdir())
    assert len(files) == 335
    right = unknown = 0
    for path in files:
        data = path.read_bytes()
        codec = {"UTF8": "utf-8-sig", "GB2312": "gb2312"}.get(path.name.rsplit("-", 1)[-1])
        expected = data.decode(codec, "replace") if codec else None
        if expected is None or expected.count("\ufffd") > 1:  # one file that says UTF8 is not
            if detect(data) is None:
                unknown += 1
            else:
                assert decoded(data)
        else:
            assert decoded(data) == expected, path.name
            right += 1
    assert right == 93
    assert unknown < 10
