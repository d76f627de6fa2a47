"""A service as a process of its own, that always ends with the test; and clients that notice every lost request."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.conftest import ROOT

START_SECONDS = 60.0


class Answer(NamedTuple):
    """status; body: as JSON where it is some, else as text; headers: by their names in lower case"""

    status: int
    body: Any
    headers: dict[str, str]


class Service:
    """`textpipe serve` on any free port, for the block; address, host, port: where it listens

    environment: further variables; those of this process that begin with TEXTPIPE_ are not handed on
    """

    def __init__(self, *options: object, environment: dict[str, str] | None = None) -> None:
        self._options = [str(option) for option in options]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TEXTPIPE_", "TMPDIR"))}
        self._environment = inherited | {"PYTHONPATH": str(ROOT)} | (environment or {})

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._scratch = tempfile.TemporaryDirectory()  # a process that is killed leaves its files there
        self.process = subprocess.Popen(
            [sys.executable, "-m", "textpipe", "serve", "--port", "0", *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={"TMPDIR": self._scratch.name} | self._environment,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().decode().strip()
        if not self.address:
            self.__exit__()
            raise AssertionError(f"it did not start: {self.log}")
        self.host, _, port = self.address.removeprefix("http://").rpartition(":")
        self.port = int(port)
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # workers too
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log = self._read_log()
        self._log.close()
        self._scratch.cleanup()

    def _read_log(self) -> str:
        return os.pread(self._log.fileno(), 1 << 24, 0).decode()

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What it has told about itself so far."""
        lines = (json.loads(line) for line in self._read_log().splitlines() if line.startswith("{"))
        return [line for line in lines if "event" in line and kind in (None, line["event"])]

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own: GET, or POST where there is a body."""
        connection = http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=30)
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body).encode()
            sent = {} if body is None else {"Content-Type": "application/json"}
            connection.request("GET" if body is None else "POST", path, data, sent | headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            content: Any = answer.read().decode()
        if found.get("content-type", "").startswith("application/json"):
            content = json.loads(content)
        return Answer(answer.status, content, found)

    def workers(self) -> list[int]:
        """Ids of its processes but the first, without those that have ended and were not looked at yet."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [int(one) for one in children.split() if runs(int(one))]

    def signal(self, number: int) -> None:
        """To the first process."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """For its end; the exit code."""
        return self.process.wait(30)


def runs(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], bool], *, seconds: float = START_SECONDS) -> None:
    """Wait for it; fails when it takes longer."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


# ---------------------------------------------------------------------------------------------- load


class Load(NamedTuple):
    """What became of requests. counts: by status, and `unanswered`, `wrong`, `refused` (connections)"""

    counts: Counter[str]


async def ask_all_the_time(
    service: Service, counts: Counter[str], *, text: str, expected: bytes, go_on: Callable[[], bool], fresh: bool
) -> None:
    """One client: a request after the other on one connection, or each on a `fresh` one. A request that was sent on an
    established connection and has no whole answer is `unanswered`, whatever the reason."""
    body = json.dumps({"text": text}).encode()
    head = (
        f"POST /v1/tokenize HTTP/1.1\r\nHost: {service.host}:{service.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    try:
        while go_on():
            if streams is None:
                try:
                    streams = await asyncio.open_connection(service.host, service.port)
                except OSError:
                    counts["refused"] += 1
                    await asyncio.sleep(0.01)
                    continue
            status, answer, last = await _exchange(*streams, head.encode() + body)
            counts[status] += 1
            counts["wrong"] += status == "200" and answer != expected
            if last or fresh or status == "unanswered":
                streams[1].close()
                streams = None
    finally:
        if streams is not None:
            streams[1].close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[str, bytes, bool]:
    """(status, body, whether it was the connection's last)"""
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
    except (OSError, EOFError):
        return "unanswered", b"", True
    return head.split()[1].decode(), answer, b"connection: close" in head


@contextlib.contextmanager
def load(service: Service, *, text: str, clients: int = 8) -> Iterator[Load]:
    """Clients that ask all through the block, half of them on connections that they keep."""
    import threading

    expected = json.dumps(service.ask("/v1/tokenize", {"text": text}).body, ensure_ascii=False, separators=(",", ":"))
    counts: Counter[str] = Counter()
    ending = threading.Event()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(
                    ask_all_the_time(
                        service,
                        counts,
                        text=text,
                        expected=expected.encode(),
                        go_on=lambda: not ending.is_set(),
                        fresh=number % 2 == 1,
                    )
                )

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        yield Load(counts)
    finally:
        ending.set()
        thread.join()
