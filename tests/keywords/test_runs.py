"""Sorted runs: merged they are what a dict would have held, however many there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.errors import OutputError
from textpipe.keywords import runs
from textpipe.keywords.runs import SortedRuns, key_of, word_of

WORDS = st.text(alphabet="ab中 \U00020000~\t\n\x0b\x00,", min_size=1, max_size=3)


def summed(counts: list[bytes]) -> bytes:
    return b"%d" % sum(map(int, counts))


@given(st.lists(st.dictionaries(WORDS, st.integers(1, 9)), max_size=12), st.integers(2, 4), st.integers(1, 40))
@settings(deadline=None)
def test_merged(parts: list[dict[str, int]], together: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "_TOGETHER", together)
        patch.setattr(runs, "_BLOCK", block)
        sorted_runs = SortedRuns(summed)
        expected: Counter[str] = Counter()
        for part in parts:
            sorted_runs.add((key_of(word), b"%d" % part[word]) for word in sorted(part))
            expected.update(part)
        found = [(word_of(word), int(count)) for word, count in sorted_runs.merged()]
    assert found == sorted(expected.items())
    assert list(sorted_runs.merged()) == [], "they are gone"


def test_few_files_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_TOGETHER", 4)
    sorted_runs = SortedRuns(summed)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(100):
        sorted_runs.add([(b"%03d" % number, b"1"), (b"x", b"1")])
        assert len(list(Path("/proc/self/fd").iterdir())) - before <= 4 * 4
    found = dict(sorted_runs.merged())
    assert len(found) == 101
    assert found[b"x"] == b"100"
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        SortedRuns(summed, folder=tmp_path / "gone").add([(b"a", b"1")])
