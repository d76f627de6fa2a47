"""Advisory locks, which only save duplicate work: where they do nothing (some network disks), all stays right."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_POLL = 0.05  # seconds


@contextlib.contextmanager
def locked(path: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock on a file, made when needed, and wait for it; `waiting` is called once if that takes time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not take(descriptor):
            if waiting is not None:
                waiting()
                waiting = None
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)  # which lets the lock go, as the end of the process does


def take(descriptor: int) -> bool:
    """Whether the lock could be had; also where there are no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
