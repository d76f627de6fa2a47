"""Whether the compiled kernel is there, and work of it shared among threads: it holds no lock of Python's meanwhile."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from typing import TypeVar

from textpipe.segment.engine import is_compiled

VARIABLE = "TEXTPIPE_INSTRUCTION_SET"
Part = TypeVar("Part")
Found = TypeVar("Found")


@functools.cache
def has_kernel() -> bool:
    """Whether the compiled kernel is there, and the core of segmentation that it needs."""
    return is_compiled() and find_spec("textpipe.models.prediction._kernel") is not None


def instruction_set() -> str:
    """The widest instructions that this CPU has; `TEXTPIPE_INSTRUCTION_SET` may name others of it."""
    from textpipe.models.prediction._kernel import instruction_sets

    wanted = os.environ.get(VARIABLE, "")
    found = instruction_sets()
    return wanted if wanted in found else found[0]


def parts_of(count: int, threads: int, *, least: int) -> list[slice]:
    """So many things in about equal parts, one a thread, but none of fewer than `least`."""
    parts = max(min(threads, count // least), 1)
    bounds = [count * part // parts for part in range(parts + 1)]
    return [slice(first, last) for first, last in pairwise(bounds)]


def shared(work: Callable[[Part], Found], parts: Iterable[Part], *, threads: int) -> list[Found]:
    """What `work` makes of each part, in order."""
    tasks = list(parts)
    if threads < 2 or len(tasks) < 2:
        return [work(part) for part in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return list(pool.map(work, tasks))
