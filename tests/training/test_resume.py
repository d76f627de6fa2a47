"""Stopped at any instant, training goes on to the same weights, to the last bit."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from tests.conftest import ROOT  # noqa: E402
from tests.training.tasks import digest, network, task  # noqa: E402
from textpipe.errors import UsageError  # noqa: E402
from textpipe.store import checkpoint  # noqa: E402
from textpipe.training.config import TrainingConfig  # noqa: E402
from textpipe.training.log import EpochReport, StepReport, TrainingLog  # noqa: E402
from textpipe.training.loop import Task, Trained, train  # noqa: E402

CONFIG = TrainingConfig(epochs=4, batch_size=16, lr=0.02, patience=0)
EVERYTHING = replace(CONFIG, epochs=9, schedule="plateau", patience=3, ema=0.8, l1=1e-4, clip=0.3)
CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.training.tasks import digest, network, task
from tests.training.test_resume import EVERYTHING
from textpipe.store import checkpoint
from textpipe.training.log import TrainingLog
from textpipe.training.loop import train
checkpoint._SAVE_EVERY, checkpoint._SHARE = 0.02, 0
notes = []
given = task(network(sys.argv[1]), count=900)
config = replace(EVERYTHING, patience=0, epochs=int(sys.argv[3]))
log = TrainingLog(work=Path(sys.argv[2]), note=notes.append)
train(given, config, log=log, workers=1, device="cpu", fingerprint="")
print(digest(given.network), *notes)
"""


