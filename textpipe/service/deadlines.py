"""How long a connection may take for what it is doing, and which ones make room when there are too many.

One timer of a worker looks at all connections four times a second: a request costs no timer of its own.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from textpipe.service.settings import ServiceSettings

# what a connection is doing
CONNECTED, HEADERS, BODY, BUSY, IDLE, LEAVING = range(6)
DRAINING_SECONDS = 1.0  # between requests, once the service ends: for what is on its way
DRAINING_BODY_SECONDS = 4.0  # for a request that has begun to come by then
LEAVING_SECONDS = 2.0  # for a client to read why it was refused
_YOUNG = {CONNECTED: 0.1, HEADERS: 0.1, BODY: 0.1, IDLE: 1.0, LEAVING: 0.1}  # seconds in which nobody must make room
_TICK, _DRAINING_TICK = 0.25, 0.05
_AT_ONCE = 8  # connections that are ended in a turn of the loop


class Connection(Protocol):
    """phase: what it is doing, since when; stalled: since when its client has read nothing, infinity where it does
    paused: since when we read nothing, None where we do"""

    phase: int
    since: float
    stalled: float
    paused: float | None

    def expire(self) -> None: ...
    def make_room(self) -> None: ...
    def cut(self) -> None: ...
    def is_closing(self) -> bool: ...


class Watch:
    """Of one worker. draining: the service ends, no connection is kept for another request"""

    def __init__(self, settings: ServiceSettings) -> None:
        self.connections: set[Connection] = set()
        self.draining = False
        self._most = settings.max_connections
        self._patience = settings.body_seconds
        self._limits = [
            settings.header_seconds,  # CONNECTED
            settings.header_seconds,  # HEADERS
            settings.body_seconds,  # BODY, from the request's first byte on
            math.inf,  # BUSY: the work has its own deadline
            settings.idle_seconds,
            LEAVING_SECONDS,
        ]
        self._timer: asyncio.Handle | None = None

    def add(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether there is room for it, or was made."""
        room = len(self.connections) < self._most or self._make_room(loop.time())
        self.connections.add(connection)
        if self._timer is None:
            self._timer = loop.call_later(_TICK, self._tick, loop)
        return room

    @property
    def crowded(self) -> bool:
        """Whether there are too many of those that were told to go."""
        return 2 * len(self.connections) > 3 * self._most

    def drain(self) -> None:
        """No connection is kept for another request."""
        self.draining = True
        most = [DRAINING_SECONDS, DRAINING_BODY_SECONDS, DRAINING_BODY_SECONDS, math.inf, DRAINING_SECONDS, 0.5]
        self._limits = [min(pair) for pair in zip(self._limits, most, strict=True)]

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Not at once: what came while the loop was busy is read first, so that only clients are late, never we."""
        loop.call_soon(lambda: loop.call_soon(self._look, loop))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._end(loop, deque(one for one in self.connections if self._end_of(one, now)))

    def _end(self, loop: asyncio.AbstractEventLoop, late: deque[Connection]) -> None:
        """A few of them each turn, for others are to be answered meanwhile."""
        for _ in range(min(_AT_ONCE, len(late))):
            if end := self._end_of(late.popleft(), loop.time()):  # still
                end()
        if late:
            loop.call_soon(self._end, loop, late)
            return
        tick = _DRAINING_TICK if self.draining else _TICK
        self._timer = loop.call_later(tick, self._tick, loop) if self.connections else None

    def _end_of(self, one: Connection, now: float) -> Callable[[], None] | None:
        """How it must end now, where it must."""
        if now - one.stalled > self._patience:
            return one.cut
        if one.is_closing():
            return one.cut if now - one.since > self._patience else None  # nobody reads what is left
        late = one.paused is None and now - one.since > self._limits[one.phase]
        return one.expire if late else None

    def _make_room(self, now: float) -> bool:
        """The slowest request that is not there yet goes, or else the connection that was idle for longest."""
        slow = idle = None
        for one in self.connections:
            phase = one.phase
            if phase == BUSY or now - one.since < _YOUNG[phase] or one.is_closing():
                continue
            if phase == IDLE:
                idle = one if idle is None or one.since < idle.since else idle
            else:
                slow = one if slow is None or one.since < slow.since else slow
        found = slow or idle
        if found is not None:
            found.make_room()
        return found is not None
