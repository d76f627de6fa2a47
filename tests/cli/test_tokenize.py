"""`textpipe tokenize`: plain text, records, tags, spans, long documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import textpipe
from tests.conftest import DATA, Run

ARTICLES = DATA / "articles"


def test_plain_text(run: Run) -> None:
    text = "我来到北京清华大学。\r\n他说：Hello world\u3000！\n"
    assert run("tokenize", "-", stdin=text.encode()).out == "我 来到 北京 清华大学 。 他 说 ： Hello world ！\n"
    outcome = run("tokenize", "-", "--lines", stdin=text.encode() + b"\n\n")
    assert outcome.out == "我 来到 北京 清华大学 。\n他 说 ： Hello world ！\n\n\n"
    assert outcome.err == ""


def test_a_line_a_document(run: Run, tmp_path: Path) -> None:
    outcome = run("tokenize", ARTICLES, DATA / "news.tsv", "-o", tmp_path / "out.txt")
    assert outcome.code == 0
    lines = (tmp_path / "out.txt").read_text("utf-8").split("\n")
    assert len(lines) == 6 + 252 + 1
    documents = list(textpipe.read([str(ARTICLES), str(DATA / "news.tsv")]))
    for document, line in zip(documents, lines, strict=False):
        assert line.replace(" ", "") == "".join(document.text.split())


@pytest.mark.parametrize("options", [(), ("--no-hmm",), ("--tags",), ("--fold",)])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_records_hold_everything(run: Run, options: tuple[str, ...], jobs: str) -> None:
    outcome = run("tokenize", ARTICLES, "--format", "jsonl", "--spans", "--jobs", jobs, *options)
    found = [json.loads(line) for line in outcome.out.splitlines()]
    documents = list(textpipe.read(str(ARTICLES), fold="--fold" in options))
    originals = list(textpipe.read(str(ARTICLES)))
    assert [record["id"] for record in found] == [document.id for document in documents]
    for record, document, original in zip(found, documents, originals, strict=True):
        assert "".join(record["tokens"]) == document.text
        assert [document.text[start:end] for start, end in record["spans"]] == record["tokens"]
        assert len(original.text) == len(document.text), "spans point into the original too"
        assert ("tags" in record) == ("--tags" in options)
        if "tags" in record:
            assert list(zip(record["tokens"], record["tags"], strict=True)) == textpipe.Tokenizer().tag(document.text)


@pytest.mark.parametrize("mode", ["exact", "search", "full"])
def test_modes(run: Run, mode: str) -> None:
    text = "小明硕士毕业于中国科学院计算所"
    outcome = run("tokenize", "-", "--mode", mode, "--format", "json", "--spans", stdin=text.encode())
    (record,) = json.loads(outcome.out)
    assert record["tokens"] == textpipe.Tokenizer(mode).tokenize(text)  # type: ignore[arg-type]
    assert record["spans"] == textpipe.Tokenizer(mode).spans(text).tolist()  # type: ignore[arg-type]


def test_tags_as_text(run: Run) -> None:
    assert run("tokenize", "-", "--tags", stdin="我爱 北京".encode()).out == "我/r 爱/v 北京/ns\n"


def test_rows(run: Run) -> None:
    out = run("tokenize", "-", "--tags", "--spans", "--format", "csv", stdin="爱北京".encode()).out
    assert out == "id,token,start,end,tag\n-,爱,0,1,v\n-,北京,1,3,ns\n"


def test_long_documents_stay_whole(run: Run, tmp_path: Path) -> None:
    text = "很长的文章，由许多句子组成。\n" * 10_000
    (tmp_path / "long.txt").write_text(text)
    for jobs in ("1", "2"):
        outcome = run("tokenize", tmp_path / "long.txt", "--format", "jsonl", "--spans", "--jobs", jobs)
        (line,) = outcome.out.splitlines()
        record = json.loads(line)
        assert "".join(record["tokens"]) == text
        assert record["tokens"] == textpipe.Tokenizer().tokenize(text)
        assert [text[start:end] for start, end in record["spans"]] == record["tokens"]
        plain = run("tokenize", tmp_path / "long.txt", "--jobs", jobs)
        assert plain.out == " ".join(token for token in record["tokens"] if not token.isspace()) + "\n"


def test_plain_text_in_the_core_is_the_tokens_joined(run: Run, tmp_path: Path) -> None:
    """Threads, blocks of lines and bytes give what a record a line gives; CR LF, blank and endless lines too."""
    article = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
    text = article.replace("\n", "\r\n") + "\n\n  \n" + article.replace("\n", "") * 60 + "\n" + article * 200 + "无尽"
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8", newline="")
    tokenizer = textpipe.Tokenizer()

    def shown(piece: str) -> str:
        return " ".join(token for token in tokenizer.tokenize(piece) if not token.isspace())

    lines = "".join(shown(line) + "\n" for line in text.split("\n"))
    for jobs in ((), ("--jobs", 1), ("--jobs", 3)):
        assert run("tokenize", path, "--lines", *jobs).out == lines
        assert run("tokenize", path, *jobs).out == shown(text) + "\n"
    assert run("tokenize", path, "--lines", "--limit", 3).out == "".join(lines.splitlines(keepends=True)[:3])
    count = f"note: {text.count(chr(10)) + 1} read = {text.count(chr(10)) + 1} used"
    assert count in run("tokenize", path, "--lines", "-v", "-o", tmp_path / "o.txt").err
    assert (tmp_path / "o.txt").read_text("utf-8") == lines


def test_records_with_line_feeds_stay_one_line(run: Run, tmp_path: Path) -> None:
    """Only lines of plain text are documents of their own with --lines."""
    (tmp_path / "a.csv").write_text('id,text\n1,"甲好\n乙好"\n2,丙\n')
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "\n\n甲\n\n"}) + "\n")
    (tmp_path / "a.txt").write_text("丁\n\n戊")
    paths = [tmp_path / name for name in ("a.csv", "a.jsonl", "a.txt")]
    for options in ((), ("--jobs", 1), ("--limit", 9)):
        assert run("tokenize", *paths, "--lines", *options).out == "甲好 乙好\n丙\n甲\n丁\n\n戊\n"
