"""A command line as a process: closed and full streams, the environment, early interrupts, workers."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import DATA, Run

TEXTPIPE = f"{sys.executable} -m textpipe"
NEWS = DATA / "news.tsv"


def shell(command: str, tmp_path: Path, **environment: str) -> tuple[int, str, str]:
    """A shell command with {textpipe} in it: exit code, standard output, standard error."""
    done = subprocess.run(
        ["bash", "-c", command.replace("textpipe", TEXTPIPE, 1)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_no_arguments(tmp_path: Path) -> None:
    code, out, err = shell("textpipe", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")
    assert "\n  keywords " in err


def test_closed_streams(tmp_path: Path) -> None:
    assert shell(f"textpipe tokenize {NEWS} -o a.txt >&-", tmp_path) == (0, "", "")
    assert len((tmp_path / "a.txt").read_text().splitlines()) == 252
    closed = "error: standard output is closed\nhint: use -o FILE, or > /dev/null\n"
    assert shell(f"textpipe tokenize {NEWS} >&-", tmp_path) == (5, "", closed)
    assert shell("textpipe --version >&-", tmp_path) == (5, "", closed)
    assert shell("textpipe tokenize nothing 2>&-", tmp_path) == (3, "", "")
    code, out, _ = shell(f"textpipe tokenize {NEWS} 2>&- <&-", tmp_path)
    assert (code, len(out.splitlines())) == (0, 252)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_full_streams(tmp_path: Path, unbuffered: str) -> None:
    full = "error: No space left on device (standard output)\nhint: df -h shows free space, ls -l permissions\n"
    for arguments in (f"tokenize {NEWS}", f"keywords {NEWS} --jobs 2", "--help", "doctor"):
        assert shell(f"textpipe {arguments} > /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered) == (5, "", full)
    assert shell("textpipe tokenize nothing 2> /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)[0] == 3
    assert shell(f"textpipe tokenize {NEWS} -v 2> /dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)[0] == 0


def test_a_file_too_large_is_named(tmp_path: Path) -> None:
    code, _, err = shell(f"ulimit -f 1; textpipe tokenize {NEWS} -o a.txt", tmp_path)
    assert (code, err.splitlines()[0]) == (5, "error: File too large (a.txt)")
    assert list(tmp_path.iterdir()) == []


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code, _, err = shell(f"cd gone; rmdir ../gone; textpipe tokenize {NEWS} -o a.txt", tmp_path)
    assert (code, err.splitlines()[0]) == (5, "error: No such file or directory (the working directory)")


def test_an_unreadable_dictionary_is_named(tmp_path: Path) -> None:
    code, _, err = shell(f"textpipe tokenize {NEWS} --user-dict /proc/self/mem", tmp_path)
    assert (code, err.splitlines()[0]) == (5, "error: Input/output error (/proc/self/mem)")


@pytest.mark.parametrize(
    ("value", "debugging"), [("0", False), ("", False), ("no", False), ("1", True), ("True", True)]
)
def test_debug_in_the_environment(tmp_path: Path, value: str, debugging: bool) -> None:
    _, _, err = shell("textpipe tokenize nothing", tmp_path, TEXTPIPE_DEBUG=value)
    assert ("Traceback" in err) == debugging


def test_debug_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "textpipe.toml").write_text("[tokenize]\ndebug = true\n")
    assert "Traceback" in shell("textpipe tokenize nothing", tmp_path)[2]
    assert "Traceback" not in shell("textpipe keywords nothing", tmp_path)[2]


@pytest.mark.parametrize("value", ["", "bash_complete", "nonsense"])
def test_half_a_request_for_completion_is_none(tmp_path: Path, value: str) -> None:
    assert shell("textpipe --version", tmp_path, _TEXTPIPE_COMPLETE=value)[0] == 0


def test_an_option_from_the_environment(tmp_path: Path) -> None:
    _, out, _ = shell(f"textpipe keywords {NEWS} --limit 1 -k 1", tmp_path, TEXTPIPE_KEYWORDS_FORMAT="csv")
    assert out.splitlines()[0] == "id,text,score,count,first"


@pytest.mark.parametrize("columns", ["0", "1", "30", "100"])
def test_a_table_on_a_terminal_of_any_width(columns: str) -> None:
    ours, theirs = pty.openpty()
    command = [*TEXTPIPE.split(), "keywords", str(NEWS), "--limit", "1", "-k", "1", "--method", "tfidf"]
    with subprocess.Popen(command, stdout=theirs, env={**os.environ, "COLUMNS": columns}) as process:
        os.close(theirs)
        shown = b""
        while process.poll() is None or b"score" not in shown:
            try:
                shown += os.read(ours, 1 << 16)
            except OSError:
                break
    os.close(ours)
    assert b"score" in shown
    assert "书吧".encode() in shown


def test_an_early_interrupt_is_quiet(tmp_path: Path) -> None:
    """While modules load. Before that, in Python's own start, nothing of ours can help."""
    code = "import sys, os, signal; sys.argv = ['textpipe', 'keywords']; import textpipe.__main__ as m\n"
    code += "sys.meta_path.insert(0, type('F', (), {'find_spec': lambda *a: os.kill(os.getpid(), signal.SIGINT)})())\n"
    done = subprocess.run([sys.executable, "-c", code + "m.main()"], capture_output=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    source = tmp_path / "long.txt"
    source.write_text("这一行很长，足够让程序忙上一会儿。\n" * 300_000)
    command = [*TEXTPIPE.split(), "tokenize", str(source), "--lines", "-o", str(tmp_path / "out.txt")]
    command += ["--tags", "--jobs", "2"]  # without tags there are threads
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)

    def alive() -> int:
        """Worker processes of the command's group."""
        count = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                group = (folder / "stat").read_text().rpartition(")")[2].split()[2]
                count += group == str(process.pid) and b"spawn_main" in (folder / "cmdline").read_bytes()
        return count

    def wait_for(count: int) -> int:
        deadline = time.monotonic() + 60
        while alive() != count and time.monotonic() < deadline:
            time.sleep(0.1)
        return alive()

    assert wait_for(2) == 2
    process.kill()
    process.communicate(timeout=60)
    assert wait_for(0) == 0


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, run: Run) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")
    target.chmod(0o600)
    assert run("tokenize", NEWS, "-o", target, "--force").code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text() != "before"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    """As the kernel does when memory runs out: exit code 6, soon, and nothing left."""
    source = tmp_path / "long.txt"
    source.write_text("这一行很长，足够让程序忙上一会儿。\n" * 300_000)
    command = [*TEXTPIPE.split(), "tokenize", str(source), "--lines", "-o", str(tmp_path / "out.txt")]
    command += ["--tags", "--jobs", "2"]  # without tags there are threads
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def workers() -> list[int]:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    deadline = time.monotonic() + 60
    while len(workers()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    os.kill(workers()[0], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 6
    assert err.splitlines() == ["error: a worker process died", "hint: memory may have run out; try --jobs 1"]
    assert [path.name for path in tmp_path.iterdir()] == ["long.txt"]


def test_standard_input_that_does_not_block(tmp_path: Path) -> None:
    code = "import os, time; time.sleep(1); os.write(1, '北京大学'.encode()); time.sleep(0.5); os.write(1, b'\\n')"
    reader = "import os; os.set_blocking(0, False); os.execv({0!r}, [{0!r}, '-m', 'textpipe', 'tokenize', '-'])"
    command = f'{sys.executable} -c "{code}" | {sys.executable} -c "{reader.format(sys.executable)}"'
    assert shell(f"true textpipe; {command}", tmp_path) == (0, "北京大学\n", "")


@pytest.mark.parametrize(
    ("words", "place"),
    [("textpipe key", "x"), ("textpipe 'key", "9"), ("textpipe kewords ", "2"), ("", ""), ("x", "0")],
)
def test_completion_of_nonsense_is_quiet(tmp_path: Path, words: str, place: str) -> None:
    done = shell("textpipe", tmp_path, _TEXTPIPE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place)
    assert done[2] == ""


def test_completion_into_a_full_disk(tmp_path: Path) -> None:
    code, _, err = shell("textpipe > /dev/full", tmp_path, _TEXTPIPE_COMPLETE="bash_source")
    assert (code, err.splitlines()[0]) == (5, "error: No space left on device (standard output)")


def test_tracebacks_cannot_drive_a_terminal(tmp_path: Path) -> None:
    _, _, err = shell("textpipe tokenize $'nope\\e[31m' --debug", tmp_path)
    assert "Traceback" in err
    assert "\x1b" not in err


def test_lists_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "my words.txt").write_text("书吧\n")
    command = f"textpipe keywords {NEWS} --limit 1 -k 1 --format csv"
    for value in (f"zh:{tmp_path}/my words.txt", f"{tmp_path}/my words.txt"):
        assert "书吧" not in shell(command, tmp_path, TEXTPIPE_KEYWORDS_STOPWORDS=value)[1]
