"""Which encoding bytes are in: ours against Python's own encoders, and evaluation text."""

from __future__ import annotations

import encodings.aliases
import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import DATA
from tests.decoding import CHINESE, TRADITIONAL, decoded
from textpipe.encoding import detect
from textpipe.errors import BinaryFileError, EncodingError, TextpipeError, UsageError
from textpipe.text import Decoding, decode_stream

ENCODINGS = ["gb2312", "gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


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


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("你好".encode() + b"\xe4", "utf-8"),
        ("好".encode() + b"\xe4\xbd", "utf-8"),
        ("你好".encode("gbk"), "gb18030"),
        ("你好".encode("gbk")[:3], "gb18030"),
        ("hello 你好 world, this is one line".encode("gbk"), "gb18030"),
        ("café".encode("latin-1"), "cp1252"),
        ("naïve café, déjà vu et garçon à Noël".encode("latin-1"), "cp1252"),
        ("你好世界abc".encode("utf-16-le") + b"a", "utf-16-le"),
        ("abcdefgh".encode("utf-16-be") + b"\0", "utf-16-be"),
        (b"\xe4", None),
        (b"\0\1\2", None),
        (b"\0\0\0", None),
        (b"abc\0def", None),
    ],
)
def test_short_and_cut(data: bytes, encoding: str | None) -> None:
    assert detect(data) == encoding


@pytest.mark.parametrize("text", ["你好世界", "你好世界abc", "a"])
@pytest.mark.parametrize("family", ["utf-16", "utf-32"])
def test_forced_without_a_mark(text: str, family: str) -> None:
    """Python's own decoders demand a mark."""
    for codec in (family, f"{family}-le", f"{family}-be"):
        decoding = Decoding()
        data = io.BytesIO(text.encode(codec))
        assert "".join(decode_stream(data, where="x", encoding=family, decoding=decoding)) == text
        assert decoding.encoding.startswith(f"{family}-")
    assert decoded(b"", encoding=family) == ""


@given(st.binary(max_size=300))
def test_every_encoding_that_python_has(data: bytes) -> None:
    """Forced on any bytes, a codec gives text or one of our errors."""
    for name in sorted({*encodings.aliases.aliases.values(), "idna", "punycode", "raw_unicode_escape", "utf_8_sig"}):
        for errors in ("strict", "replace"):
            try:
                assert isinstance(decoded(data, encoding=name, errors=errors), str)
            except TextpipeError:
                continue
