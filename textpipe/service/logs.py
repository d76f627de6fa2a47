"""One JSON line a request, on standard error, that no request can shape and that no slow reader can hold up.

    {"time": …, "method": "POST", "route": "/v1/keywords", "status": 200, "ms": 1.24, "body": 1032, "bytes": 801, "id"}

`route` is the route's template, null where there was none; `body` and `bytes` are the bytes of body that came and went.
`path` (of requests that found no route), `error` (of a bug of ours: where it was raised) and `text` (only with
--log-texts) are there where they apply.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

# DEL and C1, what changes the direction of writing, what ends a line elsewhere, what is not seen; lone surrogates
_UNSAFE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_FLUSH_SECONDS = 0.1
_WAITING = 1 << 20  # characters that may wait for a reader of the log
_LONGEST = 4_000  # characters of a text


class Answered(NamedTuple):
    """A request and how it went. route: the template; seconds: from its headers on; body, sent: bytes of bodies
    path: what was asked, where there is no route; error: of a bug; text: the body, only where that is wanted"""

    method: str
    route: str | None
    status: int
    seconds: float
    body: int
    sent: int
    request: str
    path: str | None = None
    error: str | None = None
    text: str | None = None


def quoted(text: str) -> str:
    """As a JSON string that shows what it holds: control characters of all kinds are escaped."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


@functools.lru_cache(maxsize=64)
def _quoted_route(route: str) -> str:
    return quoted(route)


class _Event(NamedTuple):
    event: str
    fields: dict[str, object]


class RequestLog:
    """Of one worker. What there is to tell is gathered for a tenth of a second: so many lines at once are made several
    times as fast as one between two requests. A thread writes them, so that a log that nobody reads never stops the
    service: what does not fit any more is left out and counted.

    stream: a file descriptor; observe: is told of requests, for measurements, when the lines are made
    """

    def __init__(self, *, stream: int = 2, observe: Callable[[Sequence[Answered]], None] | None = None) -> None:
        self.observe = observe
        self._stream = stream
        self._told: list[tuple[float, Answered | _Event]] = []  # when, and what
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._waiting = self._dropped = 0
        self._writer: threading.Thread | None = None
        self._second, self._stamp = 0, ""
        atexit.register(self.close)

    def request(self, one: Answered) -> None:
        """A line for it."""
        if not self._told:
            self._later()
        self._told.append((time.time(), one))

    def event(self, event: str, **fields: object) -> None:
        """A line for what is no request: a worker that started, an artifact that changed."""
        if not self._told:
            self._later()
        self._told.append((time.time(), _Event(event, fields)))

    def flush(self) -> None:
        """Make the lines, and hand them over to the thread."""
        told, self._told = self._told, []
        if self.observe is not None:
            self.observe([one for _, one in told if isinstance(one, Answered)])
        if not told:
            return
        if self._waiting > _WAITING:
            self._dropped += len(told)
            return
        lines = [self._line(when, one) for when, one in told]
        if self._dropped:
            lines.insert(0, self._line(told[0][0], _Event("lines left out", {"count": self._dropped})))
            self._dropped = 0
        text = "".join(lines)
        self._waiting += len(text)
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="textpipe-log", daemon=True)
            self._writer.start()
        self._queue.put(text)

    def close(self, *, seconds: float = 1.0) -> None:
        """Write what is left, as far as somebody reads it within that time."""
        self.flush()
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join(seconds)
            self._writer = None
        atexit.unregister(self.close)

    def _later(self) -> None:
        loop = asyncio._get_running_loop()  # None outside of one, where the end of the process flushes
        if loop is not None:
            loop.call_later(_FLUSH_SECONDS, self.flush)

    def _line(self, when: float, one: Answered | _Event) -> str:
        at = self._time(when)
        if isinstance(one, _Event):
            rest = "".join(f",{quoted(name)}:{quoted(str(value)[:_LONGEST])}" for name, value in one.fields.items())
            return f'{{"time":"{at}","event":{quoted(one.event)}{rest}}}\n'
        route = "null" if one.route is None else _quoted_route(one.route)
        line = (
            f'{{"time":"{at}","method":"{one.method}","route":{route},"status":{one.status},'
            f'"ms":{one.seconds * 1000:.2f},"body":{one.body},"bytes":{one.sent},"id":"{one.request}"'
        )
        for name, value in (("path", one.path), ("error", one.error), ("text", one.text)):
            if value is not None:
                line += f',"{name}":{quoted(value[:_LONGEST])}'
        return line + "}\n"

    def _time(self, when: float) -> str:
        second = int(when)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int((when - second) * 1000):03d}Z"

    def _write(self) -> None:
        """In the thread. A log that cannot be written has nobody to tell."""
        while (text := self._queue.get()) is not None:
            left = memoryview(text.encode())
            while left:
                try:
                    left = left[os.write(self._stream, left) :]
                except OSError:
                    break
            self._waiting -= len(text)


def place_of(error: BaseException) -> str:
    """Its type and where it was raised: no message, for that may hold a text."""
    places: list[str] = []
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(places[-6:]))}"
