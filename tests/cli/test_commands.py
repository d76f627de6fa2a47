"""The group of commands: version, help, doctor, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import textpipe
from tests.conftest import DATA, Run
from textpipe.cli import COMMANDS, cli


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, run: Run) -> None:
    outcome = run(name, "--help")
    assert outcome.code == 0
    assert "Examples:" in outcome.out
    assert run(name, "-h") == outcome


def every_command() -> list[tuple[str, click.Command]]:
    """Commands and the commands inside groups, with what one types."""
    context = click.Context(cli)
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", command.commands[inner]) for inner in command.commands]
    return found


@pytest.mark.parametrize(("name", "command"), every_command())
def test_every_option_is_explained(name: str, command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            long = next(spelling for spelling in parameter.opts if spelling.startswith("--"))
            assert parameter.name == long.removeprefix("--").replace("-", "_"), "the environment names it alike"


@pytest.mark.parametrize(("name", "command"), every_command())
def test_every_command_can_be_debugged(name: str, command: click.Command) -> None:
    if not isinstance(command, click.Group):
        assert any("--debug" in parameter.opts for parameter in command.params), name


def test_version(run: Run) -> None:
    assert run("--version").out == f"textpipe, version {textpipe.__version__}\n"


def test_doctor(run: Run) -> None:
    outcome = run("doctor", "--format", "jsonl")
    record = json.loads(outcome.out)
    state = {finding["what"]: finding["state"] for finding in record["findings"]}
    assert outcome.code == 0
    assert record["healthy"] is True
    assert state["jieba"] == "0.42.1"
    assert state["device"].split(":")[0] in {"cpu", "cuda"}
    assert "textpipe" in run("doctor", "--format", "table").out


def test_doctor_names_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from textpipe.operations import doctor

    declared = [
        "jieba==9.9",
        "lost-package>=1",
        "rich>=99.1",
        "click",
        'pyarrow-x>=1; extra == "tables"',
        'textpipe-zh[a]; extra == "all"',
    ]
    monkeypatch.setattr(doctor, "requires", lambda _name: declared)
    outcome = run("doctor", "--format", "csv")
    assert outcome.code == 1
    assert 'jieba,"0.42.1, but 9.9 is needed",pip install jieba==9.9' in outcome.out
    assert "lost-package,missing,pip install lost-package" in outcome.out
    assert "pyarrow-x (for the extra tables),missing,pip install pyarrow-x" in outcome.out
    assert "99.1 or newer is needed\",pip install 'rich>=99.1'" in outcome.out
    assert "textpipe-zh[a]" not in outcome.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, run: Run) -> None:
    outcome = run("completion", shell)
    assert outcome.code == 0
    assert "_TEXTPIPE_COMPLETE" in outcome.out


def test_completion_completes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textpipe"],
        env={"_TEXTPIPE_COMPLETE": "bash_complete", "COMP_WORDS": "textpipe key", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "plain,keywords"


def test_completion_of_artifacts(tmp_path: Path, run: Run) -> None:
    store = tmp_path / "store"
    identity = run("train-idf", DATA / "articles", "--name", "articles", "--store", store).out.strip().partition("/")[2]

    def completed(line: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "textpipe"],
            env={
                **os.environ,
                "_TEXTPIPE_COMPLETE": "bash_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(line.split(" ")) - 1),
                "TEXTPIPE_STORE": str(store),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return [one.partition(",")[2] for one in done.stdout.splitlines()]

    assert completed("textpipe store show ar") == ["articles"]
    assert completed("textpipe store show idf/") == ["idf/articles", "idf/latest"]
    assert completed(f"textpipe store rm {identity[:6]}") == [identity]
    assert completed("textpipe keywords --idf art") == ["articles"]
    assert completed("textpipe store di") == ["diff"]
    assert {"train-classifier", "train-embeddings", "train-idf", "tokenize"} == set(completed("textpipe t"))


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("tokenize", ("--user-dict", "words.txt", "-o", "words.txt")),
        ("keywords", ("--stopwords", "words.txt", "-o", "words.txt", "--format", "csv")),
        ("keywords", ("--vectors", "vectors.csv", "-o", "vectors.csv")),
        ("keywords", ("--protect", "words.html", "--html", "words.html")),
        ("keywords", ("--method", "textrank", "--protect", "words.graphml", "--graph", "words.graphml")),
        ("summarize", ("--user-dict", "words.txt", "-o", "words.txt", "--format", "csv")),
        ("newwords", ("--user-dict", "words.txt", "-o", "words.txt", "--format", "csv")),
        ("stats", ("--user-dict", "words.jsonl", "--duplicates", "words.jsonl")),
    ],
)
def test_no_output_replaces_a_list_that_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("云海茶园在山里。", "utf-8")
    path = next(tmp_path / option for option in options if "." in option)
    path.write_text("1 2\n茶园 1 2\n" if path.name == "vectors.csv" else "茶园\n", "utf-8")
    before = path.read_bytes()
    outcome = run(command, "a.txt", *options, "--force")
    assert outcome.code == 2
    assert "the output would replace the input" in outcome.err
    assert path.read_bytes() == before
