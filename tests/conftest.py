"""Fixtures: an isolated environment, the command line in this process, the evaluation data where it is."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
EVALUATION_VARIABLE = "TEXTPIPE_EVALUATION_DATA"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long forms too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes; runs with --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name != "test_crash.py")  # it forks, which is quick while little is in memory
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="a long form: scripts/test --long"))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("TEXTPIPE_") and name != EVALUATION_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def evaluation() -> Path:
    """The folder of evaluation data; skips where there is none."""
    folder = os.environ.get(EVALUATION_VARIABLE)
    if not folder:
        pytest.skip(f"needs evaluation data: set {EVALUATION_VARIABLE}")
    return Path(folder)


class Outcome(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process: `run("keywords", path, stdin=b"…")`."""
    from textpipe.cli.process import run as run_line

    def call(*arguments: object, stdin: bytes = b"") -> Outcome:
        streams = {name: io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for name in ("stdout", "stderr")}
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = run_line([str(argument) for argument in arguments])
        texts = []
        for stream in streams.values():
            stream.flush()
            buffer = stream.buffer
            assert isinstance(buffer, io.BytesIO)
            texts.append(buffer.getvalue().decode())
        return Outcome(code, *texts)

    return call
