"""HTTP/1.1 below the application: what a request may be, how large, and how long it may take to arrive.

uvicorn's own protocols wait for ever for a request and take a body of any length, so this takes their place: httptools
parses, exchange.py is a request and its answer, deadlines.py the clock. Refused here are requests that are no HTTP or
mean two things (400), too large (413, 431), too slow (408) and connections over the cap (503), all in the form that
other errors have.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from typing import Any, NoReturn, cast
from urllib.parse import unquote

import httptools

from textpipe.service.deadlines import BODY, BUSY, CONNECTED, HEADERS, IDLE, LEAVING, Watch
from textpipe.service.exchange import STATUS_LINES, Exchange, Shed, run
from textpipe.service.logs import Answered, RequestLog
from textpipe.service.outbox import Outbox
from textpipe.service.settings import ServiceSettings
from textpipe.service.wire import joined, refusal

MAX_HEAD = 16 << 10  # bytes of a request line and its headers
MAX_HEADERS = 100
_URL = re.compile(rb"/[!\"$-~]*")  # visible ASCII, no fragment
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"expect"})
_DISCARD = 8 << 20  # bytes that a refused client may still send before it is cut off


class Malformed(Exception):
    """Raised in callbacks of the parser, which stops at it."""


class Connection(asyncio.Protocol):
    """One connection. uvicorn makes them, by the arguments without a default, and ends them by `shutdown`."""

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        settings: ServiceSettings,
        log: RequestLog,
        watch: Watch,
        outbox: Outbox,
        shed: Shed | None = None,
    ) -> None:
        self._shed, self._outbox = shed, outbox
        self.transport: asyncio.Transport
        self._app, self._app_state, self._server = config.loaded_app, app_state, server_state
        self._loop = _loop or asyncio.get_event_loop()
        self._max_body, self._log, self._watch = settings.max_body, log, watch
        self._parser: Any = httptools.HttpRequestParser(self)
        self.phase, self.since, self.stalled = CONNECTED, self._loop.time(), math.inf
        self._raw = 0  # bytes since the last whole request
        self._packet = b""  # what is being read, where it begins a request
        self._url, self._headers = b"", cast("list[tuple[bytes, bytes]]", [])
        self._length, self._received, self._chunked, self._expects_continue = 0, 0, False, False
        self._open: deque[Exchange] = deque()  # not answered; the first is being worked on
        self._reading: Exchange | None = None  # whose body is coming
        self._farewell: bytes | None = None  # a refusal that waits for earlier answers
        self._fault: tuple[int, str] | None = None
        self.paused: float | None = None  # since when nothing is read, for the application is behind
        self.drained: asyncio.Future[None] | None = None  # done once the client has read what it was sent, or is gone
        self._addresses: tuple[Any, Any] = (None, None)

    # asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._addresses = tuple(
            (str(one[0]), int(one[1])) if isinstance(one, tuple) else None
            for one in (transport.get_extra_info("sockname"), transport.get_extra_info("peername"))
        )  # type: ignore[assignment]
        self._server.connections.add(self)
        if not self._watch.add(self, self._loop):
            self._refuse(503, "too many connections", retry_after=1)
            if self._watch.crowded:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._server.connections.discard(self)
        self._watch.connections.discard(self)
        for exchange in self._open:
            exchange.disconnect()
        self._open.clear()
        self._reading = None
        self.resume_writing()
        self._parser = None  # it holds this connection

    def eof_received(self) -> bool:
        """The client has said all: what it asked for as a whole is answered, then the connection ends."""
        if not self._open or self._reading is not None:
            self._outbox.send()  # for the connection is closed now
            return False
        self._open[-1].keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        begins = not self._raw and (self.phase == IDLE or self.phase == CONNECTED)
        if begins and self._is_shed(None, data):
            return
        self._raw += len(data)
        if self.phase == LEAVING or self._farewell is not None:
            if self._raw > _DISCARD:
                self.transport.abort()
            return
        self._packet = data if begins else b""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._last()  # answered as if it had not asked for another protocol
        except httptools.HttpParserError:
            self._malformed()
        else:
            if self.phase == BODY:
                if self._raw > MAX_HEAD + 2 * self._max_body + (1 << 16):  # chunks of nothing
                    self._refuse(413, "the body is wrapped in too many chunks")
            elif self._raw > MAX_HEAD:
                self._refuse(431, f"the headers are larger than {MAX_HEAD:,} bytes")
        finally:
            self._packet = b""

    def pause_writing(self) -> None:
        self.stalled = self._loop.time()
        self.drained = self._loop.create_future()

    def resume_writing(self) -> None:
        self.stalled = math.inf
        if self.drained is not None and not self.drained.done():
            self.drained.set_result(None)
        self.drained = None

    # uvicorn's

    def shutdown(self) -> None:
        """The service ends: what was asked is answered; idle connections have a moment to ask, then they go."""
        self._watch.drain()

    # the watch's

    def expire(self) -> None:
        """Too late for what it is doing."""
        if self.phase in (HEADERS, BODY):
            self._refuse(408, f"the {'headers' if self.phase == HEADERS else 'body'} came too slowly")
        else:
            self._leave()
            self.transport.close()

    def make_room(self) -> None:
        """Gone for another connection."""
        self.expire()
        self.transport.close()

    def cut(self) -> None:
        self.transport.abort()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    # the parser's

    def on_message_begin(self) -> None:
        if self._open and not self._open[-1].keep_alive:
            self._stop(400, "a request after the last one of a connection")
        self._url, self._headers = b"", []
        self._length, self._received, self._chunked, self._expects_continue = 0, 0, False, False
        self.phase, self.since = HEADERS, self._loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _FRAMING:
            self._framing(name, value)
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        headers, url = self._headers, self._url
        if self._raw > MAX_HEAD and sum(len(name) + len(value) + 4 for name, value in headers) + len(url) > MAX_HEAD:
            self._stop(431, f"the headers are larger than {MAX_HEAD:,} bytes")
        if len(headers) > MAX_HEADERS:
            self._stop(431, f"more than {MAX_HEADERS} headers")
        if not _URL.fullmatch(url):
            self._stop(400, "the target of the request is no path")
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            self._stop(400, "only HTTP/1.1 is spoken here")
        if self._length > self._max_body:
            self._stop(413, f"the body is larger than {self._max_body:,} bytes")
        if self._parser.should_upgrade() and (self._length or self._chunked):
            self._stop(400, "only HTTP/1.1 is spoken here")  # the parser would not read the body
        path, _, query = url.partition(b"?")
        decoded = path.decode("ascii")
        server, client = self._addresses
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "server": server,
            "client": client,
            "scheme": "http",
            "method": self._parser.get_method().decode("ascii"),
            "root_path": "",
            "path": unquote(decoded) if "%" in decoded else decoded,
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "state": self._app_state.copy(),
        }
        # after chunks the parser may hold a trailer back, which would be the next request's first header
        again = version == "1.1" and not self._chunked and self._parser.should_keep_alive()
        exchange = Exchange(self, scope, keep_alive=again, expects_continue=self._expects_continue)
        self.phase, self._reading = BODY, exchange
        self._open.append(exchange)
        if len(self._open) > 1:
            self.pause_reading()
        elif not self._is_shed(exchange, self._packet):
            self._begin(exchange)

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        if self._received > self._max_body:
            self._stop(413, f"the body is larger than {self._max_body:,} bytes")
        if self._reading is not None:
            self._reading.feed(body)

    def on_message_complete(self) -> None:
        self._raw = 0
        if self._reading is not None:
            self._reading.end()
            self._reading = None
        self._rest()

    def _stop(self, status: int, message: str) -> NoReturn:
        self._fault = status, message
        raise Malformed

    def _framing(self, name: bytes, value: bytes) -> None:
        if self.phase == BODY:
            self._stop(400, "a header after the body")
        if name == b"content-length":
            self._length = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            if self._chunked or value.strip().lower() != b"chunked":
                self._stop(400, "the only Transfer-Encoding is chunked")
            self._chunked = True
        elif value.lower() == b"100-continue":
            self._expects_continue = True

    # the exchanges'

    def answered(self, exchange: Exchange) -> None:
        """Its answer was given: the next request's turn, or the end."""
        self._server.total_requests += 1
        if self._open and self._open[0] is exchange:
            self._open.popleft()
        if self._reading is exchange:
            self._reading = None  # the rest of its body is thrown away
        if self.transport.is_closing():
            return
        if not exchange.keep_alive:
            self._part()
        elif self._open:
            self._begin(self._open[0])
        elif self._farewell is not None:
            self._say_farewell(self._farewell)
        else:
            self.resume_reading()
            if self.phase == BUSY:
                self._rest()

    def write(self, data: bytes) -> None:
        """Send it, soon."""
        self._outbox.add(self.transport, data)

    def ends(self) -> bool:
        """Whether the answer that is being given is the last one."""
        return self._watch.draining and len(self._open) == 1

    def default_headers(self) -> bytes:
        """What every answer carries, with `Date`, which is renewed once a second."""
        return joined(tuple(self._server.default_headers))

    def pause_reading(self) -> None:
        if self.paused is None and not self.transport.is_closing():
            self.paused = self._loop.time()
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.paused is not None and len(self._open) < 2 and not self.transport.is_closing():
            self.since += self._loop.time() - self.paused  # that was not the client's time
            self.paused = None
            self.transport.resume_reading()

    def _is_shed(self, exchange: Exchange | None, packet: bytes) -> bool:
        """Whether a request was refused at once: when its headers are read or, where there is no exchange, unparsed.
        Not asked of requests that waited for others: each would be a call deeper."""
        if self._shed is None or self.drained is not None or self._watch.draining:
            return False
        if exchange is None:
            found = self._shed.unparsed(packet)
        else:
            found = self._shed.parsed(exchange.scope, packet) if exchange.keep_alive else None
        if found is None:
            return False
        self.write(b"%b%b%b" % (STATUS_LINES[503], self.default_headers(), found))
        if exchange is None:
            self._server.total_requests += 1
            self._rest()
        else:
            exchange.started = exchange.complete = True
            self.answered(exchange)
        return True

    def _begin(self, exchange: Exchange) -> None:
        task = self._loop.create_task(run(exchange, self._app, on_bug=self._on_bug))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    def _on_bug(self, place: str) -> None:
        self._log.event("bug", error=place)

    def _rest(self) -> None:
        """Between requests: of this side, or of both."""
        self.phase, self.since = BUSY if self._open else IDLE, self._loop.time()

    def _last(self) -> None:
        """Nothing more is read."""
        if self._open:
            self._open[-1].keep_alive = False
        else:
            self._part()

    # refusals

    def _malformed(self) -> None:
        if self.phase == BUSY and not self._open[-1].keep_alive:
            return  # what comes after the last request of a connection does not matter
        status, message = self._fault or (400, "the request is not HTTP/1.1")
        self._refuse(status, message)

    def _refuse(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        """Answer with that as the last thing on this connection, after what was asked before."""
        if self.phase == BODY and self._reading is None:  # it was answered already, without the body
            self._leave()
            self.transport.close()
            return
        culprit, self._reading = self._reading, None
        if culprit is not None and culprit is self._open[0]:  # its application waits for a body that will not come
            culprit.scope["textpipe.refused"] = status
            culprit.disconnect()
            if culprit.started:
                self.transport.abort()
                return
        else:
            self._log.request(Answered("other", None, status, 0.0, 0, 0, "-"))
        if culprit is not None:
            self._open.remove(culprit)
        farewell = refusal(status, message, retry_after=retry_after)
        if self._open:
            self._farewell, self._raw = farewell, 0
            self._rest()
        else:
            self._say_farewell(farewell)

    def _say_farewell(self, farewell: bytes) -> None:
        self._leave()
        self.transport.write(farewell)
        self._half_close()

    def _part(self) -> None:
        """After the last answer. A client that is still sending could not read it if the connection were cut."""
        sending = self.phase in (HEADERS, BODY)
        self._leave()
        if sending:
            self._half_close()
        else:
            self.transport.close()

    def _leave(self) -> None:
        self._outbox.send()
        if self.paused is not None and not self.transport.is_closing():
            self.transport.resume_reading()
        self.phase, self.since, self.paused, self._raw = LEAVING, self._loop.time(), None, 0

    def _half_close(self) -> None:
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
