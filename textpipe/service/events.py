"""What happens to the service itself, one line of JSON each on standard error: started, a worker died, a name moved."""

from __future__ import annotations

import contextlib
import json
import os
import time

STANDARD_ERROR = 2


def tell(event: str, **facts: object) -> None:
    """Write one line. Only ASCII, so that no fact can drive a terminal; where nobody can read it, nothing is lost."""
    now = time.time()
    stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z"
    line = json.dumps({"time": stamp, "event": event, "pid": os.getpid(), **facts}, default=str)
    with contextlib.suppress(OSError):  # the terminal is gone
        os.write(STANDARD_ERROR, f"{line}\n".encode())
