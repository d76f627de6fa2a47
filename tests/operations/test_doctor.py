"""What the doctor says about the engine that cuts."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Run
from textpipe.operations import doctor
from textpipe.segment import engine


def segmentation(run: Run, *, code: int = 0) -> doctor.Finding:
    """The finding that the command prints."""
    outcome = run("doctor", "--format", "json")
    assert outcome.code == code
    (record,) = json.loads(outcome.out)
    assert record["healthy"] is (code == 0)
    (finding,) = (finding for finding in record["findings"] if finding["what"] == "segmentation")
    return doctor.Finding(what=finding["what"], state=finding["state"], install=finding["install"])


def installed_from(monkeypatch: pytest.MonkeyPatch, origin: object) -> None:
    """Let pip have noted this origin; None for nothing."""
    note = None if origin is None else json.dumps(origin)
    monkeypatch.setattr(doctor, "distribution", lambda _name: SimpleNamespace(read_text=lambda _file: note))


def test_compiled(run: Run) -> None:
    assert segmentation(run) == {"what": "segmentation", "state": "compiled core", "install": None}


@pytest.mark.parametrize(
    ("origin", "install"),
    [
        ({"url": "file:///src/textpipe", "dir_info": {}}, "pip install file:///src/textpipe"),
        (
            {"url": "file:///src/text'pipe", "dir_info": {"editable": True}},
            """pip install --editable 'file:///src/text'"'"'pipe'""",
        ),
        (
            {"url": "file:///dist/textpipe_zh-0.1.0-cp311-cp311-linux_x86_64.whl", "archive_info": {}},
            "pip install --force-reinstall --no-deps --no-cache-dir --no-binary textpipe-zh textpipe-zh",
        ),
        (None, "pip install --force-reinstall --no-deps --no-cache-dir --no-binary textpipe-zh textpipe-zh"),
    ],
)
def test_without_the_core_it_says_how_to_get_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, origin: object, install: str
) -> None:
    monkeypatch.setattr(doctor, "is_compiled", lambda: False)
    installed_from(monkeypatch, origin)
    finding = segmentation(run)
    assert finding["state"] == "Python, 50 times slower: no compiler was there at installation"
    assert finding["install"] == install


def test_without_the_core_in_sources_that_were_not_installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(doctor, "is_compiled", lambda: False)
    monkeypatch.setattr(doctor, "distribution", missing)
    assert segmentation(run)["install"] == "pip install -e ."


def test_a_core_without_its_table_is_unhealthy(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "TABLE", str(tmp_path / "jieba.table"))
    monkeypatch.setattr(doctor, "compiled_table", engine.compiled_table.__wrapped__)  # without its cache
    installed_from(monkeypatch, {"url": "file:///src/textpipe", "dir_info": {"editable": True}})
    finding = segmentation(run, code=1)
    assert finding["state"].startswith("compiled core, but the table of the dictionary is missing (")
    assert finding["install"] == "pip install --editable file:///src/textpipe"


def test_a_core_that_does_not_load_is_unhealthy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unloadable() -> None:
        raise ImportError("libc.so.9: version not found")

    monkeypatch.setattr(doctor, "compiled_table", unloadable)
    assert segmentation(run, code=1)["state"] == "compiled core, but libc.so.9: version not found"
