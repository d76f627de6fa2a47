"""Work spread over processes, results in input order, memory bounded. One process is a plain loop."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, NamedTuple

from textpipe.device import usable_cores
from textpipe.errors import ResourceError, UsageError

_BATCH_ITEMS = 256
_BATCH_CHARACTERS = 1 << 16
_BATCHES_AHEAD = 4  # a worker, so that none waits while one is slow

_work: Callable[[Any], Any] | None = None  # in worker processes only: set once by _prepare


class Item(NamedTuple):
    """`argument` is worked on; `key` comes back beside the result. A local item stays in this process:
    its argument is an iterator over the input, to be used up before the next item."""

    key: Any
    argument: Any
    size: int
    local: bool = False


def worker_count(jobs: int) -> int:
    """`jobs`, or the number of usable cores for 0. Raises UsageError for a negative number."""
    if jobs < 0:
        raise UsageError(f"--jobs {jobs}: a number of processes is needed", hint="--jobs 0 uses all cores")
    return jobs or usable_cores()


def ordered_map(work: Callable[[Any], Any], items: Iterable[Item], *, jobs: int = 1) -> Iterator[tuple[Any, Any]]:
    """(key, work(argument)) for every item, in order; `work` must be picklable when `jobs` is not 1.

    Raises ResourceError when a worker process dies; what `work` raises is raised here.
    """
    count = worker_count(jobs)
    if count == 1:
        return ((item.key, work(item.argument)) for item in items)
    return _in_processes(work, items, count)


def _in_processes(work: Callable[[Any], Any], items: Iterable[Item], count: int) -> Iterator[tuple[Any, Any]]:
    context = get_context("spawn")  # fork copies locks that other threads hold
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_prepare, initargs=(work,))
    try:
        yield from _spread(pool, work, items, ahead=count * _BATCHES_AHEAD)
    except BrokenProcessPool:
        hint = "memory may have run out; try --jobs 1"
        raise ResourceError("a worker process died", hint=hint) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


Batch = tuple[list[Any], "Future[list[Any]]"]


def _spread(
    pool: ProcessPoolExecutor, work: Callable[[Any], Any], items: Iterable[Item], *, ahead: int
) -> Iterator[tuple[Any, Any]]:
    waiting: deque[Batch] = deque()
    for batch in _batches(items):
        if batch[0].local:
            done: Future[list[Any]] = Future()
            done.set_result([work(batch[0].argument)])
            waiting.append(([batch[0].key], done))
        else:
            waiting.append(([item.key for item in batch], pool.submit(_run, [item.argument for item in batch])))
        while len(waiting) > ahead or (waiting and waiting[0][1].done()):
            yield from _results(waiting.popleft())
    while waiting:
        yield from _results(waiting.popleft())


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        if item.local:
            if batch:
                yield batch
            yield [item]
            batch, size = [], 0
            continue
        batch.append(item)
        size += item.size
        if size >= _BATCH_CHARACTERS or len(batch) >= _BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _results(batch: Batch) -> Iterator[tuple[Any, Any]]:
    keys, future = batch
    yield from zip(keys, future.result(), strict=True)


def _prepare(work: Callable[[Any], Any]) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and shuts the pool down
    _work = work


def _run(arguments: list[Any]) -> list[Any]:
    assert _work is not None  # the pool's initializer ran
    return [_work(argument) for argument in arguments]
