"""The documentation runs: every command in it prints what it shows, and every command is in it."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from tests import markdown
from tests.conftest import DATA, ROOT
from textpipe.cli import COMMANDS
from textpipe.errors import TextpipeError

PAGES = markdown.PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_print_what_is_shown(page: Path) -> None:
    text = page.read_text("utf-8")
    with markdown.fresh_folder() as folder:
        for block in markdown.blocks(text, "console"):
            for command in markdown.commands(block):
                assert markdown.output_of(command.line, folder) == command.output, f"{command.line}: run scripts/docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_sessions_print_what_is_shown(page: Path) -> None:
    assert markdown.failures_of_sessions(page.read_text("utf-8"), page.name) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_page_with_its_help(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    lines = [command.line for block in markdown.blocks(page, "console") for command in markdown.commands(block)]
    assert f"textpipe {name} --help" in lines
    assert any(line != f"textpipe {name} --help" and f"textpipe {name}" in line for line in lines), "an example"


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_both_readmes_hold_the_same(readme: str) -> None:
    text = (ROOT / readme).read_text("utf-8")
    other = (ROOT / ("README.zh.md" if readme == "README.md" else "README.md")).read_text("utf-8")
    for needed in ("scripts/demo", "scripts/test", "textpipe.keywords(", "jieba", "gensim", "fastText"):
        assert needed in text
    for name in COMMANDS:
        assert f"textpipe {name}" in text
    for kind in ("console", "pycon"):
        assert markdown.blocks(text, kind), "examples"
    assert [c.line for b in markdown.blocks(text, "console") for c in markdown.commands(b)] == [
        c.line for b in markdown.blocks(other, "console") for c in markdown.commands(b)
    ]
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in text
    first = text.index("scripts/demo")
    assert first < text.index("## "), "the two commands stand at the top"


def test_links_lead_somewhere() -> None:
    import re

    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_exit_codes_are_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    kinds = [TextpipeError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    for kind in kinds[1:]:
        assert kind.__name__ in text
        assert f"| {kind.exit_code} |" in text


def test_data_is_documented() -> None:
    text = (DATA / "README.md").read_text("utf-8")
    for path in DATA.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert path.name in text


@pytest.mark.parametrize(
    "module",
    [
        "textpipe",
        "textpipe.corpus.read",
        "textpipe.keywords.extract",
        "textpipe.keywords.summary",
        "textpipe.models.explanation",
        "textpipe.models.train",
        "textpipe.segment.tokenizer",
    ],
)
def test_examples_in_docstrings(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted > 0
    assert found.failed == 0
