"""Killed at any instant, starved at any call, raced by others: what was published stays, and the next run completes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import DATA, ROOT
from tests.store.crashing import PUBLISH, environment, injected, python, traced
from tests.store.making import snapshot, written
from textpipe.cli.process import run
from textpipe.pipeline.file import read_pipeline
from textpipe.pipeline.plan import run_steps
from textpipe.store import objects
from textpipe.store.layout import Store
from textpipe.store.manifest import Manifest
from textpipe.store.objects import Artifact, addresses, read, verified
from textpipe.store.refs import resolve
from textpipe.store.verify import verify

STRACE = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def damage(store: Store) -> list[str]:
    return [f"{place}: {error}" for place, error in verify(store) if error is not None] if store.exists else []


# ---------------------------------------------------------------------------------------------- killed at random


PIPELINE = """
[corpus]
files = "texts.txt"
lines = true
[tokens]
[vocabulary]
[idf]
[keywords]
k = 2
"""


def in_child(work: Callable[[], object]) -> int:
    """Start a forked child that does the work: modules are loaded already, so that a run takes milliseconds."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def killed_runs(folder: Path, store: Store, count: int) -> Iterator[None]:
    """Kill `textpipe run` at so many random instants of its work, each time on a corpus of its own."""
    chance = random.Random(count)
    (folder / "pipeline.toml").write_text(PIPELINE)
    (folder / "texts.txt").write_text("北京大学的学生")
    warm = Store(folder / "warm")
    list(run_steps(read_pipeline(str(folder / "pipeline.toml")), warm, prefix="p"))  # loads what children would load

    def child(number: int, store: Store, seconds: float) -> tuple[bool, float]:
        """(whether it was killed before it ended, how long it lived)"""
        (folder / "texts.txt").write_text(f"第{number}行的北京大学\n清华大学的{number}位学生\n" * 5)
        command = ["run", str(folder / "pipeline.toml"), "--store", str(store.path), "--quiet", "--format", "jsonl"]
        start = time.perf_counter()
        pid = in_child(lambda: run(command))
        time.sleep(seconds)
        lived = time.perf_counter() - start
        if seconds:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.WIFSIGNALED(status), lived if seconds else time.perf_counter() - start

    whole = min(child(-number, warm, 0.0)[1] for number in (1, 2, 3))
    done = number = 0
    while done < count:
        number += 1
        assert number < 20 * count, "the kills come too late"
        killed, _ = child(number, store, chance.uniform(0.001, whole))
        done += killed
        if killed:
            yield


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_killed_at_random(tmp_path: Path, store: Store, count: int, capfd: pytest.CaptureFixture[str]) -> None:
    published: dict[str, str] = {}
    for number, _ in enumerate(killed_runs(tmp_path, store, count)):
        if number % 20 == 0:
            assert damage(store) == []
        present = digests(store, since=published)
        assert published.items() <= present.items(), "nothing that was published is lost"
        outcomes = list(run_steps(read_pipeline(str(tmp_path / "pipeline.toml")), store, prefix="pipeline"))
        assert len(outcomes) == 5, "the next run completes unaided"
        published = digests(store, since=present)
    capfd.readouterr()
    assert number == count - 1
    assert len(published) >= 5 * count
    assert published == digests(store, since={}), "nothing was changed either"
    assert damage(store) == []


def digests(store: Store, *, since: dict[str, str]) -> dict[str, str]:
    """What is published, by address; every byte of what is new is checked, the rest is taken over."""
    if not store.exists:
        return {}
    return {one: since.get(one) or verified(read(store, one)).manifest.digest for one in addresses(store)}


