"""steps.jsonl: what was written is read; nothing of clocks; other files are refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from textpipe.errors import ArtifactError
from textpipe.training.log import EpochReport
from textpipe.training.steps import STEP_FIELDS, History, read_steps, write_steps

ROWS = np.array(
    [[1, 1, 15, 0.1 + 0.2, 1e-5, 2.5], [2, 1, 14, 1 / 3, 2e-5, math.inf], [3, 2, 15, 1.0, 3e-5, 1.0]], dtype=np.float64
)
EPOCHS = (EpochReport(1, 0.25, {"accuracy": 0.5, "准确": 1 / 3}, True, 12.5), EpochReport(2, 0.2, {}, False, 3.0))


def test_read_back(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    write_steps(path, History(ROWS, EPOCHS))
    found = read_steps(path)
    wanted = ROWS.copy()
    wanted[1, 5] = math.nan
    np.testing.assert_array_equal(found.steps, wanted)
    assert found.epochs == tuple(report._replace(seconds=0.0) for report in EPOCHS)
    assert found.column("loss").tolist() == ROWS[:, 3].tolist()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["epoch"] for line in lines] == [1, 1, 1, 2, 2]
    assert list(lines[0]) == list(STEP_FIELDS)
    assert lines[2] == {"epoch": 1, "loss": 0.25, "scores": {"accuracy": 0.5, "准确": 1 / 3}, "best": True}
    assert lines[1]["gradient_norm"] is None


def test_seconds_make_no_difference(tmp_path: Path) -> None:
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        epochs = tuple(report._replace(seconds=seconds) for report in EPOCHS)
        write_steps(tmp_path / name, History(ROWS, epochs))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_epoch_under_way_has_no_line(tmp_path: Path) -> None:
    write_steps(tmp_path / "a", History(ROWS, EPOCHS[:1]))
    assert len((tmp_path / "a").read_bytes().splitlines()) == 4


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "1",
        "{}",
        "nothing",
        "\udcff",
        '{"step": 1}',
        '{"epoch": 1, "loss": 1, "scores": 3, "best": true}',
        json.dumps({name: "x" for name in STEP_FIELDS}),
        json.dumps({name: [1] for name in STEP_FIELDS}),
        "[" * 100_000,
    ],
)
def test_other_lines_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "steps.jsonl"
    write_steps(path, History(ROWS, EPOCHS))
    path.write_bytes(path.read_bytes() + line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(ArtifactError) as caught:
        read_steps(path)
    assert caught.value.line == 6


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="missing"):
        read_steps(tmp_path / "steps.jsonl")


def test_reading_needs_no_torch() -> None:
    line = "import sys, textpipe.training.steps, textpipe.training.batches; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], check=False).returncode == 0
