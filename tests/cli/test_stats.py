"""`textpipe stats`: one record, its formats, the groups of duplicates, bad input."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DATA, Outcome, Run

LONG = "春天的茶山上，采茶人一早就出门了，山下的茶厂也忙了起来，机器整夜没有停过。"
SECTIONS = [
    "paths", "documents", "lengths", "encodings", "characters", "labels", "duplicates", "vocabulary", "terms",
    "characteristic",
]  # fmt: skip


def record_of(outcome: Outcome) -> dict[str, Any]:
    (line,) = outcome.out.splitlines()
    return dict(json.loads(line))


def folder_of(tmp_path: Path) -> Path:
    """Two files of the same text in different encodings, one nearly the same, one of its own, an empty document."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_bytes(LONG.encode("gbk"))
    (folder / "b.txt").write_bytes(LONG.encode("utf-8-sig"))
    (folder / "c.txt").write_text(LONG + "\r\n真的")
    (folder / "d.jsonl").write_text('{"text": "Machine learning, machine learning!"}\n{"text": " "}\n')
    return folder


def test_one_record_for_all(run: Run) -> None:
    outcome = run("stats", DATA / "news.tsv", DATA / "articles", "--no-near", "-q")
    assert (outcome.code, outcome.err) == (0, "")
    record = record_of(outcome)
    assert list(record) == SECTIONS
    assert record["paths"] == [str(DATA / "news.tsv"), str(DATA / "articles")]
    assert record["documents"]["documents"] == 252 + 6
    assert len(record["terms"]) == len(record["characteristic"]) == 20
    assert record["duplicates"]["near"] is None


