"""`textpipe classify` over many lines: none is lost, their order stays, memory is that of few."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import DATA

SMALL = ("epochs=1", "pretrain=0", "filters=32")


def made_headlines(path: Path, count: int) -> Path:
    """Halves of two titles and a number, from a seed; now and then one that is odd."""
    chance = random.Random(7)
    texts = [line.split("\t")[2][:24] for line in (DATA / "news.tsv").read_text("utf-8").splitlines()[1:]]
    odd = ["Σ", "\u3000。", "İ", "球" * 300, "👍", "A\u0301"]
    with open(path, "w", encoding="utf-8") as to:
        for number in range(count):
            one, other = chance.choices(texts, k=2)
            to.write(f"{one[:12]}{other[12:]}{number}{chance.choice(odd) if number % 100 == 0 else ''}\n")
    return path


def resident(process: int) -> float | None:
    """MiB, where the system tells it."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), None)


@pytest.mark.parametrize("count", [5_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_many_lines(tmp_path: Path, count: int) -> None:
    command = [sys.executable, "-m", "textpipe"]
    settings = [part for one in SMALL for part in ("--set", one)]
    train = ["train-classifier", str(DATA / "news.tsv"), "--arch", "textcnn", "--name", "news", "--valid", "0.2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    subprocess.run([*command, *train, *settings], cwd=tmp_path, env=environment, check=True, capture_output=True)
    made_headlines(tmp_path / "lines.txt", count)
    line = [*command, "classify", "lines.txt", "--lines", "--model", "news", "-o", "labels.jsonl"]
    found, memory = subprocess.Popen(line, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL), []
    while found.poll() is None:
        memory.append(resident(found.pid))
        time.sleep(0.05)
    assert found.returncode == 0
    place = 0
    with open(tmp_path / "labels.jsonl", encoding="utf-8") as rows:
        for place, row in enumerate(rows, start=1):
            record = json.loads(row)
            assert record["id"] == f"lines.txt:{place}"
            assert record["label"]
    assert place == count
    sizes = [size for size in memory if size is not None]
    if count > 100_000 and sizes:  # in few seconds the libraries alone are loaded
        assert max(sizes[len(sizes) // 2 :]) < 1.05 * max(sizes[: len(sizes) // 4])
