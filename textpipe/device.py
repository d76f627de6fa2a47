"""Which device there is to compute on, and what it can do."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import Any, NamedTuple

from textpipe.errors import UsageError

_NAMES = re.compile(r"cpu|cuda(:\d{1,3})?")


class Device(NamedTuple):
    """name: `cpu` or `cuda:0`; detail: what a person wants to know of it."""

    name: str
    detail: str


def checked_device(given: str) -> str | None:
    """The name of a device, None for `auto`, the best. Raises UsageError for what is none."""
    if given != "auto" and not _NAMES.fullmatch(given):
        raise UsageError(f"--device {given}: no such device", hint="auto, cpu, cuda or cuda:N")
    return None if given == "auto" else given


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
