"""Slow clients by the hundred: dropped at the deadline, and nobody else waits for them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

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


class Outcome(NamedTuple):
    """alone, beside: p99 of healthy requests, in seconds, before slow clients came and beside them; asked: healthy
    requests; refused: of those; lasted: seconds that slow connections lasted"""

    alone: float
    beside: float
    asked: int
    refused: int
    lasted: list[float]


def against(folder: Path, *, count: int, seconds: float, before: float, cap: int) -> Outcome:
    with one_worker(folder, max_connections=cap) as worker:
        healthy(worker, 0.5)
        alone, _ = healthy(worker, before)
        command = [sys.executable, "-m", "tests.service.slow_clients", *map(str, (worker.port, count, seconds + 1))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                time.sleep(1.0)
                beside, refused = healthy(worker, seconds - 1)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    return Outcome(percentile_99(alone), percentile_99(beside), len(beside), refused, json.loads(out))


def test_slow_clients_are_let_go_for_healthy_ones(tmp_path: Path) -> None:
    """More of them than connections, and still every healthy request is answered."""
    found = against(tmp_path, count=60, seconds=2.0, before=0.1, cap=40)
    assert found.refused == 0
    assert found.lasted, "nobody made room"


@pytest.mark.long
@pytest.mark.parametrize("cap", [600, 256])
def test_five_hundred_slow_clients_for_two_minutes(
    cap: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is room for all of them they are dropped at the deadline, else the slowest earlier."""
    found = against(tmp_path, count=500, seconds=120.0, before=30.0, cap=cap)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{cap} connections: p99 {found.alone * 1e3:.2f} ms alone, {found.beside * 1e3:.2f} ms beside 500 slow "
            f"clients; {found.refused} of {found.asked:,} healthy requests refused; {len(found.lasted):,} slow "
            f"connections dropped after {min(found.lasted):.1f} to {max(found.lasted):.1f} s"
        )
    assert max(found.lasted) <= 21.5  # 20 s for a body, a quarter for the watch, a second for the client to look
    assert found.refused <= (0 if cap > 500 else found.asked / 1_000)
    assert found.beside <= 1.5 * found.alone
    if cap > 500:
        assert min(found.lasted) >= 9.9  # nobody before the deadline