def test_mixed_folder(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("datasketch", reason="needs the extra duplicates")
    folder = folder_of(tmp_path)
    outcome = run("stats", folder, "--near", "0.7")
    assert (outcome.code, outcome.err) == (0, "note: read as gb18030 (1 file)\n")
    record = record_of(outcome)
    assert [(one["encoding"], one["files"]) for one in record["encodings"]["files"]] == [("utf-8", 3), ("gb18030", 1)]
    assert record["encodings"]["byte_order_marks"] == 1
    assert record["encodings"]["line_ends"] == {"none": 2, "crlf": 1, "lf": 1}
    assert (record["documents"]["documents"], record["documents"]["empty"]) == (5, 1)
    duplicates = record["duplicates"]
    assert (duplicates["documents"], duplicates["exact"]["documents"], duplicates["near"]["documents"]) == (2, 1, 1)
    assert duplicates["share"] == 0.5


def test_groups_are_written(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("datasketch", reason="needs the extra duplicates")
    folder, target = folder_of(tmp_path), tmp_path / "groups.jsonl"
    arguments = ("stats", folder, "--near", "0.7", "--duplicates", target)
    assert run(*arguments).code == 0
    (group,) = map(json.loads, target.read_text("utf-8").splitlines())
    assert (group["id"], group["kind"], group["texts"]) == (str(folder / "a.txt"), "near", 2)
    assert [one["id"] for one in group["duplicates"]] == [str(folder / "b.txt"), str(folder / "c.txt")]
    assert group["duplicates"][0]["similarity"] == 1
    again = run(*arguments)
    assert (again.code, again.out) == (5, "")
    assert run(*arguments, "--force").code == 0


def test_groups_and_statistics_come_together(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    folder = folder_of(tmp_path)
    monkeypatch.setattr("textpipe.discover.duplicates.Duplicates.groups", full)
    outcome = run("stats", folder, "--duplicates", tmp_path / "g.jsonl", "-o", tmp_path / "s.json")
    assert outcome.code == 5
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_without_near_duplicates(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path)
    record = record_of(run("stats", folder, "--no-near"))
    assert (record["duplicates"]["documents"], record["duplicates"]["near"]) == (1, None)
    monkeypatch.setattr("textpipe.discover.near_duplicates.has_datasketch", lambda: False)
    outcome = run("stats", folder)
    assert record_of(outcome)["duplicates"]["near"] is None
    assert "note: equal texts only: pip install 'textpipe-zh[duplicates]'" in outcome.err
    assert "equal texts only" not in run("stats", folder, "--no-near").err
    outcome = run("stats", folder, "--near", "0.9")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines() == [
        "error: near-duplicates need datasketch",
        "hint: pip install 'textpipe-zh[duplicates]'",
    ]


def test_formats_say_the_same(run: Run, tmp_path: Path) -> None:
    path = DATA / "news.tsv"
    record = record_of(run("stats", path, "-k", "4"))
    assert json.loads(run("stats", path, "-k", "4", "--format", "json").out) == [record]
    for kind, separator in (("csv", ","), ("tsv", "\t")):
        out = run("stats", path, "-k", "4", "--format", kind).out
        header, *rows = csv.reader(io.StringIO(out), delimiter=separator)
        assert header == ["section", "name", "value"]
        found = {(section, name): value for section, name, value in rows}
        assert len(found) == len(rows)
        assert found["documents", "documents"] == "252"
        assert found["lengths characters", "mean"] == str(record["lengths"]["characters"]["mean"])
        assert found["labels", "sports"] == "42"
        assert found["vocabulary", "distinct"] == str(record["vocabulary"]["distinct"])
        assert found["growth", "1000"] == str(record["vocabulary"]["growth"][0][1])
        assert found["terms", record["terms"][0]["text"]] == str(record["terms"][0]["count"])
        target = tmp_path / f"out.{kind}"
        assert run("stats", path, "-k", "4", "-o", target).out == ""
        assert target.read_text("utf-8") == out


def test_a_table_for_people(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"text": "模型", "label": "\\u001b[31mred"}\n{"text": "模型", "label": "blue"}\n'
    )
    table = run("stats", tmp_path / "a.jsonl", "--format", "table").out
    for title in ("Documents", "Lengths of documents", "Encodings", "Characters", "Labels", "Duplicates", "Vocabulary"):
        assert f"{title}\n" in table
    assert "\x1b" not in table
    assert r"\x1b[31mred" in table
    assert "模型" in table
    (tmp_path / "b.jsonl").write_text('{"text": ""}\n')
    table = run("stats", tmp_path / "b.jsonl", "--format", "table").out
    assert "Frequent terms" not in table
    assert "Growth" not in table


def test_stop_words_and_dictionaries(run: Run, tmp_path: Path) -> None:
    def terms(*options: object) -> list[str]:
        return [one["text"] for one in record_of(run("stats", tmp_path / "a.txt", *options))["terms"]]

    (tmp_path / "a.txt").write_text("我们的鲜叶分级，我们的鲜叶分级 the tea 2024")
    (tmp_path / "words.txt").write_text("鲜叶分级 100 n\n")
    (tmp_path / "stop.txt").write_text("tea\n")
    assert terms("--user-dict", tmp_path / "words.txt") == ["鲜叶分级", "tea"]
    assert "我们" in terms("--stopwords", "none")
    assert terms("--user-dict", tmp_path / "words.txt", "--stopwords", f"zh,{tmp_path}/stop.txt") == ["鲜叶分级", "the"]


def test_processes_do_not_change_the_record(run: Run, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("北京的模型训练需要数据。" * 8000)
    paths = (DATA / "news.tsv", long, DATA / "articles")
    assert run("stats", *paths, "--jobs", "1") == run("stats", *paths, "--jobs", "2")


def test_labels_that_disagree(run: Run) -> None:
    rows = f"text,label\n{LONG},tea\n{LONG},work\n{LONG},tea\n机器,work\n机器,work\n"
    outcome = run("stats", "-", "--input-format", "csv", "--no-near", stdin=rows.encode())
    record = record_of(outcome)
    assert record["duplicates"]["conflicting"] == 1
    assert record["duplicates"]["largest"][0] == {
        "kind": "exact", "documents": 3, "texts": 1, "labels": 2, "least_similarity": 1.0,
        "ids": ["-:2", "-:3", "-:4"],
    }  # fmt: skip
    assert record["encodings"]["files"] == [{"encoding": "utf-8", "files": 1, "first": "-"}]


def test_labels_without_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.discover.stats._LABELS", 2)
    rows = "text,label\n" + "".join(f"模型,l{number}\n" for number in range(4))
    outcome = run("stats", "-", "--input-format", "csv", stdin=rows.encode())
    assert record_of(outcome)["labels"]["distinct"] is None
    assert "is it a column of labels?" in outcome.err


@pytest.mark.parametrize("text", ["", " ", "x", "😀", "！", "\u200b", "\\ud800"])
def test_a_single_odd_document(run: Run, text: str) -> None:
    outcome = run("stats", "-", "--input-format", "jsonl", stdin=f'{{"text": "{text}"}}\n'.encode())
    assert outcome.code == 0
    record = record_of(outcome)
    assert record["documents"]["documents"] == 1
    assert record["documents"]["empty"] == (not text.strip())
    assert record["duplicates"]["documents"] == 0
    assert run("stats", "-", "--input-format", "jsonl", "--format", "table", stdin=b'{"text": ""}\n').code == 0


def test_evaluation_sets(evaluation: Path, run: Run) -> None:
    """What is known of a data set: 338 rows of its development set stand in its training set too."""
    folder = evaluation / "classify" / "chnsenticorp"
    paths = sorted(folder.glob("train.*")) + sorted(folder.glob("dev.*"))
    record = record_of(run("stats", *paths, "--no-near", "-q"))
    assert record["documents"]["documents"] == 9600 + 1200
    assert record["duplicates"]["exact"]["documents"] >= 338
