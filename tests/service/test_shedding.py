"""What is refused before anything is made of it: what it says, and what it is not said to."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httptools
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textpipe.service.app import build_app
from textpipe.service.batching import Batcher
from textpipe.service.connections import uvicorn_options
from textpipe.service.logs import RequestLog
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
    monkeypatch.setattr(work, "_is_full", lambda _both, characters, _now: characters <= 33)
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
    found: bytes | None = app.state.shedding.parsed(scope, packet)
    return found


def of(found: bytes | None) -> tuple[dict[str, str], Any]:
    """Headers and content of a refusal."""
    assert found is not None
    head, _, body = found.partition(b"\r\n\r\n")
    return {name: value for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n"))}, body


def test_it_is_a_whole_answer(app: Any) -> None:
    headers, body = of(shed(app))
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


def packet(length: int = 100, *, more: bytes = b"") -> bytes:
    """A whole request for keywords, of so many bytes of body."""
    head = b"POST /v1/keywords HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Type: application/json\r\n"
    return b"%bContent-Length: %d\r\n%b\r\n%b" % (head, length, more, b"a" * length)


def refused(app: Any) -> int:
    count: int = app.state.service.work._queues["keywords"].loop.counts.refused
    return count


def test_what_is_like_one_before_need_not_be_parsed(app: Any) -> None:
    unparsed = app.state.shedding.unparsed
    assert unparsed(packet()) is None  # before it was looked at
    parsed = of(shed(app, packet=packet()))
    found = of(unparsed(packet(101)))
    assert found[1] == parsed[1]
    assert found[0] | {"x-request-id": ""} == parsed[0] | {"x-request-id": ""}
    assert found[0]["x-request-id"] != parsed[0]["x-request-id"]
    assert refused(app) == 2


@pytest.mark.parametrize(
    "other",
    [
        packet()[:-1],
        packet() + b"P",
        packet() + packet(),
        packet()[1:],
        b"\r\n" + packet(),
        packet(0),
        packet(50_000),
        packet().replace(b"POST", b"HEAD"),
        packet().replace(b"8000", b"8001"),
        packet().replace(b"keywords", b"tokenize"),
        packet(more=b"X-Request-Id: one\r\n"),
        packet(more=b"Transfer-Encoding: chunked\r\n"),
        packet(more=b"Content-Length: 100\r\n"),
        packet().replace(b": 100", b": +100"),
        packet().replace(b": 100", b": 100, 100"),
        packet().replace(b"\r\nContent-L", b"\nContent-L"),
        b"",
    ],
)
def test_what_is_not_is_parsed(app: Any, other: bytes) -> None:
    shed(app, packet=packet())
    assert app.state.shedding.unparsed(packet()) is not None
    assert app.state.shedding.unparsed(other) is None


class Heard:
    """What a parser says of some bytes. bodies: of whole requests; begun: requests"""

    def __init__(self, raw: bytes) -> None:
        self.bodies: list[bytes] = []
        self.begun, self._body = 0, b""
        httptools.HttpRequestParser(self).feed_data(raw)

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.bodies.append(self._body)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(st.sampled_from([b"a", b"\r\n", b"\r\n\r\n", b"Content-Length: 3\r\n", b"POST / "]), max_size=6),
    zeros=st.sampled_from([b"", b"0", b"000", b"0000000", b"-", b"+", b"0x", b"1_"]),
    spaces=st.sampled_from([b"", b" ", b"\t", b"\r\n ", b"\x0b"]),
    longer=st.integers(-3, 3),
)
def test_a_parser_would_have_seen_the_same(
    app: Any, body: list[bytes], zeros: bytes, spaces: bytes, longer: int
) -> None:
    shed(app, packet=packet())
    content = b"".join(body)
    length = zeros + b"%d" % max(len(content) + longer, 0) + spaces
    one = packet(0).replace(b"Length: 0", b"Length: " + length) + content
    if app.state.shedding.unparsed(one) is not None:
        heard = Heard(one)
        assert (heard.begun, heard.bodies) == (1, [content])
        assert longer == 0


@pytest.mark.parametrize("own", [{"x_request_id": "one"}, {"authorization": "Bearer one"}, {"host": "evil.example"}])
def test_what_must_be_looked_at_each_time_is(app: Any, own: dict[str, str]) -> None:
    shed(app, packet=packet(), **own)
    assert app.state.shedding.unparsed(packet()) is None


def test_what_found_room_is_not_asked_twice(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work = app.state.service.work
    shed(app, packet=packet())
    asked: list[tuple[str, int]] = []

    def has_room(queue: str, characters: int) -> bool:
        asked.append((queue, characters))
        return False

    monkeypatch.setattr(work, "refuses_now", has_room)
    one = packet(101)
    assert app.state.shedding.unparsed(one) is None
    assert shed(app, packet=one, content_length="101") is None
    assert asked == [("keywords", 33)]
    assert shed(app, packet=packet(102), content_length="102") is None
    assert len(asked) == 2


def test_where_nothing_is_refused_any_more_all_are_parsed(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shed(app, packet=packet())
    monkeypatch.setattr(app.state.service.work, "refuses", lambda _queue: False)
    assert app.state.shedding.unparsed(packet()) is None
    assert refused(app) == 1


class Everything:
    """Refuses what comes as a whole. seen: what it was asked about"""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def unparsed(self, packet: bytes) -> bytes | None:
        self.seen.append(packet)
        return b"content-length: 0\r\n\r\n" if packet.endswith(b"refuse") else None

    def parsed(self, scope: dict[str, Any], packet: bytes) -> None:  # noqa: ARG002
        self.seen.append(packet)


async def hello(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def test_a_connection_asks_only_about_what_begins_a_request(tmp_path: Path) -> None:
    """And its parser never hears of what was refused."""
    body = b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n"
    whole, other = body + b"refuse", body + b"accept"
    pieces = [whole, other, whole, body + b"acc", b"ept", body, b"refuse", other + body, b"refuse", whole]
    fates = [503, 200, 503, None, 200, None, 200, 200, 200, 503]
    everything = Everything()

    async def talk() -> list[int | None]:
        options = uvicorn_options(
            ServiceSettings(store=tmp_path), RequestLog(stream=os.open(os.devnull, os.O_WRONLY)), shed=everything
        )
        config = SimpleNamespace(loaded_app=hello)
        state = SimpleNamespace(connections=set(), tasks=set(), total_requests=0, default_headers=[])
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: options["http"](config, state, {}, loop), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        found: list[int | None] = []
        for piece, fate in zip(pieces, fates, strict=True):
            writer.write(piece)
            if fate is None:
                await asyncio.sleep(0.1)
                found.append(None)
            else:
                found.append(int((await reader.readuntil(b"\r\n\r\n")).split()[1]))
        writer.close()
        server.close()
        return found

    assert asyncio.run(talk()) == fates
    asked = [whole, other, other, whole, body + b"acc", body + b"acc", body, body, other + body, other + body, whole]
    assert everything.seen == asked


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
    packet = b"POST /v1/classify HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
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
