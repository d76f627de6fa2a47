"""Sizes of memory on the command line."""

from __future__ import annotations

import re

from textpipe.errors import UsageError

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def bytes_of(size: str) -> int:
    """`512M` as bytes; K, M, G count by 1,024. Raises UsageError for what is no size."""
    match = re.fullmatch(r"([0-9]{1,15})([KMG]?)B?", size.strip().upper(), re.ASCII)
    if match is None:
        raise UsageError(f"--max-memory {size}: no size", hint="--max-memory 1G")
    return int(match[1]) * _UNITS.get(match[2], 1)