def test_the_kills_have_teeth(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A store that writes in place is caught."""

    def in_place(store: Store, folder: Path, manifest: Manifest, **_options: bool) -> Artifact:
        target = store.objects / manifest.kind / manifest.id
        target.mkdir(parents=True)
        (target / "manifest.json").write_bytes(manifest.to_bytes())
        for path in sorted(folder.iterdir()):
            shutil.copy(path, target)
            time.sleep(0.005)
        return Artifact(target, manifest)

    monkeypatch.setattr(objects, "publish", in_place)
    found = 0
    for _ in killed_runs(tmp_path, store, 60):
        found += bool(damage(store))
        shutil.rmtree(store.path, ignore_errors=True)
    capfd.readouterr()
    assert found > 5


# ---------------------------------------------------------------------------------------------- at every system call


@STRACE
def test_killed_at_every_call(tmp_path: Path, store: Store) -> None:
    command = python(PUBLISH, store.path)
    calls = traced(command, store.path, tmp_path / "log")
    complete = snapshot(store.objects)
    assert len(calls) > 40
    assert {"openat", "write", "fsync", "rename", "mkdir"} <= {call.name for call in calls}
    killed = 0
    for call in calls:
        shutil.rmtree(store.path)
        done = injected(command, call, "signal=KILL")
        killed += done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        assert damage(store) == [], call.line
        present = set(addresses(store))
        assert subprocess.run(command, env=environment(), cwd=ROOT, check=False).returncode == 0, call.line
        assert damage(store) == [], call.line
        assert present <= set(addresses(store))
        assert resolve(store, "name").manifest.digest
        assert {name for name in snapshot(store.objects)} == set(complete), call.line
    assert killed == len(calls)


@STRACE
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])
def test_every_failing_call(tmp_path: Path, store: Store, error: str, every: int) -> None:
    """A full or broken disk at each write, fsync, rename, open and mkdir in turn: one line, exit code 5."""
    (tmp_path / "pipeline.toml").write_text('[corpus]\nfiles = "texts.txt"\n')
    (tmp_path / "texts.txt").write_text("北京大学\n")
    code = "from textpipe.__main__ import main; main()"
    arguments = ("run", tmp_path / "pipeline.toml", "--store", store.path, "--quiet", "--format", "jsonl")
    command = python(code, *arguments)
    written(store, "before", name="before")
    earlier = tmp_path / "earlier"
    shutil.copytree(store.path, earlier, symlinks=True)
    calls = [
        call
        for call in traced(command, store.path, tmp_path / "log")
        if call.name in ("write", "fsync", "rename", "openat", "mkdir")
    ]
    assert len(calls) > 15
    failed = 0
    for call in calls[::every]:
        shutil.rmtree(store.path)
        shutil.copytree(earlier, store.path, symlinks=True)
        before = snapshot(store.objects)
        done = injected(command, call, f"error={error}")
        if done.returncode == 0:
            continue  # a call that is allowed to fail, such as the touch of a folder
        failed += 1
        lines = done.stderr.splitlines()
        assert (done.returncode, len(lines)) == (5, 2), f"{call.line}\n{done.stderr}"
        assert lines[0].startswith("error: ")
        assert before.items() <= snapshot(store.objects).items(), call.line
        assert damage(store) == [], call.line
        again = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False)
        assert again.returncode == 0, f"{call.line}\n{again.stderr}"
        assert damage(store) == []
    assert failed > len(calls[::every]) * 0.8


def test_a_failed_fsync_is_not_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor tried again: after a failure the kernel may say that all is well although the pages are lost."""
    from textpipe.errors import OutputError

    store.prepare()
    calls: list[int] = []

    def once(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", once)
    with pytest.raises(OutputError, match="Input/output error"):
        written(store, "x")
    assert len(calls) == 1
    monkeypatch.undo()
    assert list(addresses(store)) == []
    assert list(store.tmp.iterdir()) == []


@ROOT_ONLY
def test_a_small_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False).returncode == 0
    if not mounted:
        pytest.skip("mounting is not allowed here")
    try:
        store = Store(disk / "store")
        kept = written(store, "kept", name="kept")
        before = snapshot(store.objects)
        (tmp_path / "pipeline.toml").write_text(PIPELINE)
        article = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
        (tmp_path / "texts.txt").write_text(article * 700)
        command = [
            *(sys.executable, "-m", "textpipe", "run", str(tmp_path / "pipeline.toml")),
            *("--store", str(store.path), "--quiet", "--format", "jsonl"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert (done.returncode, len(done.stderr.splitlines())) == (5, 2), done.stderr
        assert done.stderr.startswith("error: No space left on device")
        assert before.items() <= snapshot(store.objects).items()
        assert damage(store) == []
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        assert damage(store) == []
        assert verified(resolve(store, "kept")) == kept
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@ROOT_ONLY
def test_a_read_only_store(tmp_path: Path) -> None:
    store, pipeline = tmp_path / "store", DATA / "pipeline.toml"
    assert run(["run", str(pipeline), "--store", str(store), "--quiet", "--format", "jsonl"]) == 0
    if subprocess.run(["mount", "--bind", str(store), str(store)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(store)], check=True)
        before = snapshot(store)
        place = ["--store", str(store)]
        for command in (
            ["run", str(pipeline), "--format", "jsonl"],
            ["run", str(pipeline), "--dry-run", "--format", "jsonl"],
            ["keywords", str(DATA / "news.tsv"), "--limit", "1", "--idf", "pipeline.idf"],
            *(["store", *rest] for rest in (["ls"], ["show", "idf/latest"], ["verify"], ["gc"])),
            ["store", "export", "idf/latest", str(tmp_path / "a.tar")],
        ):
            assert run([*command, *place]) == 0, command
        for command in (
            ["run", str(pipeline), "--set", "keywords.k=7"],
            ["store", "rm", "keywords/latest"],
            ["store", "import", str(tmp_path / "a.tar")],
            ["train-idf", str(DATA / "articles")],
        ):
            assert run([*command, *place]) == 5, command
        assert snapshot(store) == before
    finally:
        subprocess.run(["umount", "-l", str(store)], check=True)


# ---------------------------------------------------------------------------------------------- raced


RACE = """
import pathlib, random, sys
if sys.argv[3] == "without":
    import fcntl
    fcntl.flock = lambda *_: None
from tests.store.making import written
from textpipe.store.layout import Store
store, number = Store(pathlib.Path(sys.argv[1])), int(sys.argv[2])
order = list(range(50))
random.Random(number).shuffle(order)
for one in order:
    artifact = written(store, f"text {one}", name=f"name-{one}")
    print(one, artifact.address, artifact.manifest.digest)
"""
READ = """
import pathlib, sys, time
from textpipe.errors import ArtifactError
from textpipe.store.collect import collect
from textpipe.store.layout import Store
from textpipe.store.objects import addresses, read, verified
from textpipe.store.refs import names, resolve
store, collecting = Store(pathlib.Path(sys.argv[1])), sys.argv[2] == "collect"
done = 0
while not (store.path.parent / "stop").exists():
    if collecting:
        done += len(list(collect(store))) if store.exists else 0
        time.sleep(0.005)
        continue
    for kind, name in names(store) if store.exists else ():
        text = verified(resolve(store, f"{kind}/{name}")).file("a.txt").read_text()
        assert name == "latest" or text == f"text {name.removeprefix('name-')}", (name, text)
        done += 1
print(done)
"""


@pytest.mark.parametrize("locks", ["with", "without"])
def test_raced(tmp_path: Path, store: Store, locks: str) -> None:
    """6 processes make the same 50 artifacts, beside 2 that read and 1 that collects."""
    old = [written(store, f"old {number}") for number in range(20)]
    for artifact in old:
        for path in (*artifact.folder.iterdir(), artifact.folder):
            os.utime(path, (1, 1))

    def start(*command: object) -> subprocess.Popen[str]:
        script, *arguments = map(str, command)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            python(script, *arguments), stdout=pipe, stderr=pipe, text=True, env=environment(), cwd=ROOT
        )

    readers = [start(READ, store.path, "read"), start(READ, store.path, "read"), start(READ, store.path, "collect")]
    makers = [start(RACE, store.path, number, locks) for number in range(6)]
    said = [maker.communicate(timeout=300) for maker in makers]
    (tmp_path / "stop").touch()
    read_counts = [reader.communicate(timeout=60) for reader in readers]
    assert [maker.returncode for maker in makers] == [0] * 6, [err for _, err in said]
    assert [reader.returncode for reader in readers] == [0] * 3, [err for _, err in read_counts]
    assert len({tuple(sorted(out.splitlines())) for out, _ in said}) == 1, "all got the same 50"
    assert len(list(addresses(store))) == 50
    assert damage(store) == []
    assert list(store.tmp.iterdir()) == []
    assert int(read_counts[0][0]) > 50
    assert int(read_counts[2][0]) == 20, "what nobody needs was collected meanwhile"


# ---------------------------------------------------------------------------------------------- interrupted


@pytest.mark.parametrize(
    ("sent", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_interrupted(tmp_path: Path, store: Store, sent: signal.Signals, code: int, said: str) -> None:
    """The stage's state is saved, and the message says how to go on."""
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    (tmp_path / "texts.txt").write_text("这一行很长，足够让程序忙上一会儿。北京大学的学生。\n" * 200_000)
    command = [
        *(sys.executable, "-m", "textpipe", "run", "pipeline.toml"),
        *("--only", "tokens", "--store", str(store.path), "--format", "jsonl"),
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(store.work.glob("*/*/tokens.txt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert err.splitlines() == [said, "hint: textpipe run pipeline.toml finds what is done and goes on from there"]
    assert damage(store) == []
    assert list(store.tmp.iterdir()) == []
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    assert "note: tokens: going on after " in again.stderr
    assert list(store.work.iterdir()) == []
    fresh = Store(tmp_path / "fresh")
    arguments = ["run", str(tmp_path / "pipeline.toml"), "--only", "tokens", "--store", str(fresh.path), "--quiet"]
    assert run(arguments) == 0
    assert resolve(fresh, "tokens/latest").manifest.digest == resolve(store, "tokens/latest").manifest.digest
