"""Advisory locks, which only save duplicate work: where they do nothing (some network disks), all stays right."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from textpipe.files import make_directory

_POLL = 0.05  # seconds
_ABANDONED = 3600.0  # seconds without a save after which an owner without a lock is taken for dead


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


@contextlib.contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """A new folder below `parent`, locked as long as the block lives, and before anybody can find it; it stays."""
    name = secrets.token_hex(8)
    hidden = parent / f".{name}"
    make_directory(hidden)
    descriptor = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY)
    try:
        take(descriptor)
        os.rename(hidden, parent / name)
        yield parent / name
    finally:
        os.close(descriptor)


def folders_below(parent: Path) -> list[Path]:
    """The folders that `own_folder` made there, in the order of their names."""
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))


def is_abandoned(folder: Path) -> bool:
    """Whether nobody is at work in a folder that its owner had locked; not for one that is gone.

    Where locks do nothing, one in which nothing was saved for an hour is abandoned.
    """
    with contextlib.ExitStack() as stack:
        descriptors: list[int] = []
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                descriptors.append(os.open(folder, os.O_RDONLY))
                stack.callback(os.close, descriptors[-1])
        if len(descriptors) < 2:
            return False
        free, free_still = take(descriptors[0]), take(descriptors[1])
        return free and (not free_still or time.time() - os.fstat(descriptors[0]).st_mtime > _ABANDONED)
