"""Reading user dictionary files: the quick way reads what the careful one reads, line by line, and is quick."""

from __future__ import annotations

import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.segment import dictionary_file
from textpipe.segment.dictionary import Entry
from textpipe.segment.dictionary_file import Unusable, read_entries, read_lines

fields = st.one_of(
    st.sampled_from(
        ["石墨烯", "C++", "5", "0", "n", "nz", "N", "-5", "5.5", "", "，", ",5", "9" * 18, "9" * 19, "长" * 100]
    ),
    st.text("云计算aN05.,:=，+\t\r \u3000\ufeff\x85\u2028\x0b", max_size=4),
)
lines = st.builds(
    lambda parts, separator, end: separator.join(parts) + end,
    st.lists(fields, min_size=1, max_size=4),
    st.sampled_from([" ", " ", " ", "  ", "\t"]),
    st.sampled_from(["", "", "\r", " "]),
)


@settings(max_examples=500, deadline=None)
@given(text=st.lists(lines, max_size=4).map("\n".join))
def test_the_quick_way_is_the_careful_one(text: str) -> None:
    careful = [
        (number, dictionary_file._parse(stripped))
        for number, line in enumerate(text.split("\n"), start=1)
        if (stripped := line.strip().lstrip("\ufeff"))
    ]
    assert list(dictionary_file._read(text)) == careful


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\n石墨烯 5\n\n  \n云计算\t5\r\n碳 中和\n好词 3 n", newline="")
    assert list(read_lines(str(path))) == [
        (2, Entry("石墨烯", 5)),
        (5, Unusable("云计算\t5", "fields lie between single spaces, not tabs")),
        (6, Entry("碳 中和")),
        (7, Entry("好词", 3, "n")),
    ]


def test_a_hundred_thousand_lines(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("".join(f"词语{number} {number} n\n" for number in range(100_000)))
    begin = time.process_time()
    assert len(read_entries(str(path))) == 100_000
    assert time.process_time() - begin < 1, "it takes a tenth of a second"
