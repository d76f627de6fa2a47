"""`textpipe summarize`: records, formats, order, processes, bad input."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA, Run
from textpipe.text import PIECE

ARTICLE = DATA / "articles" / "tea-mountain.txt"


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_record(run: Run) -> None:
    outcome = run("summarize", ARTICLE, "-n", "2")
    assert (outcome.code, outcome.err) == (0, "")
    text = ARTICLE.read_text("utf-8")
    assert records(outcome.out) == [
        {"id": str(ARTICLE), "sentences": [found._asdict() for found in textpipe.summarize(text, sentences=2)]}
    ]
    (record,) = records(outcome.out)
    for found in record["sentences"]:
        assert list(found) == ["text", "score", "start", "end", "position"]
        assert text[found["start"] : found["end"]] == found["text"]


def test_order(run: Run) -> None:
    def column(name: str, *options: str) -> list[float]:
        (record,) = records(run("summarize", ARTICLE, "--method", "mmr", "-n", "6", *options).out)
        return [found[name] for found in record["sentences"]]

    assert column("position") == sorted(column("position"))
    assert column("score", "--by-score") == sorted(column("score"), reverse=True)
    assert sorted(column("position", "--by-score")) == column("position")


def test_formats_say_the_same(run: Run, tmp_path: Path) -> None:
    (record,) = records(run("summarize", ARTICLE, "--format", "jsonl").out)
    assert json.loads(run("summarize", ARTICLE, "--format", "json").out) == [record]
    columns = ["position", "score", "start", "end", "text"]
    flat = [[str(ARTICLE), *(str(found[name]) for name in columns)] for found in record["sentences"]]
    for kind, separator in (("csv", ","), ("tsv", "\t")):
        rows = list(csv.reader(io.StringIO(run("summarize", ARTICLE, "--format", kind).out), delimiter=separator))
        assert rows == [["id", *columns], *flat]
        target = tmp_path / f"out.{kind}"
        assert run("summarize", ARTICLE, "-o", target).out == ""
        assert target.read_text("utf-8") == run("summarize", ARTICLE, "--format", kind).out
    table = run("summarize", ARTICLE, "--format", "table").out
    assert all(str(found["text"])[:20] in table for found in record["sentences"])


def test_line_ends_inside_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "The bridge that was opened on the first day of this month has\nthree lanes and a path. It is long.\n"
    )
    (record,) = records(run("summarize", tmp_path / "a.txt", "-n", "1").out)
    assert "month has\nthree lanes" in str(record["sentences"][0]["text"])
    assert r"month has\nthree lanes" in run("summarize", tmp_path / "a.txt", "--format", "tsv").out
    table = run("summarize", tmp_path / "a.txt", "--format", "table").out
    assert r"has\n" in table.replace(" ", "").replace("│", "")


def test_one_record_a_document_in_order_also_when_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "好。"}\n{"id": 2, "text": ""}\n{"id": 3, "text": "……！"}\n')
    outcome = run("summarize", tmp_path / "a.jsonl")
    assert outcome.code == 0
    assert [(record["id"], len(record["sentences"])) for record in records(outcome.out)] == [
        ("1", 1),
        ("2", 0),
        ("3", 0),
    ]
    assert "no sentences in 2 of 3 documents: they hold no letter, digit or character (first: " in outcome.err
    assert run("summarize", tmp_path / "a.jsonl", "--quiet").err == ""
    assert run("summarize", "-", stdin="。。。".encode()).code == 1


def test_processes_do_not_change_the_output(run: Run, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("北京的模型训练需要数据。" * (PIECE // 4))
    paths = (DATA / "news.tsv", long, DATA / "articles")
    for method in ("combined", "textrank"):
        one = run("summarize", *paths, "--method", method, "--jobs", "1")
        assert one.code == 0
        assert run("summarize", *paths, "--method", method, "--jobs", "2") == one
        assert len(one.out.splitlines()) == 252 + 1 + 6


def test_a_long_document_is_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲乙丙丁。" * PIECE + "最后一句。")
    (record,) = records(run("summarize", tmp_path / "a.txt", "--method", "lead", "--ratio", "1").out)
    assert len(record["sentences"]) == PIECE + 1
    assert record["sentences"][-1] == {
        "text": "最后一句。",
        "score": round(1 / (PIECE + 1), 12),
        "start": 5 * PIECE,
        "end": 5 * PIECE + 5,
        "position": PIECE + 1,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--sentences", "0"), "0 is not in the range"),
        (("--ratio", "0"), "ratio is 0.0, not above 0 and up to 1"),
        (("--ratio", "2"), "ratio is 2.0, not above 0 and up to 1"),
        (("--ratio", "nan"), "ratio is nan"),
        (("--ratio", "0.5", "-n", "2"), "both a number of sentences and a ratio"),
        (("--method", "best"), "'best' is not one of"),
        (("--stopwords", "nothing.txt"), "no such stop-word list"),
    ],
)
def test_bad_options(run: Run, options: tuple[str, ...], message: str) -> None:
    outcome = run("summarize", ARTICLE, *options)
    assert outcome.code == (3 if "--stopwords" in options else 2)
    assert outcome.out == ""
    assert message in outcome.err
    assert "hint: " in outcome.err


def test_flags_beat_the_environment_and_that_the_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(*options: str) -> int:
        (record,) = records(run("summarize", ARTICLE, *options).out)
        return len(record["sentences"])

    monkeypatch.chdir(tmp_path)
    every = count("--ratio", "1")
    (tmp_path / "textpipe.toml").write_text("[summarize]\nsentences = 5\n")
    assert (count(), count("--ratio", "1"), count("-n", "2")) == (5, every, 2)
    monkeypatch.setenv("TEXTPIPE_SUMMARIZE_RATIO", "1")
    assert (count(), count("-n", "2")) == (every, 2)


def test_standard_input_and_encodings(run: Run, tmp_path: Path) -> None:
    (record,) = records(run("summarize", "-", "-n", "1", stdin="石墨烯电池。天气。".encode("gbk")).out)
    assert record["sentences"][0]["text"] == "石墨烯电池。"
    found = records(run("summarize", "-", "--lines", stdin="一。二。\n三。\n".encode()).out)
    assert [len(record["sentences"]) for record in found] == [2, 1]
    (tmp_path / "words.txt").write_text("石墨烯 100 n\n")
    options = ("--user-dict", tmp_path / "words.txt", "--no-hmm", "--stopwords", "zh,en")
    assert run("summarize", "-", *options, stdin="石墨烯电池。".encode()).code == 0


def test_evaluation_runs(evaluation: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "out.jsonl"
    assert run("summarize", evaluation / "corpus" / "xwlb_stories.jsonl.gz", "--limit", "500", "-o", target).code == 0
    found = [json.loads(line) for line in target.read_text().splitlines()]
    assert len(found) == 500
    assert all(1 <= len(record["sentences"]) <= 3 for record in found)
