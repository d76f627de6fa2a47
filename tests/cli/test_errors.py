"""Every error: one line, one hint, the right exit code, nothing half-written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests.conftest import DATA, ROOT, Run

CASES = sorted((ROOT / "tests" / "cases" / "errors").glob("*.toml"))
TEXTPIPE = [sys.executable, "-m", "textpipe"]


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def as_bytes(content: str) -> bytes:
    parts = re.split(r"\\x([0-9a-f]{2})", content)
    return b"".join(bytes([int(part, 16)]) if number % 2 else part.encode() for number, part in enumerate(parts))


def test_there_are_cases() -> None:
    assert len(CASES) > 30


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    case = tomllib.loads(path.read_text("utf-8"))
    monkeypatch.chdir(tmp_path)
    for name, content in case.get("files", {}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(as_bytes(content))
    if case.get("make") == "folder":
        (tmp_path / "folder").mkdir()
    elif case.get("make") == "pipe":
        os.mkfifo(tmp_path / "pipe")
    before = contents(tmp_path)
    outcome = run(*case["command"])
    assert outcome.err.splitlines() == case["stderr"]
    assert outcome.code == case["code"]
    assert bool(outcome.out) == (case["code"] == 1 or case.get("streams", False))
    assert contents(tmp_path) == before


def test_debug_shows_where(tmp_path: Path) -> None:
    done = subprocess.run(
        [*TEXTPIPE, "keywords", "nothing.txt", "--debug"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 3
    assert "Traceback" in done.stderr
    assert "error: no such file (nothing.txt)" in done.stderr


def test_a_bug_is_said_to_be_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("textpipe.operations.keywords.extract_keywords", broken)
    outcome = run("keywords", DATA / "news.tsv")
    assert outcome.code == 70
    assert outcome.err.splitlines()[0] == "error: a bug in textpipe: ZeroDivisionError: division by zero"


@pytest.mark.parametrize("name", ["numpy.linalg", None])
def test_a_package_that_cannot_be_loaded_is_no_bug(run: Run, monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ImportError("wrong ELF class", name=name)

    monkeypatch.setattr("textpipe.operations.keywords.extract_keywords", broken)
    outcome = run("keywords", DATA / "news.tsv")
    assert outcome.code == 4
    first, second = outcome.err.splitlines()
    assert first == "error: a package cannot be loaded: wrong ELF class"
    assert ("pip install --force-reinstall numpy;" in second) == (name is not None)
    assert "textpipe doctor" in second


def test_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr("textpipe.operations.keywords.extract_keywords", greedy)
    assert run("keywords", DATA / "news.tsv").code == 6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_output() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*TEXTPIPE, "tokenize", DATA / "news.tsv"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 5
    assert done.stderr.splitlines() == [
        "error: No space left on device (standard output)",
        "hint: df -h shows free space, ls -l permissions",
    ]


def test_a_reader_that_leaves() -> None:
    process = subprocess.Popen(
        [*TEXTPIPE, "tokenize", DATA / "news.tsv", "--format", "jsonl", "--spans"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("options", [[], ["--tags", "--jobs", "2"], ["--format", "jsonl", "--jobs", "2"]])
def test_a_reader_that_leaves_early(tmp_path: Path, options: list[str]) -> None:
    """Threads and workers end in silence when nobody reads on."""
    source = tmp_path / "long.txt"
    source.write_text("这一行很长，足够让程序忙上一会儿。\n" * 60_000)
    command = [*TEXTPIPE, "tokenize", str(source), "--lines", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


def stopped(tmp_path: Path, jobs: str, *sent: signal.Signals, group: bool) -> tuple[int, list[str]]:
    """Send signals to a command that is busy with -o: its exit code and what it says. Threads cut a file in no time,
    so that they are given one that is not complete."""
    source = tmp_path / "long.txt"
    source.write_text("这一行很长，足够让程序忙上一会儿。\n" * 300_000)
    command = [*TEXTPIPE, "tokenize", "-" if jobs == "threads" else str(source), "--lines"]
    command += ["-o", str(tmp_path / "out.txt"), *([] if jobs == "threads" else ["--tags", "--jobs", jobs])]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    if jobs == "threads":
        assert process.stdin is not None
        process.stdin.write(source.read_text())
        process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".textpipe-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.9)
    for one in sent:
        (os.killpg if group else os.kill)(process.pid, one)
        time.sleep(0.004)
    _, errors = process.communicate(timeout=60)
    assert [path.name for path in tmp_path.iterdir()] == ["long.txt"]
    return process.returncode, errors.splitlines()


INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        ((INT,), 130, "interrupted"),
        ((TERM,), 143, "terminated"),
        ((HUP,), 129, "stopped"),
        ((INT, INT), 130, "interrupted"),
        ((TERM, TERM), 143, "terminated"),
    ],
)
@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("jobs", ["1", "2", "threads"])
def test_signals_leave_nothing(
    tmp_path: Path, sent: tuple[signal.Signals, ...], code: int, said: str, group: bool, jobs: str
) -> None:
    """To the process or to its group (Ctrl-C, timeout), once or twice in quick succession."""
    assert stopped(tmp_path, jobs, *sent, group=group) == (code, [said])


def test_what_python_advises_is_not_passed_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1' + "0" * 5000 + ', "text": "a"}\n', "utf-8")
    outcome = run("keywords", tmp_path / "a.jsonl")
    assert outcome.code == 3
    assert "not JSON: Exceeds the limit (4300 digits) for integer string conversion (" in outcome.err
    assert "sys." not in outcome.err
    outcome = run("newwords", DATA / "news.tsv", "--min-pmi", "nan")
    assert (outcome.code, outcome.err.splitlines()[1]) == (2, "hint: --min-pmi 0 leaves nothing out")
