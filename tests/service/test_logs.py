"""Lines of the log: one a request, whatever is in it."""

from __future__ import annotations

import asyncio
import json
import os
import select
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service.one_worker import get, one_worker, post
from textpipe.service.logs import Answered, RequestLog, place_of, quoted

EVIL = 'a\x1b[31m\r\n\x00\x7f\x85\x9b\u2028\u202e\u200b\ufeff\ud800"\\}'


def written(tmp_path: Path, *requests: Answered) -> list[dict[str, Any]]:
    path = tmp_path / "log"
    with path.open("wb") as stream:
        log = RequestLog(stream=stream.fileno())
        for one in requests:
            log.request(one)
        log.close()
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def test_a_line_has_what_it_should(tmp_path: Path) -> None:
    [line] = written(tmp_path, Answered("POST", "/v1/keywords", 200, 0.0123, 10, 20, "r-1"))
    assert list(line) == ["time", "method", "route", "status", "ms", "body", "bytes", "id"]
    assert line["time"].endswith("Z")
    assert time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")
    assert line | {"time": ""} == {
        "time": "",
        "method": "POST",
        "route": "/v1/keywords",
        "status": 200,
        "ms": 12.3,
        "body": 10,
        "bytes": 20,
        "id": "r-1",
    }


def test_no_control_character_reaches_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream:
        log = RequestLog(stream=stream.fileno())
        log.request(Answered("GET", None, 404, 0.0, 0, 0, "r", path=EVIL, error=EVIL, text=EVIL))
        log.event(EVIL, field=EVIL)
        log.close()
    raw = path.read_bytes().decode("utf-8")  # which lone surrogates would not be
    assert raw.count("\n") == 2
    assert all(one.isprintable() for line in raw.split("\n") for one in line)
    first, second = (json.loads(line) for line in raw.splitlines())
    assert first["path"] == first["error"] == first["text"] == second["event"] == second["field"] == EVIL


@given(st.text())
def test_any_text_is_one_json_string(text: str) -> None:
    found = quoted(text)
    assert json.loads(found) == text
    assert len(found.splitlines()) == 1
    assert found.encode()


def test_long_texts_are_cut(tmp_path: Path) -> None:
    [line] = written(tmp_path, Answered("GET", None, 404, 0.0, 0, 0, "r", text="长" * 100_000))
    assert line["text"] == "长" * 4_000


def test_a_log_that_nobody_reads_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    log = RequestLog(stream=writing)
    for number in range(20_000):  # 3 MB into a pipe of 64 KiB
        log.request(Answered("POST", "/v1/keywords", 200, 0.0, 0, 0, str(number)))
        if number % 100 == 0:
            log.flush()
    log.flush()
    assert log._waiting < 2 << 20
    assert log._dropped > 0
    before = log._dropped
    collected = bytearray()
    while log._waiting:  # it is told so a moment after the last byte has been read
        if select.select([reading], [], [], 0.01)[0]:
            collected += os.read(reading, 1 << 16)
    log.request(Answered("POST", "/v1/keywords", 200, 0.0, 0, 0, "last"))
    log.close()
    os.close(writing)
    while piece := os.read(reading, 1 << 16):
        collected += piece
    os.close(reading)
    lines = [json.loads(line) for line in collected.splitlines()]
    left_out = [int(line["count"]) for line in lines if line.get("event") == "lines left out"]
    assert left_out == [before]
    assert [line["id"] for line in lines if "id" in line] == [*map(str, range(20_000 - before)), "last"]


def test_lines_come_while_the_loop_runs(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def serve(log: RequestLog) -> None:
        log.request(Answered("GET", "/healthz", 200, 0.0, 0, 0, "r"))
        for _ in range(500):
            if path.read_bytes():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("no line within ten seconds")

    with path.open("wb") as stream:
        log = RequestLog(stream=stream.fileno())
        asyncio.run(serve(log))
        log.close()


def test_a_closed_stream_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = RequestLog(stream=writing)
    log.event("started")
    log.close()
    os.close(writing)
    assert log._waiting == 0


def test_who_observes_is_told(tmp_path: Path) -> None:
    seen: list[Answered] = []
    one = Answered("POST", "/v1/keywords", 200, 0.0, 0, 0, "r")
    with (tmp_path / "log").open("wb") as stream:
        log = RequestLog(stream=stream.fileno(), observe=seen.extend)
        log.request(one)
        log.close()
    assert seen == [one]


def test_a_bug_is_told_by_its_place() -> None:
    def inner() -> None:
        raise ValueError("a secret text")

    with pytest.raises(ValueError, match="secret") as raised:
        inner()
    place = place_of(raised.value)
    assert place.startswith("ValueError at test_logs.py:")
    assert "inner" in place
    assert "secret" not in place


def test_a_worker_logs_its_requests_without_their_texts(tmp_path: Path) -> None:
    secret = "绝密文件".encode()
    with one_worker(tmp_path) as worker:
        assert b" 200 " in worker.ask(post(b'{"text": "%b"}' % secret, port=worker.port))
        assert b" 404 " in worker.ask(get(b"/none%1b%5b31m", port=worker.port))
        assert b" 400 " in worker.ask(b"nonsense\r\n\r\n")
    lines = worker.lines()
    assert [line["status"] for line in lines] == [200, 404, 400]
    assert [line["route"] for line in lines] == ["/v1/tokenize", None, None]
    assert lines[0]["body"] == 24
    assert secret not in worker.log.read_bytes()
    assert b"\x1b" not in worker.log.read_bytes()


def test_texts_where_they_are_asked_for(tmp_path: Path) -> None:
    with one_worker(tmp_path, log_texts=True) as worker:
        assert b" 200 " in worker.ask(post('{"text": "我来到\\u001b北京"}'.encode(), port=worker.port))
    assert [line["text"] for line in worker.lines()] == ['{"text": "我来到\\u001b北京"}']
