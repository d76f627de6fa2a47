"""`--protect` and `--traditional` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import textpipe
from tests.conftest import DATA, Run
from textpipe.segment import traditional

TERMS = DATA / "protected-terms.txt"


def test_protected_terms(run: Run, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("读过 书\n")
    text = "卡尔·马克思读过 书，用 C++ 标准库"
    options = ("--protect", TERMS, "--protect", tmp_path / "more.txt")
    outcome = run("tokenize", "-", *options, "--format", "jsonl", "--spans", "--tags", stdin=text.encode())
    record = json.loads(outcome.out)
    assert outcome.err == ""
    assert record["tokens"] == ["卡尔·马克思", "读过 书", "，", "用", " ", "C++ 标准库"]
    assert [text[start:end] for start, end in record["spans"]] == record["tokens"]
    assert record["tags"] == ["nz", "nz", "x", "p", "x", "nz"]


@pytest.mark.parametrize("mode", ["exact", "search", "full"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_as_in_python(run: Run, mode: str, jobs: str) -> None:
    path = DATA / "articles" / "mixed-release-notes.txt"
    options = ("--protect", TERMS, "--traditional", "--mode", mode, "--jobs", jobs)
    record = json.loads(run("tokenize", path, *options, "--format", "jsonl", "--spans").out)
    tokenizer = textpipe.Tokenizer(mode, protect=tuple(TERMS.read_text("utf-8").splitlines()), traditional=True)  # type: ignore[arg-type]
    text = path.read_text("utf-8")
    assert record["tokens"] == tokenizer.tokenize(text)
    assert record["spans"] == tokenizer.spans(text).tolist()
    assert {"AI 助手", "REST API", "Python 3.12", "混合精度（FP16）"} < set(record["tokens"])


def test_a_term_across_the_pieces_of_a_long_document(run: Run, tmp_path: Path) -> None:
    """Cuts come after sentences, so that only a term with such an end inside may be missed."""
    text = "卡尔·马克思写书。" * 20_000
    (tmp_path / "long.txt").write_text(text)
    record = json.loads(run("tokenize", tmp_path / "long.txt", "--protect", TERMS, "--format", "jsonl").out)
    assert record["tokens"].count("卡尔·马克思") == 20_000
    assert "".join(record["tokens"]) == text


def test_keywords(run: Run) -> None:
    text = "卡爾·馬克思在圖書館寫書，圖書館的讀者讀卡爾·馬克思，卡爾·馬克思。"
    options = ("--protect", TERMS, "--traditional", "--stopwords", "zh", "-k", "1")
    record = json.loads(run("keywords", "-", *options, "--format", "jsonl", stdin=text.encode()).out)
    assert record["keywords"][0]["text"] == "卡爾·馬克思"
    assert record["keywords"][0]["count"] == 3
    ranking = ("--method", "textrank", "--pos", "nz,n,v")
    record = json.loads(run("keywords", "-", *options, *ranking, "--format", "jsonl", stdin=text.encode()).out)
    assert record["keywords"][0]["text"] == "卡爾·馬克思"


def test_in_the_configuration(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "textpipe.toml").write_text('[tokenize]\nprotect = ["terms.txt"]\ntraditional = true\n')
    (tmp_path / "terms.txt").write_text("图书馆 A")
    assert run("tokenize", "-", "--tags", stdin="在圖書館 A".encode()).out == "在/p 圖書館 A/nz\n"


def test_without_opencc(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traditional, "find_spec", lambda _name: None)
    outcome = run("tokenize", "-", "--traditional", stdin="圖書館".encode())
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "error: reading traditional text needs OpenCC",
        "hint: pip install 'textpipe-zh[traditional]'",
    ]
    assert run("tokenize", "-", stdin="圖書館".encode()).code == 0


@pytest.mark.parametrize("command", ["train-idf", "run"])
def test_not_where_artifacts_are_made(run: Run, command: str) -> None:
    """Artifacts do not carry these settings, so that no command that makes one takes them."""
    assert run(command, "x", "--protect", TERMS).code == 2
    assert run(command, "x", "--traditional").code == 2
