"""Worker processes: begun afresh, deaf to signals, ended with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import parent_process, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from textpipe.errors import EXIT_SIGNALLED, ResourceError
from textpipe.operations.parallel import Item, spread

_work: Callable[[Any], Any] | None = None  # in worker processes only: set once by _prepare


class _Worker(SpawnProcess):
    """A worker process; it blocks SIGTERM, with which the pool would end the others after one has died."""

    def terminate(self) -> None:
        self.kill()


class _Context(SpawnContext):
    """Processes begun afresh: fork copies locks that other threads hold."""

    Process = _Worker


def in_processes(work: Callable[[Any], Any], items: Iterable[Item], count: int) -> Iterator[tuple[Any, Any]]:
    """`ordered_map` with `count` processes."""
    context = _Context()
    with _signals_held():
        resource_tracker.ensure_running()  # on its own: it unblocks signals when it has started its process
    with _signals_held():
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=_prepare, initargs=(work,))
    try:
        yield from spread(partial(_submit, pool), work, items, workers=count)
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


def _submit(pool: ProcessPoolExecutor, arguments: list[Any]) -> Future[list[Any]]:
    with _signals_held():  # this may start a worker
        return pool.submit(_run, arguments)


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
