"""Which device there is to compute on, and what it can do. torch is imported only where it is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

from textpipe.errors import ResourceError, UsageError

_DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,2})?")
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


class Device(NamedTuple):
    """name: `cpu` or `cuda:0`; detail: what a person wants to know of it."""

    name: str
    detail: str


def checked_device(given: str) -> str | None:
    """The name of a device, None for `auto`, the best. Raises UsageError for what is none."""
    if given == "auto":
        return None
    check_device(given)
    return given


def usable_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def best_device() -> Device:
    """The first CUDA GPU when torch is installed and sees one, else the CPU. Imports torch only if it is there."""
    if find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            properties: Any = torch.cuda.get_device_properties(0)
            return Device("cuda:0", f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB")
    return Device("cpu", f"{usable_cores()} cores")


def check_device(name: str) -> None:
    """Raise UsageError for what names no device; whether it is there is not looked at."""
    if not _DEVICE.fullmatch(name):
        raise UsageError(f"no device {name!r}", hint="--device cpu, cuda or cuda:N")


def torch_device(name: str | None) -> Any:
    """torch's device of that name, None or `auto` for the best. Raises UsageError for one that is not there."""
    import torch

    there = torch.cuda.is_available()
    if name in (None, "auto"):
        return torch.device("cuda" if there else "cpu")
    check_device(name)
    if name != "cpu" and not there:
        raise UsageError("torch sees no CUDA GPU", hint="--device cpu; textpipe doctor shows what there is")
    device = torch.device(name)
    if name != "cpu" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"there is no {name}: torch sees {torch.cuda.device_count()} GPUs", hint="--device cuda:0")
    return device


@contextmanager
def reporting_no_memory(message: str, *, hint: str) -> Iterator[None]:
    """What torch or Python raise when memory runs out becomes ResourceError; torch has an exception for GPUs alone."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in _NO_MEMORY):
            raise ResourceError(message, hint=hint) from None
        raise
