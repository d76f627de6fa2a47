"""Servers that say what they are told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence


class Told:
    """A server that gives scripted answers, one a request, and keeps what it was asked.

    answers: bytes as they are sent; None hangs up without an answer. A line stays open until an answer ends it.
    """

    def __init__(self, answers: Sequence[bytes | None], *, read_bodies: bool = True) -> None:
        self.asked: list[bytes] = []
        self.lines = 0
        self._answers = iter(answers)
        self._read_bodies = read_bodies
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(30)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                line.settimeout(30)
                self.lines += 1
                with line, line.makefile("rb") as stream:
                    self._talk(line, stream)

    def _talk(self, line: socket.socket, stream: object) -> None:
        while True:
            request = self._request(stream)
            if not request:
                return
            self.asked.append(request)
            answer = next(self._answers, None)
            if answer is None:
                return
            line.sendall(answer)
            if b"close" in answer.partition(b"\r\n\r\n")[0].lower():
                return

    def _request(self, stream: object) -> bytes:
        head, length = b"", 0
        while not head.endswith(b"\r\n\r\n"):
            one: bytes = stream.readline()  # type: ignore[attr-defined]
            if not one:
                return b""
            if one.lower().startswith(b"content-length:"):
                length = int(one.partition(b":")[2])
            head += one
        body: bytes = stream.read(length) if self._read_bodies else b""  # type: ignore[attr-defined]
        return head + body


def answer(content: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
