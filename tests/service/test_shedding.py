"""What is refused before anything is made of it: what it says, and what it is not said to."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from textpipe.service.app import build_app
from textpipe.service.batching import Batcher
from textpipe.service.queues import Meter, Queue
from textpipe.service.settings import ServiceSettings

HEADERS = {"host": "127.0.0.1:8000", "content-type": "application/json", "content-length": "100"}


@pytest.fixture(name="app")
def app_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Of a service whose queue for keywords is full."""
    app = build_app(ServiceSettings(store=tmp_path / "none"))
    work = app.state.service.work
    work._new("keywords")
    monkeypatch.setattr(work, "refuses", lambda queue: queue == "keywords")
    monkeypatch.setattr(work, "_is_full", lambda _both, characters, _now: characters == 33)
    return app


def shed(
    app: Any, *, path: str = "/v1/keywords", method: str = "POST", packet: bytes = b"", **headers: str
) -> bytes | None:
    named = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
    }
    found: bytes | None = app.state.shedding.answer(scope, b"date: today\r\n", packet)
    return found


def test_it_is_a_whole_answer(app: Any) -> None:
    found = shed(app)
    assert found is not None
    head, _, body = found.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
    assert first == "HTTP/1.1 503 Service Unavailable"
    assert headers["date"] == "today"
    assert headers["retry-after"] == "1"
    assert headers["content-length"] == str(len(body))
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]
    assert json.loads(body)["error"]["message"] == "more is asked than can be answered now"
    assert app.state.service.work._queues["keywords"].loop.counts.refused == 1


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/v1/tokenize"},  # another queue
        {"path": "/healthz"},
        {"path": "/v1/keywords/"},
        {"method": "GET"},
        {"content_length": "0"},
        {"content_length": "50000"},  # threads have a queue of their own
        {"host": "evil.example"},  # what may not be asked is answered so, as ever
        {"origin": "http://evil.example"},
        {"content_type": "text/plain"},
    ],
)
def test_others_go_their_way(app: Any, other: dict[str, Any]) -> None:
    assert shed(app, **other) is None
    assert app.state.service.work._queues["keywords"].loop.counts.refused == 0


@pytest.fixture(name="busy")
def busy_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Of a service that has two networks, of which one refuses."""
    app = build_app(ServiceSettings(store=tmp_path / "none", max_batch=8))
    work = app.state.service.work
    for name in ("full", "idle"):
        work._batchers[f"{name}@1"] = Batcher(name, longest=100, settings=work.settings, before=lambda: None)
    known = {("classifier", name): f"{name}@1" for name in ("full", "idle")}
    monkeypatch.setattr(app.state.service.artifacts, "address", lambda *named: known.get(named))
    full = work._batchers["full@1"]
    full._texts, full._characters, full.queue.refused_at = 8, 800, time.monotonic()
    full.meter.note(100, 1.0)
    full.meter.note(100, 1.0)
    return app


def asking(content: dict[str, Any]) -> dict[str, Any]:
    body = json.dumps(content).encode()
    packet = b"POST /v1/classify HTTP/1.1\r\n\r\n" + body
    return {"path": "/v1/classify", "packet": packet, "content_length": str(len(body))}


def test_a_network_s_queue_is_known_by_the_body(busy: Any) -> None:
    assert shed(busy, **asking({"text": "a", "model": "full"})) is not None
    assert shed(busy, **asking({"model": "full", "text": "a"})) is not None
    assert busy.state.service.work._batchers["full@1"].queue.counts.refused == 2


@pytest.mark.parametrize(
    "content",
    [
        {"text": "a", "model": "idle"},
        {"text": "a", "model": "unknown"},
        {"text": "a"},
        {"text": '"model": "full"'},
        {"text": "model", "id": "full"},
    ],
)
def test_others_are_let_through(busy: Any, content: dict[str, Any]) -> None:
    async def once() -> bytes | None:
        return shed(busy, **asking(content))

    assert asyncio.run(once()) is None


def test_a_body_that_is_not_there_or_not_alone_is_let_through(busy: Any) -> None:
    asked = asking({"text": "a", "model": "full"})
    for packet in (b"", asked["packet"][:-3], asked["packet"] + asked["packet"]):
        assert shed(busy, **asked | {"packet": packet}) is None


def test_a_network_that_has_room_lets_in_what_finds_some(busy: Any) -> None:
    """And counts it at once."""
    full = busy.state.service.work._batchers["full@1"]
    full._texts, full._characters = 6, 0
    full.meter.note(100_000, 0.001)

    async def several() -> list[bool]:
        return [shed(busy, **asking({"text": "a", "model": "full"})) is None for _ in range(4)]

    full.meter.estimate = lambda _characters: 0.02
    assert asyncio.run(several()) == [True, True, False, False]


def test_a_queue_is_full_only_while_it_refuses() -> None:
    queue = Queue("one", 1.0, Meter())
    assert not queue.is_full(0.5, 10.0)  # it was never full
    queue.refused_at = 10.0
    assert queue.is_full(0.5, 10.9)
    assert not queue.is_full(0.04, 10.9)
    assert not queue.is_full(0.5, 11.1)


def test_what_was_let_through_counts_for_those_of_the_same_turn(tmp_path: Path) -> None:
    work = build_app(ServiceSettings(store=tmp_path / "none")).state.service.work

    async def turn() -> list[bool]:
        return [work.refuses_now("keywords", 1_000) for _ in range(20)]

    async def turns() -> tuple[list[bool], list[bool]]:
        own = work._new("keywords")
        own.meter.note(1, 0.1)  # is passed over
        own.meter.note(800, 0.001)  # 1.2 ms a text of 1,000 characters; 8 ms may wait
        own.loop.refused_at = time.monotonic()
        first = await turn()
        await asyncio.sleep(0)
        return first, await turn()

    first, second = asyncio.run(turns())
    assert first == [False] * 7 + [True] * 13
    assert second == first
