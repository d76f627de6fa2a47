"""Networks killed at any moment, by the command that trains them: the same command again gives the same weights."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
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
    "textcnn": ("epochs=60", "filters=64", "dim=50", "pretrain=2", "patience=0"),
    "recurrent": ("epochs=40", "hidden=48", "dim=32", "pretrain=2", "patience=0", "cell=lstm"),
}


def start(store: Path, arch: str) -> subprocess.Popen[bytes]:
    settings = [part for setting in SETTINGS[arch] for part in ("--set", setting)]
    arguments = ["train-classifier", "data/news.tsv", "--arch", arch, "--workers", "1", "--device", "cpu", *settings]
    command = [sys.executable, "-c", COMMAND, *arguments, "--name", "killed", "--store", str(store)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def digests(store: Path) -> dict[str, str]:
    (manifest,) = (store / "objects" / "classifier").glob("*/manifest.json")
    outputs = json.loads(manifest.read_text("utf-8"))["outputs"]
    for name, output in outputs.items():
        assert hashlib.sha256((manifest.parent / name).read_bytes()).hexdigest() == output["sha256"]
    return {name: output["sha256"] for name, output in outputs.items()}


@pytest.mark.long
@pytest.mark.parametrize("arch", SETTINGS)
def test_thirty_kills_leave_no_trace(tmp_path: Path, arch: str) -> None:
    whole = start(tmp_path / "whole", arch)
    assert whole.wait() == 0
    drawn = random.Random(0)
    kills = going_on = 0
    while kills < 30:
        child = start(tmp_path / "killed", arch)
        try:
            child.wait(timeout=2.0 + 3.0 * drawn.random())
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            kills += 1
            going_on += b"goes on after step" in child.communicate()[1]
            continue
        assert child.returncode == 0, child.communicate()[1].decode()
        if kills < 30 and (tmp_path / "killed" / "objects" / "classifier").is_dir():
            assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
            subprocess.run(["rm", "-r", str(tmp_path / "killed")], check=True)
    last = start(tmp_path / "killed", arch)
    _, told = last.communicate()
    assert last.returncode == 0, told.decode()
    assert going_on > 5  # many of the kills hit a training that had been resumed
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")
