"""The table of document frequencies: in memory and on disk alike, refused when it is none."""

from __future__ import annotations

import copy
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.errors import ArtifactError
from textpipe.keywords import frequencies
from textpipe.keywords.frequencies import (
    Frequencies,
    FrequenciesOnDisk,
    Written,
    median_frequency,
    open_frequencies,
    write_frequencies,
)

ROWS = {"ab": 3, "abc": 1, "中文": 7, "文字": 1, "字": 12, "𠀀𠀁": 2, "UTF-8": 1}


def write(path: Path, rows: dict[str, int], **options: int) -> Written:
    return write_frequencies(path, ((word.encode(), rows[word]) for word in sorted(rows)), documents=20, **options)


@pytest.fixture(params=["in memory", "on disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Frequencies:
    if request.param == "on disk":
        monkeypatch.setattr(frequencies, "IN_MEMORY", 0)
        monkeypatch.setattr(frequencies, "_BLOCK", 12)
    write(tmp_path / "t.tsv", ROWS)
    documents, table = open_frequencies(tmp_path / "t.tsv")
    assert documents == 20
    assert isinstance(table, dict) == (request.param == "in memory")
    return table


def test_every_word_is_found_and_no_other(opened: Frequencies) -> None:
    for table in (opened, copy.deepcopy(opened)):  # a copy goes the way of one that is sent to a worker
        assert {word: table.get(word, 0) for word in ROWS} == ROWS
        for word in ("a", "abcd", "b", "中", "文字字", "", "0", "\U0010ffff", "ab\t3", "7\n", "\ud800"):
            assert table.get(word, -1) == -1


def test_what_is_written(tmp_path: Path) -> None:
    assert write(tmp_path / "t.tsv", ROWS, least=2) == Written(4, 24, 3)
    assert (tmp_path / "t.tsv").read_text("utf-8") == "\t20\nab\t3\n中文\t7\n字\t12\n𠀀𠀁\t2\n"
    assert write(tmp_path / "t.tsv", ROWS, least=20) == Written(0, 0, 0)


@given(st.lists(st.integers(1, 99), min_size=1))
@settings(deadline=None)
def test_the_median_is_jieba_s(counts: list[int]) -> None:
    """jieba takes sorted(weights)[length // 2]."""
    weights = sorted(math.log(100 / count) for count in counts)
    assert math.log(100 / median_frequency(Counter(counts))) == weights[len(weights) // 2]


@pytest.mark.parametrize("limit", [0, 1 << 20])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"ab\t1\n", b"\tx\n", b"\t3", b"\t3\nab\t0\n", b"\t3\nab\n", b"\t3\n\t1\n", b"\t3\nab\t1",
        b"\t3\n\xff\t1\n",        b"\t3\nab\t-1\n", b"\t3\nab\t" + b"9" * 19 + b"\n",
    ],
)  # fmt: skip
def test_what_is_no_table(tmp_path: Path, content: bytes, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "IN_MEMORY", limit)
    (tmp_path / "t.tsv").write_bytes(content)
    with pytest.raises(ArtifactError, match="not a table of document frequencies"):
        open_frequencies(tmp_path / "t.tsv")


def test_a_table_on_disk_must_be_sorted_and_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequencies, "_BLOCK", 4)
    (tmp_path / "t.tsv").write_bytes(b"\t3\nbb\t1\naa\t1\n")
    with pytest.raises(ArtifactError):
        FrequenciesOnDisk(tmp_path / "t.tsv")
    write(tmp_path / "t.tsv", ROWS)
    table = FrequenciesOnDisk(tmp_path / "t.tsv")
    (tmp_path / "t.tsv").write_bytes(b"\t20\n")
    with pytest.raises(ArtifactError):
        table.get("中文", 0)
