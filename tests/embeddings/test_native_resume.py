"""Stopped at any instant, the native engine goes on to the same vectors, to the last bit."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.embeddings.native_training import NEEDS_IT, trained, two_topics
from textpipe.embeddings import native
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog
from textpipe.embeddings.tokens import token_file
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import OutputError
from textpipe.store import checkpoint

pytestmark = NEEDS_IT
CONFIG = EmbeddingConfig(dim=40, epochs=4, min_count=1, sample=0.05)
CHILD = """
import sys
from pathlib import Path
from tests.embeddings.test_native_resume import CONFIG, digest
from tests.embeddings.native_training import trained
from textpipe.embeddings import native
from textpipe.store import checkpoint
checkpoint._SAVE_EVERY, checkpoint._SHARE, native._CHUNK, native._POLL = 0.02, 0, 8192, 0.005
found = trained(Path(sys.argv[1]), CONFIG, work=Path(sys.argv[2]))
print(digest(found.vectors), len(found.reports), *found.notes)
"""


def digest(vectors: Vectors) -> str:
    assert vectors.context is not None
    return hashlib.sha256(vectors.matrix.tobytes() + vectors.context.tobytes()).hexdigest()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are saved at every chance."""
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    monkeypatch.setattr(native, "_CHUNK", 8192)
    monkeypatch.setattr(native, "_POLL", 0.001)


