"""Where work runs: what is short in the event loop, what is long in a thread, what a network does in batches.

Every endpoint, and every network, has a queue of its own whose waiting time is bounded; see queues.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from textpipe.models import CLASSIFIERS
from textpipe.service.artifacts import Loaded
from textpipe.service.batching import Batcher
from textpipe.service.places import InLoop, InThreads
from textpipe.service.queues import Coming, Counts, Meter, Queue
from textpipe.service.settings import ServiceSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")
_ONE_BY_ONE = frozenset({"linear", "fasttext"})  # a few products of a sparse row: nothing to share
_LONGEST = 256  # characters of a text that a classifier which does not say so reads
_LONG = 0.005  # seconds of work that are too long for the event loop, whatever the characters
_MOST_QUEUES, _MOST_BATCHERS = 256, 64  # names of artifacts come and go
_PATIENCE = 0.02  # seconds of work ahead that what is patient adds to, and between looks


class QueueState(NamedTuple):
    """A queue now. place: `loop`, `threads` or `batches`; seconds: estimated until something new would begin; bound:
    seconds from which on it is refused; waiting: requests; counts: since the start"""

    name: str
    place: str
    seconds: float
    bound: float
    waiting: int
    counts: Counts


class _Both(NamedTuple):
    """The queues of one name, with one measure of how long its work takes."""

    meter: Meter
    loop: Queue
    threads: Queue


class Work:
    """Of one worker. before: called when the event loop is about to work for some milliseconds"""

    def __init__(self, settings: ServiceSettings, *, before: Callable[[], None] = lambda: None) -> None:
        self.settings, self._before = settings, before
        self._loop, self._threads = InLoop(before), InThreads(settings.threads)
        self._queues: dict[str, _Both] = {}
        self._batchers: dict[str, Batcher] = {}
        self._coming = Coming()  # amount: seconds of work in the loop

    async def run(self, function: Callable[[], T], *, characters: int, queue: str = "", patient: bool = False) -> T:
        """What it returns. characters: of its texts; queue: what it is measured and bounded with, an endpoint's name or
        an artifact's address; patient: waits for room instead, for parts of what was begun (streams). Raises Refused
        (503, Retry-After) when too much is waiting."""
        both = self._queues.get(queue) or self._new(queue)
        settings = self.settings
        short = characters <= settings.inline and both.meter.known and both.meter.estimate(characters) <= _LONG
        place, own = (self._loop, both.loop) if short else (self._threads, both.threads)
        if patient:
            await _room(lambda: place.ahead(own))
        return await place.run(own, function, characters, patient=patient)

    async def probabilities(
        self, loaded: Loaded, texts: Sequence[str], *, patient: bool = False
    ) -> npt.NDArray[np.float32]:
        """float32[texts, labels] of a classifier, of networks together with those of other requests. Raises Refused as
        `run`."""
        address = loaded.artifact.address
        predict: Callable[[Sequence[str]], Any] = loaded.value.predict_proba
        batcher = self._batchers.get(address) or self._new_batcher(address, loaded.value)
        if not texts or batcher is None:
            characters = sum(map(len, texts))
            return await self.run(lambda: predict(texts), characters=characters, queue=address, patient=patient)
        if patient:
            await _room(lambda: batcher.ahead)
        return await batcher.probabilities(predict, texts, patient=patient)

    def refuses(self, queue: str) -> bool:
        """Whether short texts for that queue, of a route or of a network, were refused a moment ago."""
        batcher, both = self._batchers.get(queue), self._queues.get(queue)
        if batcher is not None:
            return batcher.queue.refuses(time.monotonic())
        return both is not None and both.loop.refuses(time.monotonic())

    def any_network_refuses(self) -> bool:
        """Whether texts for one of them were refused a moment ago."""
        now = time.monotonic()
        return any(one.queue.refuses(now) for one in self._batchers.values())

    def refuses_now(self, queue: str, characters: int) -> bool:
        """Whether a short text for that queue, of a route or of a network, is refused, as others were a moment ago: it
        is counted then. Where it is not, it is on its way: it counts for those that are asked about in the same turn of
        the loop."""
        now = time.monotonic()
        batcher, both = self._batchers.get(queue), self._queues.get(queue)
        if batcher is not None:
            own, full = batcher.queue, batcher.is_full(characters, now)
        elif both is not None:
            own, full = both.loop, self._is_full(both, characters, now)
        else:  # a classifier that is no network, and was not asked yet
            return False
        if full:
            own.note_refused(now)
        return full

    def _is_full(self, both: _Both, characters: int, now: float) -> bool:
        if both.loop.is_full(self._loop.ahead(both.loop) + self._coming.amount, now):
            return True
        self._coming.add(both.meter.estimate(characters) * self._loop.pace.ratio)
        return False

    def states(self) -> Iterator[QueueState]:
        """Of all queues that there are."""
        for both in self._queues.values():
            for place, queue in ((self._loop, both.loop), (self._threads, both.threads)):
                name = "loop" if place is self._loop else "threads"
                yield QueueState(queue.name, name, place.ahead(queue), queue.bound, len(queue.items), queue.counts)
        for batcher in self._batchers.values():
            queue = batcher.queue
            yield QueueState(queue.name, "batches", batcher.ahead, queue.bound, batcher.waiting, queue.counts)

    def fullness(self) -> float:
        """How full the fullest queue is, from 0 to 1 or a little more."""
        return max((state.seconds / state.bound for state in self.states()), default=0.0)

    def close(self) -> None:
        """Nothing new is begun in threads; what runs there is not waited for."""
        self._threads.close()
        for batcher in self._batchers.values():
            batcher.close()

    def _new(self, name: str) -> _Both:
        if len(self._queues) >= _MOST_QUEUES:
            self._queues.pop(next(iter(self._queues)))  # what waits there is worked on all the same
        meter, bound = Meter(), self.settings.max_queue_ms / 1_000
        self._queues[name] = _Both(meter, Queue(name, bound, meter), Queue(name, bound, meter))
        return self._queues[name]

    def _new_batcher(self, address: str, classifier: Any) -> Batcher | None:
        if not gains_by_batches(classifier):
            return None
        for name in [name for name, one in self._batchers.items() if one.idle][
            : max(len(self._batchers) - _MOST_BATCHERS, 0)
        ]:
            self._batchers.pop(name).close()
        longest = getattr(classifier.config, "max_length", _LONGEST)
        self._batchers[address] = Batcher(address, longest=longest, settings=self.settings, before=self._before)
        return self._batchers[address]


def gains_by_batches(classifier: Any) -> bool:
    """Whether texts that are predicted together take less time than one by one: where networks decide."""
    members = getattr(classifier, "members", None)
    if members is not None:
        return not members.keys() <= _ONE_BY_ONE
    place = f"{type(classifier).__module__}:{type(classifier).__name__}"
    return place not in {CLASSIFIERS[name] for name in _ONE_BY_ONE}


async def _room(ahead: Callable[[], float]) -> None:
    """Until little is ahead."""
    while ahead() > _PATIENCE:
        await asyncio.sleep(_PATIENCE)
