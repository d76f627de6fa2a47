"""Work spread over processes, results in input order, memory bounded. One process is a plain loop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import parent_process, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, NamedTuple

from textpipe.device import usable_cores
from textpipe.errors import EXIT_SIGNALLED, ResourceError, UsageError

_BATCH_ITEMS = 256
_BATCH_CHARACTERS = 1 << 16
_MOST_PROCESSES = 1024
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
    return _in_threads(work, items, count) if in_threads else _in_processes(work, items, count)


def _in_threads(work: Callable[[Any], Any], items: Iterable[Item], count: int) -> Iterator[tuple[Any, Any]]:
    pool = ThreadPoolExecutor(count)
    try:
        yield from _spread(pool, partial(_run_here, work), work, items, ahead=count * _BATCHES_AHEAD)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run_here(work: Callable[[Any], Any], arguments: list[Any]) -> list[Any]:
    return [work(argument) for argument in arguments]


class _Worker(SpawnProcess):
    """A worker process; it blocks SIGTERM, with which the pool would end the others after one has died."""

    def terminate(self) -> None:
        self.kill()


class _Context(SpawnContext):
    """Processes begun afresh: fork copies locks that other threads hold."""

    Process = _Worker


def _in_processes(work: Callable[[Any], Any], items: Iterable[Item], count: int) -> Iterator[tuple[Any, Any]]:
    context = _Context()
    with _signals_held():
        resource_tracker.ensure_running()  # on its own: it unblocks signals when it has started its process
    with _signals_held():
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=_prepare, initargs=(work,))
    try:
        yield from _spread(pool, _run, work, items, ahead=count * _BATCHES_AHEAD)
    except BrokenProcessPool:
        hint = "memory may have run out; try --jobs 1"
        raise ResourceError("a worker process died", hint=hint) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Processes started in here never hear these signals, from their first moment on: a worker that died while it
    writes a result would leave the parent reading for ever. The parent hears what came meanwhile afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


Batch = tuple[list[Any], "Future[list[Any]]"]


def _spread(
    pool: Executor,
    run: Callable[[list[Any]], list[Any]],
    work: Callable[[Any], Any],
    items: Iterable[Item],
    *,
    ahead: int,
) -> Iterator[tuple[Any, Any]]:
    """Batches go to the pool as `run`; local items to `work`, in this thread."""
    waiting: deque[Batch] = deque()
    for batch in _batches(items):
        if batch[0].local:
            done: Future[list[Any]] = Future()
            done.set_result([work(batch[0].argument)])
            waiting.append(([batch[0].key], done))
        else:
            with _signals_held():  # this may start a worker
                future = pool.submit(run, [item.argument for item in batch])
            waiting.append(([item.key for item in batch], future))
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
    _work = work
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = parent_process()
    assert parent is not None  # this is a worker
    parent.join()
    os._exit(EXIT_SIGNALLED + signal.SIGTERM)


def _run(arguments: list[Any]) -> list[Any]:
    assert _work is not None  # the pool's initializer ran
    return [_work(argument) for argument in arguments]
