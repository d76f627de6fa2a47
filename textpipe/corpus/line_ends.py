"""How the lines of a file end, told while its text passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator


def noting(blocks: Iterator[str], found: Counter[str]) -> Iterator[str]:
    """The blocks of one file; at the end, also an early one, the file is counted under what ends its lines.

    found: files by `lf`, `crlf`, `cr`, `mixed` (several of them) or `none` (a single line)
    """
    pairs = line_feeds = returns = 0
    previous = ""
    try:
        for block in blocks:
            pairs += block.count("\r\n") + (previous == "\r" and block.startswith("\n"))
            line_feeds += block.count("\n")
            returns += block.count("\r")
            previous = block[-1:] or previous
            yield block
    finally:
        counts = {"lf": line_feeds - pairs, "crlf": pairs, "cr": returns - pairs}
        kinds = [kind for kind, count in counts.items() if count]
        if previous:  # else the file is empty or no text
            found["none" if not kinds else kinds[0] if len(kinds) == 1 else "mixed"] += 1
