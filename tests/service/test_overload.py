"""Twice as much as can be done, for minutes: what is accepted is as quick as ever, the rest is told so at once.

Arrivals are open: requests come at random moments, whatever becomes of those before, and latency counts from the
moment a request was due.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests.conftest import DATA
from tests.service.processes import Service

CLIENT = Path(__file__).parent / "load.py"
CONNECTIONS, MANY_CONNECTIONS = 200, 500
TURNS, TURN = 25, 5.0  # of peak and overload, for the goodput; seconds of each
_CALM = 1.5  # seconds
LENGTHS = (600, 1_200, 1_800, 2_400, 3_000)  # characters


def requests(folder: Path) -> Path:
    """Key phrases of texts of several lengths."""
    whole = "".join(document.text for document in textpipe.read([str(DATA / "articles")]))
    whole *= 2 * max(LENGTHS) // len(whole) + 1
    lines = []
    for number, length in enumerate(LENGTHS * 20):
        start = 37 * number % (len(whole) - length)
        body = {"text": whole[start : start + length]}
        lines.append(json.dumps({"path": "/v1/keywords", "body": body}, ensure_ascii=False))
    (folder / "requests").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "requests"


def load(
    port: int, requests: Path, *, seconds: float, rate: float | None = None, most: int = CONNECTIONS
) -> dict[str, Any]:
    """rate: of an open form, on so many connections; else closed, on 16"""
    connections = most if rate else 16
    command = [sys.executable, str(CLIENT), str(port), str(requests), "--connections", str(connections)]
    options = ["--seconds", str(seconds), *(["--rate", str(rate)] if rate else [])]
    found: dict[str, Any] = json.loads(subprocess.check_output([*command, *options], timeout=seconds + 60))
    return found


def resident(process: int) -> int:
    """Bytes of a process and those below it."""
    page = os.sysconf("SC_PAGE_SIZE")
    below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * page + sum(resident(int(one)) for one in below)


class Memory(threading.Thread):
    """Looks at a process's memory every half second."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.found: list[int] = []
        self._process, self._end = process, threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.5):
            self.found.append(resident(self._process))

    def growth(self) -> float:
        """From the second sixth to the last, as a share."""
        self._end.set()
        self.join()
        size = len(self.found) // 6
        first, last = self.found[size : 2 * size], self.found[-size:]
        return sum(last) / len(last) / (sum(first) / len(first)) - 1


def overloaded(folder: Path, *, seconds: float, apart: float) -> dict[str, Any]:
    """The figures. seconds: of overload; apart: of every other measurement"""
    asked = requests(folder)
    with Service("--store", folder / "none") as service:
        port, process = service.port, service.process
        load(port, asked, seconds=2)
        peak = load(port, asked, seconds=apart)["per_second"]
        half = load(port, asked, seconds=2 * apart, rate=peak / 2)
        memory = Memory(process.pid)
        memory.start()
        twice = load(port, asked, seconds=seconds, rate=2 * peak)
        growth = memory.growth()
        after = load(port, asked, seconds=2 * apart, rate=peak / 2)
        turns = in_turns(port, asked)
    calm = [place for place, one in enumerate(after["windows"]) if one["p99"] <= half["p99"] and is_fine(one)]
    return {
        "peak": peak,
        "half": {name: half[name] for name in ("statuses", "p50", "p99")},
        "twice": {name: twice[name] for name in ("statuses", "unsent", "per_second", "p50", "p99", "refused_p99")},
        "goodput": sum(over for _, over in turns) / sum(peak for peak, _ in turns),
        "goodputs": [round(over / peak, 2) for peak, over in turns],
        "ratio": twice["p99"] / half["p99"],
        "growth": growth,
        "recovered": calm[0] if calm else None,
        "after": {name: after[name] for name in ("statuses", "p50", "p99")},
    }


def in_turns(port: int, asked: Path) -> list[tuple[float, float]]:
    """Answers a second at the peak, and at twice as much as the peaks until then: turn and turn about, and many, for a
    machine whose processors are shared may be half as fast again in some seconds as in the next."""
    found: list[tuple[float, float]] = []
    for _ in range(TURNS):
        peak = load(port, asked, seconds=TURN)["per_second"]
        rate = 2 * statistics.mean([peak, *(before for before, _ in found)])
        found.append((peak, load(port, asked, seconds=TURN, rate=rate)["per_second"]))
        time.sleep(_CALM)  # until it refuses nothing any more
    return found


def is_fine(one: dict[str, Any]) -> bool:
    return set(one["statuses"]) == {"200"}


@pytest.mark.long
def test_twice_as_much_as_can_be_done(tmp_path: Path) -> None:
    found = overloaded(tmp_path, seconds=180, apart=15)
    print(json.dumps(found, indent=1))  # noqa: T201
    assert set(found["twice"]["statuses"]) == {"200", "503"}
    assert found["twice"]["unsent"] == 0
    assert found["ratio"] <= 3
    assert found["twice"]["refused_p99"] <= 50
    assert found["goodput"] >= 0.9
    assert found["growth"] <= 0.02
    assert found["recovered"] is not None
    assert found["recovered"] <= 10


def classified(folder: Path) -> Path:
    """Requests to a network, which is trained into the store for it."""
    options = ["--arch", "recurrent", "--name", "network", "--store", str(folder / "store"), "--set", "epochs=1", "-q"]
    command = [sys.executable, "-m", "textpipe", "train-classifier", str(DATA / "news.tsv"), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    texts = [document.text for document in textpipe.read([str(DATA / "news.tsv")], limit=100)]
    lines = [{"path": "/v1/classify", "body": {"text": text, "model": "network"}} for text in texts]
    (folder / "requests").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder / "requests"


@pytest.mark.long
def test_twice_as_much_as_a_network_can_do(tmp_path: Path) -> None:
    """By so many clients that its queue gets long; the first two seconds are those in which it does."""
    pytest.importorskip("torch")
    asked = classified(tmp_path)
    with Service("--store", tmp_path / "store", "--device", "cpu") as service:
        load(service.port, asked, seconds=10)
        peak = load(service.port, asked, seconds=5)["per_second"]
        memory = Memory(service.process.pid)
        memory.start()
        twice = load(service.port, asked, seconds=60, rate=2 * peak, most=MANY_CONNECTIONS)
        growth = memory.growth()
    later = twice["windows"][2:]
    figures = {name: statistics.median(one[name] for one in later) for name in ("per_second", "p99", "refused_p99")}
    print(json.dumps({"peak": peak, "growth": growth, "statuses": twice["statuses"], **figures}, indent=1))  # noqa: T201
    assert set(twice["statuses"]) == {"200", "503"}
    assert twice["unsent"] == 0
    assert figures["refused_p99"] <= 50
    assert growth <= 0.02
