"""--html: a report beside the results, which stay as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATA, Run
from tests.report.pages import check_page
from textpipe.cli import COMMANDS, cli
from textpipe.report.documents import MOST_DOCUMENTS

ARTICLE = DATA / "articles" / "tea-mountain.txt"
OF_TEXTS = ("keywords", "summarize")
REPORTING = ("keywords", "newwords", "stats", "summarize")


@pytest.mark.parametrize("name", OF_TEXTS)
def test_report(name: str, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    plain = run(name, ARTICLE)
    assert run(name, ARTICLE, "--html", target) == plain
    page = check_page(target.read_bytes())
    assert page.all("div", class_="text")[0].text == ARTICLE.read_text("utf-8")
    assert page.all("mark")
    before = target.read_bytes()
    assert run(name, ARTICLE, "--html", target).code == 5
    assert run(name, ARTICLE, "--html", target, "--force", "--jobs", "2").code == 0
    assert target.read_bytes() == before


@pytest.mark.parametrize("name", REPORTING)
def test_refusals(name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "page.html"
    source.write_text("北京大学的学生和北京大学的老师")
    for arguments, message in (
        (("--html", tmp_path / "r.pdf"), "the report is written as HTML"),
        (("--html", "-"), "the report is written as HTML"),
        (("--html", source, "--force"), "the output would replace the input"),
        (("--html", tmp_path / "o.html", "-o", tmp_path / "o.html", "--format", "jsonl"), "would replace the results"),
    ):
        outcome = run(name, source, *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert message in outcome.err
    assert run(name, source, "--html", tmp_path / "none" / "r.html").code == 5
    assert run(name, source, "--html", f"{tmp_path}/r.html/").code == 2
    monkeypatch.setattr("textpipe.report.page.find_spec", lambda _name: None)
    outcome = run(name, source, "--html", tmp_path / "r.html")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: HTML reports need Jinja2\nhint: pip install 'textpipe-zh[report]'\n"
    assert run(name, source).code in {0, 1}, "nothing else needs it"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("name", REPORTING)
def test_results_and_report_come_together(name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> bytes:
        raise OSError(28, "No space left on device")

    room = {"summarize": "summary"}.get(name, name)
    monkeypatch.setattr(f"textpipe.report.{room}.make_page", full)
    (tmp_path / "a.txt").write_text("北京大学的学生和北京大学的老师")
    outcome = run(name, tmp_path / "a.txt", "-o", tmp_path / "k.jsonl", "--html", tmp_path / "r.html")
    assert outcome.code == 5
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", OF_TEXTS)
def test_many_documents_of_every_kind(name: str, run: Run, tmp_path: Path) -> None:
    rows = [
        {"id": f"{number}</h2>", "text": text}
        for number, text in enumerate(["", "茶", "a\x00b\ud800", "👍🏽 茶叶好喝。"])
    ]
    rows += [{"id": str(number), "text": f"第{number}篇文章讲茶叶。"} for number in range(100)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    outcome = run(name, tmp_path / "a.jsonl", "--html", tmp_path / "r.html")
    assert len(outcome.out.splitlines()) == 104
    page = check_page((tmp_path / "r.html").read_bytes())
    sections = page.all("section", class_="document")
    assert len(sections) == MOST_DOCUMENTS
    assert [section.all("h2")[0].text for section in sections[:4]] == [f"{number}</h2>" for number in range(4)]
    texts = [section.all("div", class_="text")[0].text for section in sections]
    assert texts[:4] == ["", "茶", "a␀b\ufffd", "👍🏽 茶叶好喝。"]
    assert "54 more are not" in page.text


def test_report_of_a_collection(run: Run, tmp_path: Path) -> None:
    paths = (DATA / "news.tsv", DATA / "articles")
    for name, options in (("stats", ()), ("newwords", ("--min-count", "3")), ("keywords", ("--corpus",))):
        target = tmp_path / f"{name}.html"
        plain = run(name, *paths, *options)
        assert plain.code == 0
        assert run(name, *paths, *options, "--html", target) == plain
        page = check_page(target.read_bytes())
        (record, *_) = map(json.loads, plain.out.splitlines())
        text = page.all("main")[0].text
        if name == "stats":
            assert all(term["text"] in text for term in record["terms"])
            assert page.all("dd")[0].text == "258"
        else:
            best = record if name == "newwords" else record["keywords"][0]
            row = page.all("tbody")[0].all("tr")[0]
            assert row.all("th")[0].text.strip() == best["text"]
            assert f"{best['score']:.4f}" in row.text


def test_nothing_found_is_a_report_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("的")
    assert run("keywords", tmp_path / "a.txt", "--html", tmp_path / "r.html").code == 1
    assert "No keywords were found." in check_page((tmp_path / "r.html").read_bytes()).text


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """As `textpipe keywords … | head -1`: no half report, and a word about it."""
    (tmp_path / "a.txt").write_text("好茶叶好\n" * 20_000)
    command = [sys.executable, "-m", "textpipe", "keywords", "a.txt", "--lines", "--html", "r.html"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b"note: r.html was not written: nobody reads the results any more\n"
    assert process.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_long_document_streams_into_the_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("北京的模型训练需要数据。" * 20_000)
    assert run("keywords", tmp_path / "long.txt", "-k", "3", "--html", tmp_path / "r.html").code == 0
    page = check_page((tmp_path / "r.html").read_bytes())
    assert "The first 100,000 of 240,000 characters are shown." in page.text


def test_graph_and_report_are_two_files(run: Run, tmp_path: Path) -> None:
    options = ("--method", "textrank", "--graph", tmp_path / "g.graphml")
    assert run("keywords", ARTICLE, *options, "--html", tmp_path / "r.html").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"g.graphml", "r.html"}


def test_every_command_with_the_option_is_tested() -> None:
    import click

    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in COMMANDS}
    having = [name for name, command in commands.items() if command and any(p.name == "html" for p in command.params)]
    assert sorted(having) == sorted(REPORTING)