class Killed(BaseException):
    pass


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are saved at every chance."""
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)


def trained(given: Task, config: TrainingConfig = CONFIG, *, log: TrainingLog | None = None, data: str = "") -> Trained:
    return train(given, config, log=log or TrainingLog(), workers=1, device="cpu", fingerprint=data)


def without_clocks(found: Trained) -> object:
    epochs = [report._replace(seconds=0.0) for report in found.history.epochs]
    return found.history.steps.tobytes(), epochs, found.best_epoch, found.best_score, found.stopped


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("cnn", CONFIG),
        ("cnn", EVERYTHING),
        ("lstm", EVERYTHING),
        ("sparse", CONFIG),
        ("cnn", replace(CONFIG, optimizer="adagrad")),
        ("cnn", replace(EVERYTHING, optimizer="rmsprop")),
        ("lstm", replace(CONFIG, optimizer="sgd", precision="bfloat16")),
        ("sparse", replace(CONFIG, optimizer="adagrad", ema=0.9)),
        ("sparse", replace(CONFIG, optimizer="sgd")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.optimizer}-{value.ema}",
)
def test_stopped_at_random_steps(tmp_path: Path, name: str, config: TrainingConfig) -> None:
    whole = task(network(name))
    wanted = trained(whole, config)
    notes: list[str] = []
    chance, stops = random.Random(7), 0
    while True:
        left = [chance.randint(1, 6)]

        def report(_: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        given = task(network(name))
        log = TrainingLog(step=report, epoch=report if stops % 3 else lambda _: None, note=notes.append, work=tmp_path)
        try:
            found = trained(given, config, log=log)
            break
        except Killed:
            stops += 1
            assert len(list(tmp_path.iterdir())) == 1
    assert stops > 2
    assert any("goes on after step" in note for note in notes)
    assert digest(given.network) == digest(whole.network)
    assert without_clocks(found) == without_clocks(wanted)


def child(name: str, work: Path, epochs: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, name, str(work), str(epochs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


@pytest.mark.parametrize(
    ("name", "kills"),
    [("cnn", 1), pytest.param("cnn", 30, marks=pytest.mark.long), pytest.param("lstm", 30, marks=pytest.mark.long)],
)
def test_killed_at_random(tmp_path: Path, name: str, kills: int) -> None:
    """SIGKILL at a random moment after the first state; whenever a run comes to its end, the next begins anew."""
    epochs = 3 if kills == 1 else 20
    whole = task(network(name), count=900)
    begun = time.monotonic()
    trained(whole, replace(EVERYTHING, patience=0, epochs=epochs))
    seconds = time.monotonic() - begun
    chance, work = random.Random(kills), tmp_path / "work"
    killed = went_on = 0
    while killed < kills:
        process = child(name, work, epochs)
        while process.poll() is None and not list(work.glob("*/state.safetensors")):
            time.sleep(0.001)
        deadline = time.monotonic() + chance.uniform(0, seconds)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.001)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        if process.returncode == 0:
            assert out.startswith(digest(whole.network)), err
            went_on += "goes on" in out
            shutil.rmtree(work)
    out, err = child(name, work, epochs).communicate()
    assert out.startswith(digest(whole.network)), err
    assert len(list(work.iterdir())) == 1  # what the dead left is gone
    assert went_on + ("goes on" in out) > 0


@pytest.mark.usefixtures("often")
def test_what_ended_is_not_done_again(tmp_path: Path) -> None:
    """Until whoever keeps the network removes it: a full disk then costs no training."""
    first, again = task(network("cnn")), task(network("cnn"))
    before = trained(first, log=TrainingLog(work=tmp_path))
    steps: list[StepReport] = []
    epochs: list[EpochReport] = []
    after = trained(again, log=TrainingLog(work=tmp_path, step=steps.append, epoch=epochs.append))
    assert digest(again.network) == digest(first.network)
    assert steps == []
    assert tuple(epochs) == after.history.epochs == before.history.epochs
    assert not again.network.training


@pytest.mark.usefixtures("often")
def test_an_end_by_figures_that_are_not_finite_is_kept(tmp_path: Path) -> None:
    def given() -> Task:
        made = task(network("cnn"))
        loss = made.loss

        def broken(network: Any, batch: Any) -> tuple[Any, int]:
            mean, count = loss(network, batch)
            return mean * (float("nan") if len(steps) > 5 else 1.0), count

        return replace(made, loss=broken)

    steps: list[StepReport] = []
    first, again = given(), given()
    before = trained(first, log=TrainingLog(work=tmp_path, step=steps.append))
    after = trained(again, log=TrainingLog(work=tmp_path))
    assert before.stopped == after.stopped == "not finite"
    assert digest(first.network) == digest(again.network)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("changed", ["settings", "data", "weights", "network"])
def test_states_of_another_training_are_left_alone(tmp_path: Path, changed: str) -> None:
    trained(task(network("cnn")), log=TrainingLog(work=tmp_path))
    config = replace(CONFIG, seed=1) if changed == "settings" else CONFIG
    data = "other" if changed == "data" else ""
    first, second = (
        task(network("lstm" if changed == "network" else "cnn", seed=int(changed == "weights"))) for _ in range(2)
    )
    notes: list[str] = []
    trained(first, config, data=data)
    trained(second, config, data=data, log=TrainingLog(work=tmp_path, note=notes.append))
    assert digest(first.network) == digest(second.network)
    assert notes == []


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("damage", ["cut", "empty", "header", "length", "place", "type"])
def test_damaged_states_are_passed_over(tmp_path: Path, damage: str) -> None:
    whole, again = task(network("cnn")), task(network("cnn"))
    trained(whole, log=TrainingLog(work=tmp_path))
    (state,) = tmp_path.glob("*/state.safetensors")
    content = state.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    if damage == "place":
        header["__metadata__"]["place"] = "nothing"
    if damage == "type":
        header["steps"]["dtype"] = "C64"
    changed = {
        "cut": content[:-1],
        "empty": b"",
        "header": content[:8] + b"{" * length + content[8 + length :],
        "length": b"\xff" * 8 + content[8:],
    }
    encoded = json.dumps(header).encode().ljust(length)
    state.write_bytes(changed.get(damage, content[:8] + encoded + content[8 + length :]))
    notes: list[str] = []
    trained(again, log=TrainingLog(work=tmp_path, note=notes.append))
    assert digest(again.network) == digest(whole.network)
    assert notes == []


@pytest.mark.usefixtures("often")
def test_states_are_safetensors(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    found = trained(task(network("sparse")), log=TrainingLog(work=tmp_path))
    (state,) = tmp_path.glob("*/state.safetensors")
    arrays = load_file(state)
    assert arrays["steps"].tobytes() == found.history.steps.tobytes()
    assert arrays["network/norm.num_batches_tracked"] == found.steps
    assert np.isfinite(arrays["optimizer1/0/exp_avg"]).all()


@pytest.mark.usefixtures("often")
def test_frozen_weights_are_not_kept(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    trained(task(network("lstm")), log=TrainingLog(work=tmp_path))
    (state,) = tmp_path.glob("*/state.safetensors")
    assert not [name for name in load_file(state) if "embedding" in name]


@pytest.mark.usefixtures("often")
def test_other_threads_are_told_of(tmp_path: Path) -> None:
    notes: list[str] = []

    def stop(_: StepReport) -> None:
        if stopping:
            raise Killed

    stopping = True
    log = TrainingLog(work=tmp_path, step=stop, note=notes.append)
    steps = iter(range(9))
    with pytest.raises(Killed):
        trained(task(network("cnn")), log=replace(log, step=lambda _: stop(_) if next(steps) == 4 else None))
    stopping = False
    train(task(network("cnn")), CONFIG, log=log, workers=2, device="cpu", fingerprint="")
    assert len(notes) == 2
    assert "threads 1" in notes[1]
    assert "threads 2" in notes[1]


def test_no_work_folder_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trained(task(network("cnn")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("often")
def test_a_state_without_any_good_epoch(tmp_path: Path) -> None:
    """It is refused each time, not taken for an end."""
    for _ in range(2):
        given = replace(task(network("cnn")), score=lambda _: {"accuracy": float("nan")})
        with pytest.raises(UsageError, match="not finite"):
            trained(given, log=TrainingLog(work=tmp_path))
