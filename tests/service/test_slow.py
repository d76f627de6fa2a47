"""Slow clients by the hundred: dropped at the deadline, and nobody else waits for them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.service.one_worker import Worker, everything, get, one_worker, post

TEXT = '{"text": "我来到北京清华大学，球队赢了决赛。"}'.encode()


def healthy(worker: Worker, seconds: float) -> tuple[list[float], int]:
    """(seconds that each request took, answers other than 200): on a kept connection, every tenth on one of its own."""
    took, refused, number = [], 0, 0
    end = time.monotonic() + seconds
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(worker.connect())
        while time.monotonic() < end:
            number += 1
            began = time.perf_counter()
            if number % 10:
                line.sendall(post(TEXT, port=worker.port, close=False))
                answer = line.recv(1 << 16)
            else:
                with worker.connect() as own:
                    own.sendall(get(b"/healthz", port=worker.port))
                    answer = everything(own)
            took.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200 "):
                refused += 1
                line = stack.enter_context(worker.connect())
            time.sleep(0.004)
    return took, refused


def percentile_99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


def against(folder: Path, *, count: int, seconds: float, before: float) -> tuple[float, float, int, list[float]]:
    """(p99 alone, p99 beside the slow ones, refusals of healthy ones, seconds that slow connections lasted)"""
    with one_worker(folder) as worker:
        healthy(worker, 1.0)
        alone, _ = healthy(worker, before)
        command = [sys.executable, "-m", "tests.service.slow_clients", *map(str, (worker.port, count, seconds + 1))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                time.sleep(1.0)
                beside, refused = healthy(worker, seconds - 2)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    return percentile_99(alone), percentile_99(beside), refused, json.loads(out)


def test_slow_clients_are_let_go_for_healthy_ones(tmp_path: Path) -> None:
    """More of them than connections, and still every healthy request is answered."""
    _, _, refused, lasted = against(tmp_path, count=300, seconds=4.0, before=0.1)
    assert refused == 0
    assert lasted, "nobody made room"


@pytest.mark.long
def test_five_hundred_slow_clients_for_two_minutes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone, beside, refused, lasted = against(tmp_path, count=500, seconds=120.0, before=30.0)
    with capsys.disabled():
        print(  # noqa: T201
            f"\np99 {alone * 1e3:.2f} ms alone, {beside * 1e3:.2f} ms beside slow clients; {refused} refused; "
            f"{len(lasted):,} slow connections dropped after {max(lasted):.1f} s at most"
        )
    assert refused == 0
    assert max(lasted) <= 21.5  # 20 s for a body, a quarter of a second for the watch, a second for the client to look
    assert beside <= 1.5 * alone
