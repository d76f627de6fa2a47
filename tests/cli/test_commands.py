"""The group of commands: version, help, doctor, completion."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

import textpipe
from tests.conftest import Run
from textpipe.cli import COMMANDS, cli


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, run: Run) -> None:
    outcome = run(name, "--help")
    assert outcome.code == 0
    assert "Examples:" in outcome.out
    assert run(name, "-h") == outcome


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"


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
