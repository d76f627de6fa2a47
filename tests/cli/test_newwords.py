"""`textpipe newwords`: records, formats, thresholds, the dictionary that it writes, bad input."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from tests.conftest import DATA, ROOT, Run
from textpipe.cli.newwords import _room

COLUMNS = ["text", "count", "documents", "pmi", "left_entropy", "right_entropy", "hold", "agreement", "score"]
ALL = (DATA / "articles", DATA / "news.tsv", "--min-count", "4")
VILLAGE = "青岩村"


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_object_a_word_best_first(run: Run) -> None:
    outcome = run("newwords", *ALL)
    assert outcome.code == 0
    found = records(outcome.out)
    assert VILLAGE in [word["text"] for word in found]
    assert [list(word) for word in found] == [COLUMNS] * len(found)
    scores = [float(str(word["score"])) for word in found]
    assert scores == sorted(scores, reverse=True)
    assert "1 of 258 documents have no Chinese character" in outcome.err
    assert run("newwords", *ALL, "-q") == (0, outcome.out, "")
    assert run("newwords", *ALL, "-q", "--jobs", "1", "--max-memory", "512M").out == outcome.out
    assert records(run("newwords", *ALL, "-k", "2").out) == found[:2]
    verbose = run("newwords", *ALL, "-v").err
    assert re.search(r"\d+ strings occur 4 times or more .* \d+ of them are known words", verbose)


def test_formats_say_the_same(run: Run, tmp_path: Path) -> None:
    expected = records(run("newwords", *ALL).out)
    assert json.loads(run("newwords", *ALL, "--format", "json").out) == expected
    for kind, separator in (("csv", ","), ("tsv", "\t")):
        rows = list(csv.reader(io.StringIO(run("newwords", *ALL, "--format", kind).out), delimiter=separator))
        assert rows == [COLUMNS, *([str(value) for value in word.values()] for word in expected)]
    run("newwords", *ALL, "-o", tmp_path / "words.jsonl")
    assert records((tmp_path / "words.jsonl").read_text("utf-8")) == expected
    table = run("newwords", *ALL, "--format", "table").out
    assert table.startswith(f"{len(expected)} new words in 258 documents")
    assert all(str(word["text"]) in table for word in expected)


def test_the_dictionary_keeps_the_words_whole(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "new.txt"
    found = [str(word["text"]) for word in records(run("newwords", *ALL, "--to-dict", target).out)]
    lines = target.read_text("utf-8").splitlines()
    assert [line.split(" ")[0] for line in lines] == found
    (tmp_path / "words.txt").write_text("\n".join(found))
    arguments = ("tokenize", tmp_path / "words.txt", "--lines")
    assert run(*arguments).out.splitlines() != found
    assert run(*arguments, "--user-dict", target).out.splitlines() == found
    assert run("dict", "check", target).code == 0
    again = run("newwords", *ALL, "--user-dict", target)
    assert not {str(word["text"]) for word in records(again.out)} & set(found)
    assert run("newwords", *ALL, "--to-dict", target).code == 5
    before = target.read_bytes()
    assert run("newwords", *ALL, "--to-dict", target, "--force").code == 0
    assert target.read_bytes() == before


def test_the_dictionary_replaces_nothing_that_is_read(run: Run, tmp_path: Path) -> None:
    text, words = tmp_path / "a.txt", tmp_path / "words.txt"
    text.write_text("北京大学的学生。" * 9)
    words.write_text("学生会 5 n\n")
    for arguments in (
        (text, "--to-dict", text),
        (text, "--user-dict", words, "--to-dict", words),
        (text, "--user-dict", words, "-o", words, "--format", "csv"),
        (text, "-o", text, "--format", "csv"),
        (text, "-o", tmp_path / "out.csv", "--to-dict", tmp_path / "out.csv"),
    ):
        outcome = run("newwords", *arguments, "--force")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("error: the output would replace the ")
    assert run("newwords", text, "--to-dict", tmp_path / "no" / "new.txt").code == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "words.txt"]


@pytest.mark.parametrize(
    "text", ["一", "好" * 300_000, "No Chinese at all.", "今天天气很好。" * 50, "，。！" * 100, "好😀坏\n" * 50]
)
def test_nothing_found(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    outcome = run("newwords", tmp_path / "a.txt", "--to-dict", tmp_path / "new.txt")
    assert (outcome.code, outcome.out) == (1, "")
    assert "note: no new words" in outcome.err
    assert "was not written" in outcome.err
    assert not (tmp_path / "new.txt").exists()
    assert ("1 of 1 documents have no Chinese character" in outcome.err) == (text[0] in "N，")
    assert run("newwords", tmp_path / "a.txt", "--format", "csv").out == ",".join(COLUMNS) + "\n"
    assert run("newwords", tmp_path / "a.txt", "-q").err == ""


def test_encodings_and_standard_input(run: Run) -> None:
    text = "".join(
        path.read_text("utf-8") for path in sorted((DATA / "articles").glob("*.txt")) if "gb" not in path.name
    )
    plain = run("newwords", "-", "--min-count", "4", stdin=text.encode())
    assert VILLAGE in plain.out
    assert run("newwords", "-", "--min-count", "4", stdin=text.encode("gb18030")).out == plain.out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--min-count", "0"), 2),
        (("-k", "0"), 2),
        (("--max-length", "1"), 2),
        (("--max-length", "21"), 2),
        (("--min-pmi", "nan"), 2),
        (("--max-memory", "1M"), 2),
        (("--max-memory", "much"), 2),
        (("--jobs", "-1"), 2),
        (("--user-dict", "missing.txt"), 3),
        (("-o", "words.parquet"), 2),
    ],
)
def test_options_that_make_no_sense(run: Run, options: tuple[str, ...], code: int) -> None:
    outcome = run("newwords", DATA / "articles", *options)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.startswith("error: ")


def test_memory_has_units() -> None:
    assert _room("1G") == _room("1024M") == _room("1gb") == _room(str(1 << 30))
    assert _room("2G").keys > _room("1G").keys


def test_no_input(run: Run, tmp_path: Path) -> None:
    assert run("newwords").code == 2
    (tmp_path / "empty.txt").touch()
    assert run("newwords", tmp_path / "empty.txt").code == 3


def judged() -> tuple[list[str], list[str]]:
    """The words that docs/newwords.md calls words and names, and those that it calls neither."""
    page = (ROOT / "docs" / "newwords.md").read_text("utf-8")
    good, bad = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return good.split(), bad.split()


def test_the_judged_words_are_counted_right() -> None:
    good, bad = judged()
    page = (ROOT / "docs" / "newwords.md").read_text("utf-8")
    assert f"Words and names ({len(good)}):" in page
    assert f"Neither ({len(bad)}):" in page
    assert len(set(good + bad)) == len(good + bad) == 200
    assert len(good) / 200 >= 0.85


def test_the_judged_words_are_those_found(run: Run, evaluation: Path) -> None:
    found = records(run("newwords", evaluation / "corpus" / "xwlb_stories.jsonl.gz", "-q").out)
    good, bad = judged()
    assert {word["text"] for word in found} == {*good, *bad}
