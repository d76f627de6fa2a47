"""Answers that wait for the end of a turn: in order, all of them, before a connection is closed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any, cast

from tests.service.one_worker import everything, one_worker, post
from textpipe.service.outbox import Outbox

TEXT = '{"text": "我来到北京清华大学"}'.encode()


class Transport:
    """Keeps what is written."""

    def __init__(self, *, closing: bool = False) -> None:
        self.written: list[bytes] = []
        self._closing = closing

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes) -> None:
        self.written.append(data)


def test_what_is_added_is_sent_in_order_in_the_next_turn() -> None:
    one, other, gone = Transport(), Transport(), Transport(closing=True)

    async def turns() -> None:
        outbox = Outbox()
        for transport, data in ((one, b"1"), (gone, b"x"), (other, b"2"), (one, b"3")):
            outbox.add(cast(Any, transport), data)
        assert one.written == []
        await asyncio.sleep(0)
        assert (one.written, other.written, gone.written) == ([b"1", b"3"], [b"2"], [])
        outbox.add(cast(Any, one), b"4")
        outbox.send()
        await asyncio.sleep(0)

    asyncio.run(turns())
    assert one.written == [b"1", b"3", b"4"]


def test_answers_go_before_the_refusal_of_what_follows_them(tmp_path: Path) -> None:
    """In one piece of bytes: requests, then what is no request."""
    with one_worker(tmp_path) as worker:
        for count in (1, 2, 7):
            requests = post(TEXT, port=worker.port, close=False) * count
            answer = worker.ask(requests + b"nonsense\r\n\r\n")
            assert [one[:3] for one in answer.split(b"HTTP/1.1 ")[1:]] == [*[b"200"] * count, b"400"]


def test_a_client_that_has_said_all_is_answered(tmp_path: Path) -> None:
    with one_worker(tmp_path) as worker:
        for _ in range(50):
            with worker.connect() as line:
                line.sendall(post(TEXT, port=worker.port, close=False) * 3)
                line.shutdown(socket.SHUT_WR)
                assert everything(line).count(b"HTTP/1.1 200") == 3
