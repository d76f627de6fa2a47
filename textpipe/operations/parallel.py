"""Work spread over processes, results in input order, memory bounded. One process is a plain loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from textpipe.device import usable_cores
from textpipe.errors import ResourceError, TextpipeError, UsageError

if TYPE_CHECKING:
    from concurrent.futures import Future

_BATCH_ITEMS = 256
_BATCH_CHARACTERS = 1 << 16
_MOST_PROCESSES = 1024
_BATCHES_AHEAD = 4  # a worker, so that none waits while one is slow


class Item(NamedTuple):
    """`argument` is worked on; `key` comes back beside the result. A local item stays in this process:
    its argument is an iterator over the input, to be used up before the next item."""

    key: Any
    argument: Any
    size: int
    local: bool = False


def worker_count(jobs: int) -> int:
    """`jobs`, or the number of usable cores for 0. Raises UsageError for a number below 0 or beyond reason."""
    if not 0 <= jobs <= _MOST_PROCESSES:
        message = f"--jobs {jobs}: a number of processes from 0 to {_MOST_PROCESSES} is needed"
        raise UsageError(message, hint="--jobs 0 uses all cores")
    return jobs or usable_cores()


def ordered_map(
    work: Callable[[Any], Any], items: Iterable[Item], *, jobs: int = 1, in_threads: bool = False
) -> Iterator[tuple[Any, Any]]:
    """(key, work(argument)) for every item, in order; `work` must be picklable when `jobs` is not 1.

    in_threads: threads in place of processes, for work that leaves the interpreter's lock; then it need not be.
    Raises ResourceError when a worker process dies; what `work` raises is raised here.
    """
    count = worker_count(jobs)
    if count == 1:
        return ((item.key, work(item.argument)) for item in items)
    # what starts threads or processes takes longer to import than a short text takes to cut
    if in_threads:
        return _in_threads(work, items, count)
    from textpipe.operations.processes import in_processes

    return in_processes(work, items, count)


def _in_threads(work: Callable[[Any], Any], items: Iterable[Item], count: int) -> Iterator[tuple[Any, Any]]:
    from concurrent.futures import ThreadPoolExecutor

    def run(arguments: list[Any]) -> list[Any]:
        return [work(argument) for argument in arguments]

    def submit(arguments: list[Any]) -> Future[list[Any]]:
        try:
            return pool.submit(run, arguments)
        except RuntimeError as error:  # the system gives no more threads
            raise ResourceError(str(error), hint="fewer --jobs") from None

    pool = ThreadPoolExecutor(count)
    try:
        yield from spread(submit, work, items, workers=count)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


Batch = tuple[list[Any], "Future[list[Any]]"]  # keys and what becomes of the arguments


def spread(
    submit: Callable[[list[Any]], Future[list[Any]]],
    work: Callable[[Any], Any],
    items: Iterable[Item],
    *,
    workers: int,
) -> Iterator[tuple[Any, Any]]:
    """Batches of arguments go to `submit`, local items to `work` in this thread; results come in order.

    When reading on fails, what was read before still comes out, then the error.
    """
    from concurrent.futures import Future

    ahead = workers * _BATCHES_AHEAD
    waiting: deque[Batch] = deque()
    try:
        for batch in _batches(items):
            if batch[0].local:
                done: Future[list[Any]] = Future()
                done.set_result([work(batch[0].argument)])
                waiting.append(([batch[0].key], done))
            else:
                waiting.append(([item.key for item in batch], submit([item.argument for item in batch])))
            while len(waiting) > ahead or (waiting and waiting[0][1].done()):
                yield from _results(waiting.popleft())
    except TextpipeError:
        while waiting:
            yield from _results(waiting.popleft())
        raise
    while waiting:
        yield from _results(waiting.popleft())


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    try:
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
    except TextpipeError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _results(batch: Batch) -> Iterator[tuple[Any, Any]]:
    keys, future = batch
    yield from zip(keys, future.result(), strict=True)
