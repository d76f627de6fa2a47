"""Texts of several requests that a network predicts together.

A batch begins as soon as the one before is done. Where that one held several texts, others are likely on their way: it
then waits for as many again, `max_wait_ms` at most. Long texts make small batches, and a request of many texts
takes its turns with others, so that nobody waits for more than a batch or two of somebody else's.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from textpipe.service.queues import SLICE, Coming, Meter, Pace, Queue, busy, expected
from textpipe.service.settings import ServiceSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Probabilities = npt.NDArray[np.float32]
    Predict = Callable[[Sequence[str]], Probabilities]

_LONGEST = 0.05
_IN_LOOP = 0.006  # seconds of a batch that is no trouble for the event loop, and would take longer in a thread
_FIRST = 1_000  # characters of the first batch, when nothing is known
_TURN = 16  # texts of one request in a batch, while others wait


class _Asked:
    """A request. begun, done: texts that were put into batches, and predicted"""

    __slots__ = ("begun", "done", "future", "predict", "rows", "since", "texts")

    def __init__(self, predict: Predict, texts: Sequence[str], since: float, future: asyncio.Future[Any]) -> None:
        self.predict, self.texts, self.since, self.future = predict, texts, since, future
        self.begun = self.done = 0
        self.rows: list[Any] = []

    def take(self, rows: Any) -> None:
        """The next rows of its probabilities."""
        self.rows.append(rows)
        self.done += len(rows)
        if self.done == len(self.texts) and not self.future.done():
            self.future.set_result(self.rows[0] if len(self.rows) == 1 else _joined(self.rows))


class _Part(NamedTuple):
    """Texts of a request in a batch."""

    asked: _Asked
    texts: Sequence[str]


class Batcher:
    """Of one classifier, which it does not keep. longest: characters of a text that take time, there may be more.
    Batches that take little are predicted in the event loop, others in a thread of their own. before: called before
    the former"""

    def __init__(self, name: str, *, longest: int, settings: ServiceSettings, before: Callable[[], None]) -> None:
        self._settings, self._longest, self._before = settings, longest, before
        self.meter, self.pace = Meter(), Pace()
        self.queue = Queue(name, settings.max_queue_ms / 1_000, self.meter)
        self.sizes = 0, 0  # batches, texts in them
        self._asked: deque[_Asked] = deque()
        self._texts = self._characters = 0  # that wait
        self._running = 0  # characters
        self._coming = Coming()  # amount: characters
        self._last = 1  # texts of the batch before
        self._timer: asyncio.TimerHandle | None = None
        self._starting = False
        self._since = 0.0
        self._thread: ThreadPoolExecutor | None = None

    async def probabilities(self, predict: Predict, texts: Sequence[str], *, patient: bool = False) -> Probabilities:
        """float32[texts, labels]. predict: texts → the same, of the one classifier. Raises Refused, unless patient."""
        loop = asyncio.get_running_loop()
        ahead = self.ahead
        if not patient and self._is_next_full():
            self.queue.admit(ahead, loop.time())
        if not ahead:
            self._since = perf_counter()
        asked = _Asked(predict, texts, math.inf if patient else loop.time(), loop.create_future())
        self._asked.append(asked)
        self._texts += len(texts)
        self._characters += self._size(texts)
        self.queue.counts.taken += 1
        self._ask(loop)
        found: Probabilities = await asked.future
        return found

    @property
    def ahead(self) -> float:
        """Seconds until what comes now would begin."""
        waiting = self._characters + self._running / 2
        return expected(self.meter.estimate(int(waiting)), self.pace) if waiting else 0.0

    def is_full(self, characters: int, now: float) -> bool:
        """Whether a text would be refused, as others were a moment ago; else it is on its way, and counts for those
        that are asked about in the same turn of the loop."""
        coming = self._coming
        if self._is_next_full(coming.texts, int(coming.amount)):
            ahead = self.ahead + self.meter.estimate(int(coming.amount)) * self.pace.ratio
            if self.queue.is_full(ahead, now):
                return True
        coming.add(min(characters, self._longest))
        return False

    def _is_next_full(self, texts: int = 0, characters: int = 0) -> bool:
        """Whether what comes after so many more finds no room in the next batch."""
        if self._texts + texts >= self._settings.max_batch:
            return True
        return self.meter.known and self._characters + characters >= self._room

    @property
    def waiting(self) -> int:
        """Requests of which texts wait."""
        return len(self._asked)

    @property
    def idle(self) -> bool:
        return not self._asked and not self._running

    def close(self) -> None:
        """Nothing new is begun."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        """See to it that what waits is predicted."""
        if not self._asked or self._running or self._starting:
            return
        most = self._settings.max_batch
        if self._last > 1 and self._texts < min(self._last, most) and self._settings.max_wait_ms > 0:
            if self._timer is None:
                self._timer = loop.call_later(self._settings.max_wait_ms / 1_000, self._start, loop)
            return
        self._starting = True
        loop.call_soon(self._start, loop)  # after what this turn has read

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._starting = False
        self._before()
        until = perf_counter() + SLICE
        while perf_counter() < until:
            batch, characters = self._batch(loop.time())
            if not batch:
                return
            self._running = characters
            if not self.meter.known or self.meter.estimate(characters) > _IN_LOOP:
                self._start_in_thread(loop, batch, characters)
                return
            self._done(batch, self._predicted(batch, characters))
        self._ask(loop)

    def _start_in_thread(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Part], characters: int) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="textpipe-batch")
        work = loop.run_in_executor(self._thread, self._predicted, batch, characters)

        def done(found: asyncio.Future[Probabilities | Exception]) -> None:
            if not found.cancelled():  # as where the service ends
                self._done(batch, found.result())
                self._ask(loop)

        work.add_done_callback(done)

    def _batch(self, now: float) -> tuple[list[_Part], int]:
        """The texts to predict now, and their characters."""
        batch: list[_Part] = []
        count = characters = 0
        most = self._settings.max_batch
        room = self._room
        while self._asked and count < most:
            asked = self._asked.popleft()
            if self._is_dropped(asked, now):
                continue
            texts, size = self._turn(asked, most - count, room - characters, first=not batch)
            if not texts:
                self._asked.appendleft(asked)
                break
            batch.append(_Part(asked, texts))
            asked.begun += len(texts)
            count, characters = count + len(texts), characters + size
            if asked.begun < len(asked.texts):
                self._asked.append(asked)
        self._texts -= count
        self._characters -= characters
        if not self._asked:
            self.queue.long_since = math.inf
        self._last = count
        self.sizes = self.sizes[0] + bool(count), self.sizes[1] + count
        return batch, characters

    @property
    def _room(self) -> int:
        """Characters of a batch."""
        return int(1_000 * _LONGEST / self.meter.estimate(800)) if self.meter.known else _FIRST

    def _turn(self, asked: _Asked, most: int, room: int, *, first: bool) -> tuple[Sequence[str], int]:
        """The texts of a request that find room, at least one where it is the first; and their characters."""
        most = min(most, _TURN) if self._asked else most
        end, size = asked.begun, 0
        for text in asked.texts[asked.begun : asked.begun + most]:
            length = min(len(text), self._longest)
            if size + length > room and not (first and end == asked.begun):
                break
            end, size = end + 1, size + length
        return asked.texts[asked.begun : end], size

    def _size(self, texts: Sequence[str]) -> int:
        return sum(min(len(text), self._longest) for text in texts)

    def _is_dropped(self, asked: _Asked, now: float) -> bool:
        gone = asked.future.done()
        late = not gone and asked.begun == 0 and self.queue.is_late(asked.since, now)
        if gone or late:
            left = asked.texts[asked.begun :]
            self._texts -= len(left)
            self._characters -= self._size(left)
        if late:
            self.queue.counts.late += 1
            asked.future.set_exception(busy(0.0))
        return gone or late

    def _predicted(self, batch: Sequence[_Part], characters: int) -> Probabilities | Exception:
        begin = perf_counter()
        try:
            found = batch[0].asked.predict([text for part in batch for text in part.texts])
        except Exception as error:
            return error
        if characters:
            self.meter.note(characters, perf_counter() - begin)
        return found

    def _done(self, batch: Sequence[_Part], found: Probabilities | Exception) -> None:
        now = perf_counter()
        self.pace.note(self.meter.estimate(self._running), now - self._since)
        self._since, self._running = now, 0
        if isinstance(found, Exception):
            self._one_by_one(batch, found)
        else:
            first = 0
            for asked, texts in batch:
                asked.take(found[first : first + len(texts)])
                first += len(texts)

    def _one_by_one(self, batch: Sequence[_Part], error: Exception) -> None:
        """What one request brings about is not the others' fault."""
        for asked, texts in batch:
            found = error if len(batch) == 1 else self._predicted([_Part(asked, texts)], 0)
            if not isinstance(found, Exception):
                asked.take(found)
            elif not asked.future.done():
                asked.future.set_exception(found)


def _joined(rows: Sequence[Probabilities]) -> Probabilities:
    import numpy as np

    return np.concatenate(rows)
