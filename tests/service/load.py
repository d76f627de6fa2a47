"""A client that measures a service and costs it little: raw sockets, one thread, requests made ready before.

    python tests/service/load.py PORT REQUESTS --connections 16 --seconds 5               closed: one at a time on each
    python tests/service/load.py PORT REQUESTS --connections 200 --seconds 60 --rate 500  open: Poisson arrivals

REQUESTS is a file of JSON lines, {"path", "body"?}, taken in turn. Latencies of the open form count from the moment a
request was due, not from when it could be sent. Prints one JSON object. Only 127.0.0.1 is ever asked.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_GRACE = 10.0  # seconds that are waited for the last answers


class Sample(NamedTuple):
    """An answer. due: seconds from the start; latency: from then on; status: 0 where the connection broke"""

    due: float
    latency: float
    status: int


class Connection:
    """One socket, one request at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.due = 0.0
        self.waits = False
        self._received = b""
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes, due: float) -> None:
        self.due, self.waits = due, True
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status of the answer, None while there is more to come, 0 where the connection was closed."""
        received = self.socket.recv(65_536)
        if not received:
            return 0
        received = self._received + received if self._received else received
        end = received.find(_HEAD_END)
        if end >= 0:
            place = received.lower().find(_LENGTH, 0, end)
            length = int(received[place + len(_LENGTH) : received.find(b"\r", place)])
            if len(received) >= end + 4 + length:
                self._received = b""
                return int(received[9:12])
        self._received = received
        return None

    def reopen(self) -> None:
        self.socket.close()
        self._received = b""
        self._open()


class Load:
    """Connections to one service, and what they were answered."""

    def __init__(self, port: int, requests: Sequence[bytes], *, connections: int) -> None:
        self.samples: list[Sample] = []
        self.unsent = 0
        self._requests = requests
        self._next = 0
        self._connections = {one.socket.fileno(): one for one in (Connection(port) for _ in range(connections))}
        self._idle = deque(self._connections.values())
        self._poll = select.epoll()
        for number in self._connections:
            self._poll.register(number, select.EPOLLIN)
        self.begin = time.perf_counter()

    def closed(self, seconds: float) -> None:
        """Every connection asks again as soon as it is answered."""
        end = self.begin + seconds
        now = time.perf_counter()
        for connection in list(self._idle):
            self._send(connection, now)
        self._idle.clear()
        while self._waiting and now < end + _GRACE:
            for connection in self._answered(1.0):
                now = time.perf_counter()
                if now < end:
                    self._send(connection, now)
                else:
                    self._idle.append(connection)
            now = time.perf_counter()

    def open(self, seconds: float, *, rate: float, seed: int) -> None:
        """Requests are due at random moments, `rate` a second, whatever becomes of those before."""
        draw = random.Random(seed)
        due, end = self.begin + draw.expovariate(rate), self.begin + seconds
        late: deque[float] = deque()
        now = time.perf_counter()
        while (due < end or late or self._waiting) and now < end + _GRACE:
            while due <= now and due < end:
                late.append(due)
                due += draw.expovariate(rate)
            while late and self._idle:
                self._send(self._idle.popleft(), late.popleft())  # all in turn: an idle one may be closed
            now = time.perf_counter()
            wait = min(max(due - now, 0.0), 0.1) if due < end else 0.1
            self._idle.extend(self._answered(wait))
            now = time.perf_counter()
        self.unsent = len(late) + self._waiting

    @property
    def _waiting(self) -> int:
        return len(self._connections) - len(self._idle)

    def _send(self, connection: Connection, due: float) -> None:
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        try:
            connection.send(request, due)
        except OSError:
            self._broken(connection)
            self._idle.append(connection)

    def _answered(self, wait: float) -> Iterator[Connection]:
        for number, _ in self._poll.poll(wait):
            connection = self._connections[number]
            try:
                status = connection.receive()
            except OSError:
                status = 0
            if status == 0:
                waited = connection.waits
                self._broken(connection)
                if waited:
                    yield connection
            elif status is not None:
                self._note(connection, status)
                yield connection

    def _note(self, connection: Connection, status: int) -> None:
        connection.waits = False
        self.samples.append(Sample(connection.due - self.begin, time.perf_counter() - connection.due, status))

    def _broken(self, connection: Connection) -> None:
        """A connection that was closed: noted, where an answer was owed, and opened again."""
        if connection.waits:
            self._note(connection, 0)
        del self._connections[connection.socket.fileno()]
        connection.reopen()
        self._connections[connection.socket.fileno()] = connection
        self._poll.register(connection.socket.fileno(), select.EPOLLIN)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed, in milliseconds; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1_000 if ordered else 0.0


def summary(samples: Sequence[Sample], *, seconds: float) -> dict[str, Any]:
    """Counts by status; of those that were answered 200, and of the others, percentiles of latency in milliseconds."""
    fine = [one.latency for one in samples if one.status == 200]
    other = [one.latency for one in samples if one.status != 200]
    return {
        "statuses": dict(sorted(Counter(str(one.status) for one in samples).items())),
        "per_second": len(fine) / seconds,
        **{f"p{share * 100:g}": percentile(fine, share) for share in (0.5, 0.9, 0.99, 0.999)},
        "refused_p99": percentile(other, 0.99),
    }


def windows(samples: Sequence[Sample], *, seconds: float, size: float) -> list[dict[str, Any]]:
    """The same of every `size` seconds in which requests were due."""
    parts: list[list[Sample]] = [[] for _ in range(max(int(seconds / size), 1))]
    for one in samples:
        parts[min(int(one.due / size), len(parts) - 1)].append(one)
    return [summary(part, seconds=size) for part in parts]


def request_bytes(line: str, port: int) -> bytes:
    """HTTP/1.1 of {"path", "body"?}."""
    content = json.loads(line)
    body = json.dumps(content["body"], ensure_ascii=False).encode() if "body" in content else b""
    head = [f"{'POST' if body else 'GET'} {content['path']} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if body:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("requests", type=Path)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, help="requests a second, whatever becomes of them; else closed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--window", type=float, default=1.0, help="seconds of each of the windows that are told")
    given = parser.parse_args()
    requests = [request_bytes(line, given.port) for line in given.requests.read_text("utf-8").split("\n") if line]
    load = Load(given.port, requests, connections=given.connections)
    if given.rate:
        load.open(given.seconds, rate=given.rate, seed=given.seed)
    else:
        load.closed(given.seconds)
    told = summary(load.samples, seconds=given.seconds)
    told["unsent"] = load.unsent
    told["windows"] = windows(load.samples, seconds=given.seconds, size=given.window)
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main()
