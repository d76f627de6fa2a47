"""Clients that take their time: `python -m tests.service.slow_clients PORT COUNT SECONDS`.

A third says nothing, a third sends headers and a third a body, a byte a second. Whoever is dropped comes back. Prints
how long connections lasted, in seconds, as a JSON list.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time

_HEAD = "POST /v1/tokenize HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"


async def slow(number: int, port: int, end: float, lasted: list[float]) -> None:
    head = _HEAD.format(port).encode()
    while time.monotonic() < end:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            if number % 3 == 1:
                writer.write(head + b"X-Slow: ")
            elif number % 3 == 2:
                writer.write(head + b"\r\n{")
            while time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        if not await reader.read(1 << 16):
                            lasted.append(time.monotonic() - began)
                            break
                if number % 3:
                    writer.write(b"a")
        writer.close()
        await asyncio.sleep(1.0)


async def main(port: int, count: int, seconds: float) -> None:
    end, lasted = time.monotonic() + seconds, list[float]()
    await asyncio.gather(*(slow(number, port, end, lasted) for number in range(count)))
    sys.stdout.write(json.dumps(lasted))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
