"""Which device there is to compute on, and what it can do."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, NamedTuple


class Device(NamedTuple):
    """name: `cpu` or `cuda:0`; detail: what a person wants to know of it."""

    name: str
    detail: str


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
