"""Networks killed at any moment, by the command that trains them: the same command again gives the same weights."""

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

pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

COMMAND = """
import sys
from textpipe.store import checkpoint
checkpoint._SAVE_EVERY, checkpoint._SHARE = 0.05, 0
from textpipe.__main__ import main
print("ready", file=sys.stderr, flush=True)
main()
"""
SETTINGS = {
    "textcnn": ("epochs=30", "filters=64", "dim=50", "pretrain=2", "patience=0"),
    "recurrent": ("epochs=20", "hidden=48", "dim=32", "pretrain=2", "patience=0", "cell=lstm"),
    "textgcn": ("epochs=60",),
}


def start(store: Path, arch: str) -> subprocess.Popen[bytes]:
    """The command, which tells what it does in a file beside the store."""
    settings = [part for setting in SETTINGS[arch] for part in ("--set", setting)]
    arguments = ["train-classifier", "data/news.tsv", "--arch", arch, "--workers", "1", "--device", "cpu", *settings]
    command = [sys.executable, "-c", COMMAND, *arguments, "--name", "killed", "--store", str(store)]
    with open(told(store), "wb") as stream:
        return subprocess.Popen(
            command, cwd=ROOT, stdout=stream, stderr=stream, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )


def told(store: Path) -> Path:
    return store.with_suffix(".txt")


def digests(store: Path) -> dict[str, str]:
    (manifest,) = (store / "objects" / "classifier").glob("*/manifest.json")
    outputs = json.loads(manifest.read_text("utf-8"))["outputs"]
    for name, output in outputs.items():
        assert hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest() == output["sha256"]
    return {name: output["sha256"] for name, output in outputs.items()}


@pytest.mark.long
@pytest.mark.parametrize("arch", SETTINGS)
def test_thirty_kills_leave_no_trace(tmp_path: Path, arch: str) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    began = time.monotonic()
    assert start(whole, arch).wait() == 0, told(whole).read_text("utf-8")
    seconds = time.monotonic() - began
    drawn = random.Random(0)
    kills = resumed = 0
    while kills < 30:
        child = start(killed, arch)
        try:
            child.wait(timeout=seconds * drawn.uniform(0.2, 1.0))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
            resumed += "goes on after step" in told(killed).read_text("utf-8")
            continue
        assert child.returncode == 0, told(killed).read_text("utf-8")
        assert digests(killed) == digests(whole)
        shutil.rmtree(killed)
    assert start(killed, arch).wait() == 0, told(killed).read_text("utf-8")
    assert digests(killed) == digests(whole)
    assert resumed > 3  # not only first runs were killed
