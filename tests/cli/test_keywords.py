"""`textpipe keywords`: records, formats, order, processes, graph."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import networkx
import pytest

import textpipe
from tests.conftest import DATA, Run

ARTICLE = DATA / "articles" / "tea-mountain.txt"


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_record(run: Run) -> None:
    outcome = run("keywords", ARTICLE, "-k", "3")
    assert (outcome.code, outcome.err) == (0, "")
    (record,) = records(outcome.out)
    expected = textpipe.keywords(ARTICLE.read_text("utf-8"), k=3)
    assert record == {
        "id": str(ARTICLE),
        "keywords": [{"text": k.text, "score": k.score, "count": k.count, "first": k.first} for k in expected],
    }
    assert list(record) == ["id", "keywords"]


def test_one_record_a_document_in_order_also_when_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"id": 1, "text": "模型", "label": "x", "keywords": ["gold"]}\n{"id": 2, "text": ""}\n'
    )
    outcome = run("keywords", tmp_path / "a.jsonl")
    assert outcome.code == 0
    found = records(outcome.out)
    assert [record["id"] for record in found] == ["1", "2"]
    assert found[1]["keywords"] == []
    assert "gold" not in outcome.out
    assert "label" not in outcome.out
    assert "no keywords in 1 of 2 documents" in outcome.err


def test_formats_say_the_same(run: Run, tmp_path: Path) -> None:
    expected = records(run("keywords", ARTICLE, "--format", "jsonl").out)
    assert json.loads(run("keywords", ARTICLE, "--format", "json").out) == expected
    flat = [[expected[0]["id"], *map(str, keyword.values())] for keyword in expected[0]["keywords"]]  # type: ignore[attr-defined]
    for kind, separator in (("csv", ","), ("tsv", "\t")):
        out = run("keywords", ARTICLE, "--format", kind).out
        rows = list(csv.reader(io.StringIO(out), delimiter=separator))
        assert rows[0] == ["id", "text", "score", "count", "first"]
        assert rows[1:] == flat
    for suffix in ("jsonl", "json", "csv", "tsv"):
        target = tmp_path / f"out.{suffix}"
        assert run("keywords", ARTICLE, "-o", target).out == ""
        assert target.read_text("utf-8") == run("keywords", ARTICLE, "--format", suffix).out
    table = run("keywords", ARTICLE, "--format", "table").out
    assert all(keyword["text"] in table for keyword in expected[0]["keywords"])  # type: ignore[attr-defined]


def test_a_header_alone_is_no_document(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\tlabel\n")
    outcome = run("keywords", tmp_path / "a.tsv", "--format", "json")
    assert (outcome.code, outcome.err.splitlines()[0]) == (3, f"error: no text found ({tmp_path}/a.tsv)")


def test_output_in_the_input_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("模型")
    outcome = run("keywords", tmp_path, "-o", tmp_path / "out.csv", "--bom")
    assert (outcome.code, outcome.err) == (0, "")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,text")


def test_csv_is_safe_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"id": "=HYPERLINK(1)", "text": "+++模型 @cmd 训练"}\n{"id": "-1", "text": "模型"}\n'
    )
    rows = list(csv.reader(io.StringIO(run("keywords", tmp_path / "a.jsonl", "--format", "csv").out)))
    assert {row[0] for row in rows[1:]} == {"'=HYPERLINK(1)", "'-1"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def test_terminal_sees_no_control_characters(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "\\u001b[31mred\\u202e", "text": "模型"}\n')
    table = run("keywords", tmp_path / "a.jsonl", "--format", "table").out
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert r"\x1b[31mred\u202e" in table


def test_a_terminal_gets_a_table_a_pipe_gets_json_lines() -> None:
    command = [sys.executable, "-m", "textpipe", "keywords", str(ARTICLE), "-k", "2"]
    piped = subprocess.run(command, capture_output=True, text=True, check=True)
    assert piped.stdout.startswith('{"id"')
    assert piped.stderr == ""
    seen = on_a_terminal(command)
    assert "贺青禾" in seen
    assert "│" in seen


def on_a_terminal(command: list[str]) -> str:
    """What a person sees."""
    master, slave = os.openpty()
    process = subprocess.Popen(command, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while data := os.read(master, 4096):
            seen += data
    os.close(master)
    assert process.wait(60) == 0
    return seen.decode()


def test_processes_do_not_change_the_output(run: Run, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("北京的模型训练需要数据。" * 8000)
    paths = (DATA / "news.tsv", long, DATA / "articles")
    for method in ("tfidf", "textrank"):
        one = run("keywords", *paths, "--method", method, "--jobs", "1")
        two = run("keywords", *paths, "--method", method, "--jobs", "2")
        assert one == two
        assert len(one.out.splitlines()) == 252 + 1 + 6


def test_parts_of_speech(run: Run) -> None:
    outcome = run("keywords", ARTICLE, "--pos", "ns,nr", "-k", "5")
    pairs = dict(textpipe.Tokenizer().tag(ARTICLE.read_text("utf-8")))
    (record,) = records(outcome.out)
    assert {pairs[keyword["text"]] for keyword in record["keywords"]} <= {"ns", "nr"}  # type: ignore[attr-defined]
    outcome = run("keywords", ARTICLE, "--pos", "noun")
    assert outcome.code == 2
    assert "no part of speech 'noun'" in outcome.err


def test_stop_words_and_dictionaries(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("鲜叶分级 100 n\n")
    (tmp_path / "stop.txt").write_text("鲜叶\n")
    (tmp_path / "a.txt").write_text("鲜叶分级，鲜叶分级，鲜叶")
    options = ("--user-dict", tmp_path / "words.txt", "--stopwords", "zh", "--stopwords", tmp_path / "stop.txt")
    (record,) = records(run("keywords", tmp_path / "a.txt", *options).out)
    assert [keyword["text"] for keyword in record["keywords"]] == ["鲜叶分级"]  # type: ignore[attr-defined]


def test_graph(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "g.graphml"
    options = ("--method", "textrank", "--graph", target)
    plain = run("keywords", ARTICLE, "--method", "textrank")
    assert run("keywords", ARTICLE, *options) == plain
    graph = networkx.read_graphml(target)
    scores = {
        keyword.text: keyword.score for keyword in textpipe.keywords(ARTICLE.read_text("utf-8"), method="textrank")
    }
    assert {word: graph.nodes[word]["score"] for word in scores} == scores
    assert run("keywords", ARTICLE, *options).code == 5
    assert run("keywords", ARTICLE, *options, "--force", "--converge", "--jobs", "2").code == 0
    converged = networkx.read_graphml(target)
    expected = networkx.pagerank(converged, tol=1e-12, max_iter=1000)
    assert max(abs(converged.nodes[word]["score"] - expected[word]) for word in expected) < 1e-8


def test_account(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\tlabel\n好模型\t1\n\n坏\t1\t2\n")
    lines = run("keywords", tmp_path / "a.tsv").err.splitlines()
    assert lines[0] == "note: 3 read = 1 used + 1 skipped + 1 rejected"
    assert f"(2), first: {tmp_path}/a.tsv:4" in lines[2]
    assert run("keywords", tmp_path / "a.tsv", "--quiet").err == ""
    gazette = DATA / "articles" / "old-county-gazette.gb18030.txt"
    assert run("keywords", gazette).err == "note: read as gb18030 (1 file)\n"
    assert "1 read = 1 used" in run("keywords", ARTICLE, "--verbose").err


def test_standard_input(run: Run) -> None:
    (record,) = records(run("keywords", "-", stdin="石墨烯电池".encode("gbk")).out)
    assert record["id"] == "-"
    found = records(run("keywords", "-", "--lines", stdin="模型\n训练\n".encode()).out)
    assert [record["id"] for record in found] == ["-:1", "-:2"]


def test_defaults_from_environment_and_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(*options: str) -> int:
        (record,) = records(run("keywords", ARTICLE, *options).out)
        return len(record["keywords"])  # type: ignore[arg-type]

    monkeypatch.chdir(tmp_path)
    assert count() == 20
    (tmp_path / "textpipe.toml").write_text('[keywords]\ntop = 5\nstopwords = ["zh"]\n')
    assert count() == 5
    monkeypatch.setenv("TEXTPIPE_KEYWORDS_TOP", "4")
    assert count() == 4
    assert count("-k", "3") == 3
    monkeypatch.setenv("TEXTPIPE_KEYWORDS_TOP", "many")
    assert run("keywords", ARTICLE).code == 2


def test_evaluation_runs(evaluation: Path, tmp_path: Path, run: Run) -> None:
    outcome = run("keywords", evaluation / "keywords" / "csl" / "dev.jsonl", "-o", tmp_path / "csl.jsonl")
    assert (outcome.code, len((tmp_path / "csl.jsonl").read_text().splitlines())) == (0, 1000)
    path = evaluation / "classify" / "thucnews10" / "dev.txt"
    outcome = run("keywords", path, "--input-format", "tsv", "-k", "3", "-o", tmp_path / "thuc.jsonl")
    assert (outcome.code, len((tmp_path / "thuc.jsonl").read_text().splitlines())) == (0, 10_000)


def test_the_command_works_from_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textpipe", "keywords", "-", "-k", "1", "--jobs", "2"],
        input="石墨烯电池的石墨烯".encode(),
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": "", "LC_ALL": "C", "PYTHONUTF8": "0"},
        check=True,
    )
    assert "石墨" in done.stdout.decode("utf-8")


def test_outputs_replace_no_input(tmp_path: Path, run: Run) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("北京大学的学生和北京大学的老师")
    graph = tmp_path / "g.graphml"
    graph.write_text("北京大学的学生和北京大学的老师")
    (tmp_path / "link.txt").symlink_to("a.txt")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments in (
        ("tokenize", tmp_path, "-o", tmp_path / "b.txt"),
        ("tokenize", tmp_path / "*.txt", "-o", tmp_path / "a.txt"),
        ("tokenize", tmp_path / "a.txt", "-o", tmp_path / "link.txt"),
        ("keywords", graph, "--method", "textrank", "--graph", graph),
        ("keywords", tmp_path / "a.txt", "--method", "textrank", "--graph", graph, "-o", graph, "--format", "jsonl"),
    ):
        outcome = run(*arguments, "--force")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("error: the output would replace the ")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keywords_and_graph_come_together(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("textpipe.keywords.graph.to_graphml", full)
    (tmp_path / "a.txt").write_text("北京大学的学生和北京大学的老师")
    arguments = ("--method", "textrank", "--graph", tmp_path / "g.graphml", "-o", tmp_path / "k.jsonl")
    assert run("keywords", tmp_path / "a.txt", *arguments).code == 5
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("method", ["phrases", "tfidf", "textrank"])
def test_more_keywords_than_a_machine_can_count_are_all_of_them(run: Run, method: str) -> None:
    every = run("keywords", ARTICLE, "--method", method, "-k", "100000")
    outcome = run("keywords", ARTICLE, "--method", method, "-k", str(1 << 64))
    assert (outcome.code, outcome.out, outcome.err) == (0, every.out, "")
