"""Where work is done: in the event loop, a slice of time each turn, or in threads. Each place has its queues.

Between two slices the loop reads what has come, so that in an overload requests are still read, and refused at once.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter, thread_time
from typing import Any, TypeVar

from textpipe.service.queues import SLICE, Item, Meter, Pace, Queue, Ring, busy, expected

T = TypeVar("T")


class InLoop:
    """The event loop. before: called before a slice of work"""

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.ring, self.pace = Ring(), Pace()
        self._until = self._since = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def ahead(self, queue: Queue) -> float:
        """Seconds until something new of this queue would begin."""
        return expected(self.ring.ahead(queue), self.pace)

    async def run(self, queue: Queue, function: Callable[[], T], characters: int, *, patient: bool = False) -> T:
        """What it returns: at once where nothing waits and this turn has time left. Raises Refused, unless patient."""
        loop = self._loop or self._begin()
        if not self.ring and self._has_time(loop):
            queue.counts.taken += 1
            return measured(function, characters, queue.meter)
        if not patient:
            queue.admit(self.ahead(queue), loop.time())
        return await self._later(loop, queue, function, characters, since=math.inf if patient else loop.time())

    def _begin(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        return self._loop

    def _has_time(self, loop: asyncio.AbstractEventLoop) -> bool:
        now = perf_counter()
        if self._until == 0.0:
            self._until = now + SLICE
            loop.call_soon(self._next_turn)
        return now < self._until

    def _next_turn(self) -> None:
        self._until = 0.0

    def _later(
        self,
        loop: asyncio.AbstractEventLoop,
        queue: Queue,
        function: Callable[[], T],
        characters: int,
        *,
        since: float,
    ) -> asyncio.Future[T]:
        if not self.ring:
            self._since = perf_counter()
            loop.call_soon(self._work)
        future: asyncio.Future[T] = loop.create_future()
        seconds = queue.meter.estimate(characters)
        self.ring.add(queue, Item(function, characters, seconds, since, future))
        return future

    def _work(self) -> None:
        assert self._loop is not None
        self._before()
        until, done = perf_counter() + SLICE, 0.0
        while self.ring:
            queue, item = self.ring.take()
            if not dropped(queue, item, self._loop.time()):
                finish(item.future, partial(measured, item.function, item.characters, queue.meter))
                queue.counts.taken += 1
                done += item.seconds
            now = perf_counter()
            if now >= until:
                break
        if done:
            self.pace.note(done, now - self._since)
            self._since = now
        if self.ring:
            self._loop.call_soon(self._work)


class InThreads:
    """A pool of threads, for what would keep the loop for too long."""

    def __init__(self, threads: int) -> None:
        self.ring, self.pace = Ring(), Pace()
        self.threads = threads
        self._running = 0
        self._running_seconds = 0.0
        self._since = 0.0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="textpipe-work")

    def ahead(self, queue: Queue) -> float:
        """Seconds until something new of this queue would begin."""
        if self._running < self.threads:
            return 0.0
        return (self.ring.ahead(queue) + self._running_seconds / 2) * self.pace.ratio

    async def run(self, queue: Queue, function: Callable[[], T], characters: int, *, patient: bool = False) -> T:
        """What it returns. Raises Refused, unless patient."""
        loop = asyncio.get_running_loop()
        if not patient:
            queue.admit(self.ahead(queue), loop.time())
        future: asyncio.Future[T] = loop.create_future()
        since = math.inf if patient else loop.time()
        self.ring.add(queue, Item(function, characters, queue.meter.estimate(characters), since, future))
        self._start(loop)
        return await future

    def close(self) -> None:
        """Nothing new is begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        while self.ring and self._running < self.threads:
            queue, item = self.ring.take()
            if dropped(queue, item, loop.time()):
                continue
            if not self._running:
                self._since = perf_counter()
            self._running += 1
            self._running_seconds += item.seconds
            queue.counts.taken += 1
            work = loop.run_in_executor(self._pool, measured, item.function, item.characters, queue.meter)
            work.add_done_callback(partial(self._finished, loop, item))

    def _finished(self, loop: asyncio.AbstractEventLoop, item: Item, done: asyncio.Future[Any]) -> None:
        if done.cancelled():  # the service ends
            item.future.cancel()
            return
        self._running -= 1
        self._running_seconds -= item.seconds
        now = perf_counter()
        self.pace.note(item.seconds, now - self._since)
        self._since = now
        finish(item.future, done.result)
        self._start(loop)


def measured(function: Callable[[], T], characters: int, meter: Meter) -> T:
    """What it returns; how long it took is noted."""
    begin = thread_time()
    found = function()
    meter.note(characters, thread_time() - begin)
    return found


def finish(future: asyncio.Future[T], function: Callable[[], T]) -> None:
    """What the function returns or raises becomes the future's."""
    if future.cancelled():
        return
    try:
        found = function()
    except Exception as error:
        future.set_exception(error)
    else:
        future.set_result(found)


def dropped(queue: Queue, item: Item, now: float) -> bool:
    """Whether nobody needs it any more: who asked is gone, or it waited for too long."""
    if item.future.cancelled():
        return True
    if not queue.is_late(item.since, now):
        return False
    queue.counts.late += 1
    item.future.set_exception(busy(0.0))
    return True
