"""What waits for an endpoint or an artifact, how long it will have to, and whether more may.

Waiting time is estimated: the work that is ahead, in characters, by what characters took of late. A queue is full at
its bound, and at a quarter of it where it did not get shorter for half a second (so tells CoDel a burst from an
overload: Nichols and Jacobson, Controlling Queue Delay, ACM Queue 10(5), 2012). It is kept at a twenty-fifth then
until it has refused nothing for a second: where more comes than can be done, a long queue makes everybody wait, nobody
served.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textpipe.service.answers import Refused

SLICE = 0.003  # seconds of work in a turn of the event loop
_REQUEST = 200  # characters that a request counts beside those of its texts
_DECAY = 0.97  # of what was measured, with each new measurement
_COLD, _COLD_DECAY = 20, 0.7  # of so many measurements at first
_GUESS = 1e-6  # seconds a character, before anything was measured
_SHORT, _CALM = 0.04, 1.0  # share of the bound for a queue that was full; seconds without refusal until it is no more
_STANDING, _BURST = 0.25, 0.5  # share of the bound from which on a queue is full after so many seconds
_LATE = 2.0  # times the bound: what waited for longer is dropped unstarted


class Meter:
    """How long work takes a processor, a character, of late. Every request counts some characters more."""

    def __init__(self) -> None:
        self._seconds = self._characters = 0.0
        self._noted = 0

    @property
    def known(self) -> bool:
        return self._noted > 0

    def note(self, characters: int, seconds: float) -> None:
        """Work on so many characters took so long. The very first also loads tables, and is passed over; those after it
        are slow, too, and are soon forgotten."""
        if self._noted:
            kept = _DECAY if self._noted > _COLD else _COLD_DECAY
            self._seconds = self._seconds * kept + seconds
            self._characters = self._characters * kept + characters + _REQUEST
        self._noted += 1

    def estimate(self, characters: int) -> float:
        """Seconds that so many characters will take."""
        each = self._seconds / self._characters if self._characters else _GUESS
        return each * (characters + _REQUEST)


class Pace:
    """How long a place took for a second of work, of late: more where it also has other things to do, or shares its
    processor, less where it has several threads."""

    def __init__(self) -> None:
        self._took = self._done = 0.05  # so that one stall at the start does not tell much

    def note(self, seconds: float, took: float) -> None:
        """seconds: of work that was done; took: meanwhile, by the clock"""
        self._took = self._took * _DECAY + took
        self._done = self._done * _DECAY + seconds

    @property
    def ratio(self) -> float:
        return self._took / self._done


def expected(seconds: float, pace: Pace) -> float:
    """Seconds that work will take by the clock. What fits in one turn of the loop does not depend on what else there is
    to do: were it not so, refusing ever more would make room for ever less."""
    return seconds if seconds <= SLICE else seconds * pace.ratio


class Coming:
    """What was let in at its headers: it counts at once, though it will be asked only later in this turn of the loop.
    texts; amount: of them, in what the caller counts"""

    def __init__(self) -> None:
        self.texts, self.amount = 0, 0.0

    def add(self, amount: float) -> None:
        if not self.texts:
            asyncio.get_running_loop().call_soon(self._have_come)
        self.texts += 1
        self.amount += amount

    def _have_come(self) -> None:
        self.texts, self.amount = 0, 0.0


@dataclass(slots=True)
class Item:
    """Work that waits. seconds: that it is expected to take; since: the loop's time at which it came, infinity of
    what waits for as long as it takes"""

    function: Callable[[], Any]
    characters: int
    seconds: float
    since: float
    future: asyncio.Future[Any]


@dataclass(slots=True)
class Counts:
    """Of a queue since it was made. taken: requests that were worked on; refused; late: dropped unstarted"""

    taken: int = 0
    refused: int = 0
    late: int = 0


@dataclass(slots=True)
class Queue:
    """What waits for one thing in one place. bound: seconds; seconds: the work of all items"""

    name: str
    bound: float
    meter: Meter
    items: deque[Item] = field(default_factory=deque)
    seconds: float = 0.0
    counts: Counts = field(default_factory=Counts)
    refused_at: float = -math.inf
    long_since: float = math.inf

    def admit(self, ahead: float, now: float) -> None:
        """ahead: seconds until something new would begin. Raises Refused (503, Retry-After) where that is too long."""
        if ahead <= self.bound * _STANDING:
            self.long_since = math.inf
        elif self.long_since == math.inf:
            self.long_since = now
        if ahead <= self.bound * _SHORT:
            return
        if ahead <= self.bound and now - self.long_since <= _BURST and not self.refuses(now):
            return
        self.note_refused(now)
        raise busy(ahead)

    def note_refused(self, now: float) -> None:
        """Something was, here or by who asked `is_full`."""
        self.refused_at = now
        self.counts.refused += 1

    def refuses(self, now: float) -> bool:
        """Whether something was refused a moment ago."""
        return now - self.refused_at <= _CALM

    def is_full(self, ahead: float, now: float) -> bool:
        """Whether something new would be refused, where something else was a moment ago."""
        return ahead > self.bound * _SHORT and self.refuses(now)

    def is_late(self, since: float, now: float) -> bool:
        """Whether what came then has waited for so long that nobody needs it any more."""
        return now - since > self.bound * _LATE


def busy(wait: float) -> Refused:
    """503; wait: seconds that it would take"""
    seconds = max(math.ceil(wait), 1)
    return Refused(
        503,
        "more is asked than can be answered now",
        hint=f"again in {seconds} s, or more --workers",
        headers={"Retry-After": str(seconds)},
    )


class Ring:
    """Queues that one place works off, one item of each in turn."""

    def __init__(self) -> None:
        self._active: deque[Queue] = deque()
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self._active)

    def add(self, queue: Queue, item: Item) -> None:
        if not queue.items:
            self._active.append(queue)
        queue.items.append(item)
        queue.seconds += item.seconds
        self.seconds += item.seconds

    def take(self) -> tuple[Queue, Item]:
        """The next one; there must be one."""
        queue = self._active.popleft()
        item = queue.items.popleft()
        queue.seconds -= item.seconds
        self.seconds -= item.seconds
        if queue.items:
            self._active.append(queue)
        else:
            queue.seconds = 0.0  # not what is left of sums
            queue.long_since = math.inf
        if not self._active:
            self.seconds = 0.0
        return queue, item

    def ahead(self, queue: Queue) -> float:
        """Seconds of work before something that comes to this queue now."""
        return min(self.seconds, queue.seconds * max(len(self._active), 1) + (0.0 if queue.items else self._turn))

    @property
    def _turn(self) -> float:
        """One item of each queue."""
        return sum(queue.items[0].seconds for queue in self._active)