def child(path: Path, work: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.long)])
def test_killed_at_random(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    """Each kill at a random moment of what is left; whenever a run comes to its end, the next begins anew."""
    monkeypatch.setattr(native, "_CHUNK", 8192)
    path = two_topics(tmp_path / "a.txt", lines=20_000 if kills > 3 else 8000)
    wanted = digest(trained(path, CONFIG).vectors)
    chance, work = random.Random(kills), tmp_path / "work"
    begun = time.monotonic()
    out, err = child(path, work).communicate()
    seconds = time.monotonic() - begun
    assert out.startswith(wanted), err
    killed = went_on = 0
    shutil.rmtree(work)
    while killed < kills:
        process = child(path, work)
        deadline = time.monotonic() + chance.uniform(0, seconds)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.001)
        killed += process.poll() is None
        process.kill()
        out, err = process.communicate()
        if process.returncode == 0:
            assert out.startswith(f"{wanted} 4")
            went_on += "goes on" in out
            shutil.rmtree(work)
    out, err = child(path, work).communicate()
    assert out.startswith(f"{wanted} 4"), err
    assert len(list(work.iterdir())) == 1  # what the dead left is gone
    if kills > 3:
        assert went_on + ("goes on" in out) > 0


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("changes", [{}, {"arch": "cbow"}, {"negatives": "pair"}, {"subword": True, "buckets": 300}])
def test_an_exception_at_any_report_loses_nothing(tmp_path: Path, changes: dict[str, object]) -> None:
    path, work = two_topics(tmp_path / "a.txt", lines=8000), tmp_path / "work"
    config = EmbeddingConfig(dim=40, epochs=2, min_count=1, **changes)  # type: ignore[arg-type]
    tokens = token_file(path, min_count=1)
    wanted = trained(tokens, config)
    stops = 0
    for number in range(1, 200):
        left = [number % 2 + 1]

        def progress(_: Progress, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

        try:
            reports: list[EpochReport] = []
            log = TrainingLog(progress=progress, epoch=reports.append, work=work)
            found = native.train(tokens, config, log=log)
            break
        except KeyboardInterrupt:
            stops += 1
            assert len(list(work.iterdir())) == 1
    assert stops > 1
    assert digest(found) == digest(wanted.vectors)
    assert [report.loss for report in reports] == [report.loss for report in wanted.reports]


@pytest.mark.usefixtures("often")
def test_what_ended_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until whoever keeps the vectors removes it: a full disk then costs no training."""
    path, work = two_topics(tmp_path / "a.txt"), tmp_path / "work"
    first = trained(path, CONFIG, work=work)
    monkeypatch.setattr(native._Run, "_stretch", None)
    again = trained(path, CONFIG, work=work)
    assert digest(again.vectors) == digest(first.vectors)
    assert again.reports == first.reports
    assert len(again.notes) == 1


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("changed", ["seed", "words", "vectors", "size"])
def test_states_of_another_training_are_left_alone(tmp_path: Path, changed: str) -> None:
    path, work = two_topics(tmp_path / "a.txt", lines=300), tmp_path / "work"
    trained(path, CONFIG, work=work)
    config, vectors = CONFIG, None
    if changed == "seed":
        config = EmbeddingConfig(dim=40, epochs=4, min_count=1, sample=0.05, seed=1)
    if changed == "words":
        path.write_text(path.read_text("utf-8").replace("苹果", "番茄"), "utf-8")
    if changed == "size":
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    if changed == "vectors":
        vectors = trained(path, CONFIG).vectors
    wanted = trained(path, config, vectors=vectors)
    found = trained(path, config, vectors=vectors, work=work)
    assert digest(found.vectors) == digest(wanted.vectors)
    assert found.notes == []


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("damage", ["cut", "empty", "header", "length", "place", "other"])
def test_damaged_states_are_passed_over(tmp_path: Path, damage: str) -> None:
    path, work = two_topics(tmp_path / "a.txt", lines=300), tmp_path / "work"
    wanted = trained(path, CONFIG, work=work)
    (state,) = work.glob("*/state.safetensors")
    content = state.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    if damage == "place":
        header["__metadata__"]["place"] = "nothing"
    if damage == "other":
        header["vectors"]["shape"] = [1, 1]
    encoded = json.dumps(header).encode().ljust(length)
    changed = {
        "cut": content[:-1],
        "empty": b"",
        "header": content[:8] + b"{" * length + content[8 + length :],
        "length": b"\xff" * 8 + content[8:],
    }
    state.write_bytes(changed.get(damage, content[:8] + encoded + content[8 + length :]))
    found = trained(path, CONFIG, work=work)
    assert digest(found.vectors) == digest(wanted.vectors)
    assert found.notes == []


@pytest.mark.usefixtures("often")
def test_states_are_safetensors(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    found = trained(two_topics(tmp_path / "a.txt"), CONFIG, work=tmp_path / "work")
    (state,) = tmp_path.glob("work/*/state.safetensors")
    assert load_file(state)["vectors"][:, :40].tolist() == found.vectors.matrix.tolist()


@pytest.mark.usefixtures("often")
def test_two_processes_at_once(tmp_path: Path) -> None:
    """Each has a folder of its own; the second may begin where the first is."""
    path, work = two_topics(tmp_path / "a.txt", lines=3000), tmp_path / "work"
    wanted = digest(trained(path, CONFIG).vectors)
    processes = [child(path, work) for _ in range(2)]
    for out, err in [process.communicate() for process in processes]:
        assert out.startswith(wanted), err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir(mode=0o500)
    with pytest.raises(OutputError):
        trained(two_topics(tmp_path / "a.txt", lines=300), CONFIG, work=tmp_path / "work")


@pytest.mark.usefixtures("often")
def test_terminated_like_interrupted(tmp_path: Path) -> None:
    """What the command line makes of SIGTERM is an exception too: here a handler raises it in the main thread."""
    path, work = two_topics(tmp_path / "a.txt", lines=4000), tmp_path / "work"
    wanted = digest(trained(path, CONFIG).vectors)

    class Terminated(BaseException):
        pass

    def handler(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, handler)
    try:
        log = TrainingLog(work=work, progress=lambda _: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(Terminated):
            native.train(token_file(path, min_count=1), CONFIG, log=log)
    finally:
        signal.signal(signal.SIGTERM, before)
    found = trained(path, CONFIG, work=work)
    assert len(found.notes) == 1
    assert digest(found.vectors) == wanted
