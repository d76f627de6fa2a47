"""Encodings, decoding streams, folding, cutting."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.decoding import CHINESE, decoded
from textpipe.errors import EncodingError
from textpipe.text import Decoding, decode_stream, fold, line_blocks, read_text, split_lines, split_pieces


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16-le", "ascii"])
def test_only_what_was_replaced_is_counted(encoding: str) -> None:
    """A U+FFFD that stands in the text is none of ours, wherever blocks end."""
    genuine = "\ufffd" if encoding != "ascii" else ""
    for shift in range(4):
        text = "a" * shift + ("好" if genuine else "b") * 400_000 + genuine * 3 + "end"
        data = text.encode(encoding) + (b"\xff\xff" if encoding != "utf-16-le" else b"\x00\xd8a\x00")
        decoding = Decoding()
        blocks = decode_stream(io.BytesIO(data), where="x", encoding=encoding, errors="replace", decoding=decoding)
        found = "".join(blocks)
        assert found == data.decode(encoding, "replace")
        assert decoding.replaced == found.count("\ufffd") - len(genuine) * 3


def test_lists_are_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("好\r的\r", newline="")
    assert read_text(str(tmp_path / "a.txt"), what="list") == "好\n的\n"
    (tmp_path / "a.txt").write_bytes("好的词\n很好".encode()[:-1])
    with pytest.raises(EncodingError, match="the list ends inside a character") as raised:
        read_text(str(tmp_path / "a.txt"), what="list (of words)")
    assert raised.value.line == 2


@given(st.lists(st.text(st.sampled_from("一二a\n\r。"), max_size=40), max_size=8), st.integers(5, 60))
def test_line_blocks_are_the_lines(blocks: list[str], limit: int) -> None:
    """The same pieces of long lines, and whole lines together, none longer than the limit."""
    expected = list(split_lines(iter(blocks), limit=limit))
    found: list[tuple[str, bool]] = []
    for text, ends, lines in line_blocks(iter(blocks), limit=limit):
        assert len(text) <= limit
        parts = text.split("\n")
        assert len(parts) == lines
        found += [(part, True) for part in parts[:-1]]
        found.append((parts[-1], ends))
    merged, wanted = [lines_of(pieces) for pieces in (found, expected)]
    assert merged == wanted


def lines_of(pieces: list[tuple[str, bool]]) -> list[str]:
    """The lines that pieces make up; where a long one is cut depends on how its text came."""
    lines, parts = [], []
    for text, ends in pieces:
        parts.append(text)
        if ends:
            lines.append("".join(parts))
            parts = []
    return [*lines, *parts]
