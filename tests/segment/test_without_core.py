"""Where no compiler was: the same commands, the same results, from the Python engine."""

from __future__ import annotations

import pytest

import textpipe
from tests.conftest import DATA, Run
from textpipe.keywords import extract
from textpipe.segment import dictionary, engine, idf
from textpipe.segment.jieba_engine import JiebaEngine

ARTICLES = str(DATA / "articles")
COMMANDS = [
    ("keywords", ARTICLES),
    ("keywords", ARTICLES, "--method", "textrank"),
    ("keywords", ARTICLES, "--pos", "n,v"),
    ("tokenize", ARTICLES),
    ("tokenize", ARTICLES, "--lines", "--mode", "full"),
    ("tokenize", ARTICLES, "--tags", "--spans", "--format", "jsonl"),
    ("tokenize", ARTICLES, "--protect", str(DATA / "protected-terms.txt"), "--lines"),
    ("newwords", str(DATA), "--min-count", "4"),
]


@pytest.fixture
def without_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, extract, idf):
        monkeypatch.setattr(module, "is_compiled", lambda: False)
    monkeypatch.setattr(dictionary, "_engine", engine.new_engine)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands(command: tuple[str, ...], run: Run, request: pytest.FixtureRequest) -> None:
    compiled = run(*command)
    request.getfixturevalue("without_core")
    assert run(*command) == compiled
    assert compiled.code == 0
    assert len(compiled.out) > 100


@pytest.mark.usefixtures("without_core")
def test_the_engine_is_the_one_in_python() -> None:
    words = textpipe.Dictionary().add_word("石墨烯", tag="nz")
    assert isinstance(words.engine, JiebaEngine)
    assert textpipe.Tokenizer(dictionary=words).tag("石墨烯") == [("石墨烯", "nz")]
    assert textpipe.Tokenizer(dictionary=words).spans("石墨烯好").tolist() == [[0, 3], [3, 4]]
