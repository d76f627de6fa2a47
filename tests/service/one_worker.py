"""One worker in a process of its own: `python -m tests.service.one_worker '{"max_body": 1000}' [FILE]`.

It prints its port. FILE: every name that the process opens or lists from then on, a line each (an audit hook).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import ROOT


class Worker(NamedTuple):
    """port: where it listens on 127.0.0.1; log: the file of its standard error; opened: what an audit hook saw"""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    opened: Path

    def connect(self, *, seconds: float = 10.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def ask(self, raw: bytes, *, seconds: float = 10.0) -> bytes:
        """Everything that comes back to those bytes until the connection ends."""
        with self.connect(seconds=seconds) as line:
            with contextlib.suppress(ConnectionError):  # refused while we were sending
                line.sendall(raw)
            return everything(line)

    def memory(self) -> int:
        """Resident KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def lines(self) -> list[dict[str, Any]]:
        """Of the log."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


def everything(line: socket.socket) -> bytes:
    """What comes until the other side ends."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := line.recv(1 << 16):
            found += piece
    return bytes(found)


def post(body: bytes, *, port: int, path: bytes = b"/v1/tokenize", close: bool = True, more: bytes = b"") -> bytes:
    """A request."""
    return (
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b%b\r\n%b"
        % (path, port, len(body), b"Connection: close\r\n" if close else b"", more, body)
    )


def get(path: bytes, *, port: int, close: bool = True, more: bytes = b"") -> bytes:
    end = b"Connection: close\r\n" if close else b""
    return b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%b%b\r\n" % (path, port, end, more)


@contextlib.contextmanager
def one_worker(folder: Path, *, audit: bool = False, **settings: Any) -> Iterator[Worker]:
    """A worker that answers; it is gone afterwards."""
    folder.mkdir(exist_ok=True)
    log, opened = folder / "log.jsonl", folder / "opened.txt"
    settings = {"store": str(folder / "store"), **settings}
    command = [
        sys.executable,
        "-m",
        "tests.service.one_worker",
        json.dumps(settings),
        *([str(opened)] if audit else []),
    ]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stream)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.strip().isdigit(), log.read_text("utf-8", "replace")
            yield Worker(int(line), process, log, opened)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def note_opened(path: str) -> None:
    """Write down the names of files that this process opens, for as long as it lives."""
    stream = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir"):
            os.write(stream, os.fsencode(str(arguments[0])).replace(b"\n", b"\\n") + b"\n")

    sys.addaudithook(hook)


def main() -> None:
    import uvicorn

    from textpipe.service.app import build_app
    from textpipe.service.connections import uvicorn_options
    from textpipe.service.settings import ServiceSettings

    given = json.loads(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    given["hosts"] = tuple(given.get("hosts", ()))
    settings = ServiceSettings(**{**given, "store": Path(given["store"]), "port": port})
    app = build_app(settings)
    state = app.state
    options = uvicorn_options(settings, state.log, outbox=state.service.outbox, shed=state.shedding)
    config = uvicorn.Config(app, loop="uvloop", **options)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    if len(sys.argv) > 2:
        note_opened(sys.argv[2])
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
