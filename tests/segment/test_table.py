"""The table of the compiled core: what is missing, damaged or foreign is refused before anything reads it."""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from textpipe.errors import ArtifactError
from textpipe.segment import engine
from textpipe.segment.build_table import digest

_core = pytest.importorskip("textpipe.segment._core", reason="there is no compiled core")

HEAD = 32  # bytes before what the digest covers
NUMBERS = 5 * 8  # of the header, behind the head; then the offsets of the sections
open_table: Callable[[], object] = engine.compiled_table.__wrapped__  # without the cache


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the table, which the engine takes for its own."""
    path = tmp_path / "jieba.table"
    shutil.copy(engine.TABLE, path)
    monkeypatch.setattr(engine, "TABLE", str(path))
    return path


def refusal(path: Path) -> str:
    """What is said about the table."""
    with pytest.raises(ArtifactError) as caught:
        open_table()
    assert caught.value.hint
    assert "pip install" in caught.value.hint
    assert caught.value.where == str(path)
    return caught.value.message


def overwrite(path: Path, place: int, data: bytes) -> bytes:
    """Write into the file; what stood there."""
    with path.open("r+b") as stream:
        stream.seek(place)
        before = stream.read(len(data))
        stream.seek(place)
        stream.write(data)
    return before


def sign(path: Path) -> None:
    """Make the digest right again, as a table of another build would have it."""
    content = path.read_bytes()
    overwrite(path, HEAD - 8, struct.pack("=Q", _core.digest([content[HEAD:]])))


def test_a_copy_opens(table: Path) -> None:
    assert table.stat().st_size > 1 << 20
    assert open_table() is not None


def test_missing(table: Path) -> None:
    table.unlink()
    assert refusal(table) == "the table of the dictionary is missing"


@pytest.mark.parametrize(
    "size", [0, 1, 8, HEAD - 1, HEAD, HEAD + 1, 64, 208, 240, 4096, 1 << 20, (1 << 20) + 7, -64, -32, -1]
)
def test_cut_short(table: Path, size: int) -> None:
    with table.open("r+b") as stream:
        stream.truncate(size % table.stat().st_size)
    assert refusal(table)


@pytest.mark.parametrize("more", [1, 31, 32, 64, 4096])
def test_continued(table: Path, more: int) -> None:
    with table.open("ab") as stream:
        stream.write(bytes(more))
    assert refusal(table)


def test_continued_and_signed(table: Path) -> None:
    with table.open("ab") as stream:
        stream.write(bytes(64))
    sign(table)
    assert refusal(table) == "a table that is cut short or continued"


def test_every_flipped_byte_is_noticed(table: Path) -> None:
    draw = random.Random(1)
    size = table.stat().st_size
    for place in [*range(HEAD), *(draw.randrange(HEAD, size) for _ in range(200)), size - 1]:
        before = overwrite(table, place, b"\0")
        overwrite(table, place, bytes([before[0] ^ 1 << draw.randrange(8)]))
        assert refusal(table), f"at {place}"
        overwrite(table, place, before)
    assert open_table() is not None, "and mended again"


@pytest.mark.parametrize(
    ("place", "data", "message"),
    [
        (0, b"textpipf", "not a table of textpipe"),
        (8, struct.pack("=I", 0), "a table of another version of textpipe"),
        (8, struct.pack("=I", 2), "a table of another version of textpipe"),
        (12, struct.pack(">I" if struct.pack("=H", 1) == b"\1\0" else "<I", 0x01020304), "a table of a machine with"),
        (16, struct.pack("=Q", 64), "a table that is cut short or continued"),
        (HEAD + NUMBERS, struct.pack("=q", 0), "a table with a section outside it"),
        (HEAD + NUMBERS, struct.pack("=q", -64), "a table with a section outside it"),
        (HEAD + NUMBERS + 160, struct.pack("=q", 1 << 40), "a table with a section outside it"),
    ],
)
def test_foreign_tables_with_a_right_digest(table: Path, place: int, data: bytes, message: str) -> None:
    overwrite(table, place, data)
    sign(table)
    assert refusal(table).startswith(message)


def test_commands_end_with_the_code_of_artifacts(
    table: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    overwrite(table, 4096, b"other")
    monkeypatch.setattr(engine, "compiled_table", open_table)
    words = tmp_path / "words.txt"  # which no other test has: an engine of its own is made
    words.write_text("坏掉的词表 5 n\n", "utf-8")
    outcome = run("tokenize", "-", "--user-dict", words, stdin="我们".encode())
    assert (outcome.code, outcome.out) == (4, "")
    assert "the table of the dictionary is damaged" in outcome.err
    assert "hint: pip install" in outcome.err


def test_both_digests_are_the_same() -> None:
    draw = random.Random(2)
    for size in [0, 32, 64, 96, *(32 * draw.randrange(1, 3000) for _ in range(20))]:
        data = draw.randbytes(size)
        cut = 32 * draw.randrange(size // 32 + 1)
        assert _core.digest([data]) == _core.digest([data[:cut], data[cut:]]) == digest(data)
