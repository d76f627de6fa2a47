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


class Client:
    """A healthy one: took: seconds that each request took; refused: answers other than 200"""

    def __init__(self, worker: Worker) -> None:
        self.took, self.refused = list[float](), 0
        self._worker, self._line = worker, worker.connect()

    def ask(self) -> None:
        """On a kept connection; every tenth request on one of its own."""
        began = time.perf_counter()
        if len(self.took) % 10 != 9:
            self._line.sendall(post(TEXT, port=self._worker.port, close=False))
            answer = self._line.recv(1 << 16)
        else:
            with self._worker.connect() as own:
                own.sendall(get(b"/healthz", port=self._worker.port))
                answer = everything(own)
        self.took.append(time.perf_counter() - began)
        if not answer.startswith(b"HTTP/1.1 200 "):
            self.refused += 1
            self.close()
            self._line = self._worker.connect()

    def close(self) -> None:
        self._line.close()

    def percentile_99(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.99)]


def ask_all(clients: tuple[Client, ...], *, seconds: float) -> None:
    """In turn, for that long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            client.ask()
            time.sleep(0.002)


class Outcome(NamedTuple):
    """beside: the client of the worker at which slow clients are; apart: that of another worker, at the same time
    lasted: seconds that slow connections lasted"""

    beside: Client
    apart: Client
    lasted: list[float]


def against(folder: Path, *, count: int, seconds: float, cap: int) -> Outcome:
    """Slow clients at one of two workers. What the machine does to everybody, and what so many clients cost it, both
    of the workers see: what only one of them sees is the service's."""
    with (
        one_worker(folder / "besieged", max_connections=cap) as besieged,
        one_worker(folder / "another", max_connections=cap) as another,
        contextlib.ExitStack() as stack,
    ):
        clients = Client(besieged), Client(another)
        for client in clients:
            stack.callback(client.close)
        ask_all(clients, seconds=0.5)
        for client in clients:
            client.took.clear()
        command = [sys.executable, "-m", "tests.service.slow_clients", *map(str, (besieged.port, count, seconds + 1))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                time.sleep(1.0)
                ask_all(clients, seconds=seconds - 1)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
    return Outcome(*clients, json.loads(out))


def test_slow_clients_are_let_go_for_healthy_ones(tmp_path: Path) -> None:
    """More of them than connections, and still every healthy request is answered."""
    found = against(tmp_path, count=60, seconds=2.0, cap=40)
    assert found.beside.refused == 0
    assert found.lasted, "nobody made room"


@pytest.mark.long
@pytest.mark.parametrize("cap", [512, 256])
def test_five_hundred_slow_clients_for_two_minutes(
    cap: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is room for all of them they are dropped at the deadline, else the slowest earlier."""
    found = against(tmp_path, count=500, seconds=120.0, cap=cap)
    asked, refused = len(found.beside.took), found.beside.refused
    beside, apart = found.beside.percentile_99(), found.apart.percentile_99()
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{cap} connections: p99 {beside * 1e3:.2f} ms beside 500 slow clients, {apart * 1e3:.2f} ms at another "
            f"worker: {beside / apart:.2f}x; {refused} of {asked:,} healthy requests refused; {len(found.lasted):,} "
            f"slow connections dropped after {min(found.lasted):.1f} to {max(found.lasted):.1f} s"
        )
    assert max(found.lasted) <= 21.5  # 20 s for a body, a quarter for the watch, a second for the client to look
    assert refused <= (0 if cap > 500 else asked / 1_000)
    assert beside <= 1.5 * apart
    if cap > 500:
        assert min(found.lasted) >= 9.9  # nobody before the deadline
