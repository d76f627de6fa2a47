"""One request and its answer, as ASGI has them: what the application is called with."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable
from typing import Any, Protocol

from textpipe.service.logs import place_of

STATUS_LINES = {one.value: f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in http.HTTPStatus}
_PAUSE_AT = 1 << 16  # bytes of body that wait for the application
_BODILESS = (204, 304)


class Line(Protocol):
    """What an exchange needs of its connection."""

    transport: asyncio.Transport
    drained: asyncio.Future[None] | None

    def write(self, data: bytes) -> None: ...
    def answered(self, exchange: Exchange) -> None: ...
    def ends(self) -> bool: ...
    def default_headers(self) -> bytes: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Shed(Protocol):
    """Requests that are refused (503) at once: gives what follows the headers of every answer, None for others."""

    def unparsed(self, packet: bytes) -> bytes | None:
        """Of the first bytes of a request, which may be all of it."""

    def parsed(self, scope: dict[str, Any], packet: bytes) -> bytes | None:
        """packet: what came with its headers, empty where that also held something else"""


class Exchange:
    """scope: ASGI's; keep_alive: whether the connection may be used again
    disconnected: nobody is there to answer any more; complete: the answer was given, as a whole"""

    __slots__ = (
        "_body",
        "_chunked",
        "_ended",
        "_expects_continue",
        "_handed_over",
        "_head",
        "_left",
        "_line",
        "_waiter",
        "complete",
        "disconnected",
        "keep_alive",
        "scope",
        "started",
    )

    def __init__(self, line: Line, scope: dict[str, Any], *, keep_alive: bool, expects_continue: bool) -> None:
        self._line = line
        self.scope = scope
        self.keep_alive = keep_alive
        self._expects_continue = expects_continue
        self.disconnected = self.started = self.complete = False
        self._body = bytearray()
        self._ended = self._handed_over = False
        self._waiter: asyncio.Future[None] | None = None
        self._head: bytes | None = None  # waits for the first piece of the body, to go out with it
        self._chunked = False
        self._left = 0  # bytes that the answer still must have

    def release(self) -> None:
        """Its application has ended."""
        if not self.complete and not self.disconnected:
            self._line.transport.abort()

    # what comes in

    def feed(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            return  # answered without it
        self._body += data
        if len(self._body) > _PAUSE_AT:
            self._line.pause_reading()
        self._wake()

    def end(self) -> None:
        """The body is whole."""
        self._ended = True
        self._wake()

    def disconnect(self) -> None:
        self.disconnected = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> dict[str, Any]:
        """ASGI's: the next piece of the body; after it, that the client is gone, once it is."""
        if self._expects_continue and not self.started and not self.disconnected:
            self._expects_continue = False
            self._line.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.disconnected or self.complete or self._body or (self._ended and not self._handed_over)):
            self._line.resume_reading()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self.disconnected or self.complete:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        self._handed_over = self._ended
        return {"type": "http.request", "body": body, "more_body": not self._ended}

    # what goes out

    async def send(self, message: Any) -> None:
        """ASGI's: the head, then the body."""
        if self._line.drained is not None and not self.disconnected:
            await asyncio.shield(self._line.drained)
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body":
            self._continue(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"no message of an answer: {message['type']}")

    def _start(self, message: Any) -> None:
        if self.started:
            raise RuntimeError("an answer starts once")
        status, headers = message["status"], message.get("headers", ())
        lines, length = [], None
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and value.lower() == b"close":
                self.keep_alive = False
                continue
            lines.append(name + b": " + value + b"\r\n")
        if length is None and status not in _BODILESS:
            if self.scope["http_version"] == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False  # the end of the connection is the end of the answer
        if not self.keep_alive or self._line.ends():
            self.keep_alive = False
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
            raise RuntimeError("a header of the answer has a line end in it")
        self._left = -1 if length is None else length
        self._head = b"%b%b%b\r\n" % (STATUS_LINES[status], self._line.default_headers(), head)
        self.started = True

    def _continue(self, body: bytes, *, more: bool) -> None:
        if not self.started or self.complete:
            raise RuntimeError("a piece of an answer that has not started, or is whole")
        head, self._head = self._head or b"", None
        if self.scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        elif self._left >= 0:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("an answer is not as long as it said")
        if head or body:
            self._line.write(head + body)
        if not more:
            self.complete = True
            self._wake()
            self._line.answered(self)


async def run(exchange: Exchange, app: Any, *, on_bug: Callable[[str], None]) -> None:
    """Call the application. What goes wrong in it is answered by its guard; where that is not possible any more, or
    it ends early, the connection is cut, which a client can tell from an answer."""
    try:
        await app(exchange.scope, exchange.receive, exchange.send)
    except Exception as error:
        on_bug(place_of(error))
    finally:
        exchange.release()
