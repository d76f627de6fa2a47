"""HTTP/1.1, as much of it as asking one service needs: a request out, an answer in, over one socket that is kept.

http.client would serve as well, but with the parsers of mail and OpenSSL it takes three times as long to load as this
takes for a whole question, and a question is often all that a process is started for.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from textpipe.errors import OutputError, UsageError

_URL = "http://127.0.0.1:8000"
_LINE, _HEADERS = 1 << 16, 200  # bytes of a line, lines: more is no answer of a service
_LARGEST = 1 << 30  # bytes of an answer, or of a part of one
_CONTINUE = 200  # statuses below are not yet the answer


class Address(NamedTuple):
    """Where a service is. path: what stands before its own paths, without / at the end"""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the header Host has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _port(secure=self.secure) else f"{host}:{self.port}"


class Answer(NamedTuple):
    """status: of HTTP; headers: with names in small letters; content: all of the body"""

    status: int
    headers: Mapping[str, str]
    content: bytes


def address_of(url: str) -> Address:
    """The parts of `http://host:port`, also of `host:port`. Raises UsageError for what is no such URL."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL of a service: {error}", hint=_URL) from None
    if parts.scheme not in ("http", "https") or not host or not is_plain(url):
        raise UsageError(f"{url!r} is no URL of a service", hint=_URL)
    if parts.query or parts.fragment or parts.username is not None:
        raise UsageError(f"{url!r} has more than a host, a port and a path", hint=_URL)
    secure = parts.scheme == "https"
    return Address(secure, host, port or _port(secure=secure), parts.path.rstrip("/"))


def is_plain(text: str) -> bool:
    """Whether a text can stand in the head of a request as it is."""
    return text.isascii() and text.isprintable() and " " not in text


def _port(*, secure: bool) -> int:
    return 443 if secure else 80


class Line:
    """A connection to a service. Raises OSError where there is none, or it breaks.

    timeout: seconds without a byte; open: whether a request may be sent, which one that was interrupted ends
    """

    def __init__(self, address: Address, *, timeout: float) -> None:
        self._address = address
        # a name as bytes: of a string Python loads how names are written in Unicode
        place: tuple[Any, int] = (address.host.encode(), address.port)
        self._socket = socket.create_connection(place, timeout)
        if address.secure:
            import ssl

            self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=address.host)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream: IO[bytes] = self._socket.makefile("rb")
        self.open = True

    def close(self) -> None:
        """Let it go."""
        self.open = False
        self._stream.close()
        self._socket.close()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to a request.

        Raises OSError when the line breaks, OutputError for an answer that is not HTTP.
        """
        given = {"Host": self._address.authority, "Accept": "application/json", **headers}
        if body is not None:
            given["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        request = f"{method} {self._address.path}{path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + (body or b"")
        self.open = False
        with suppress(BrokenPipeError, ConnectionResetError):  # it may refuse before it has read all
            self._socket.sendall(request)
        status = 0
        while status < _CONTINUE:
            status = self._status()
            received = self._headers()
        content, ended = self._content(received)
        self.open = not ended and received.get("connection", "").lower() != "close"
        return Answer(status, received, content)

    def _status(self) -> int:
        line = self._line()
        version, _, rest = line.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise _unintelligible()
        return int(rest[:3])

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(_HEADERS):
            line = self._line()
            if not line:
                return found
            name, _, value = line.partition(":")
            found[name.strip().lower()] = value.strip()
        raise _unintelligible()

    def _line(self) -> str:
        line = self._stream.readline(_LINE)
        if not line:
            raise ConnectionResetError("it hung up")
        if not line.endswith(b"\n"):
            raise _unintelligible()
        return line.decode("latin-1").rstrip("\r\n")

    def _content(self, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """(the body, whether the line ends with it)"""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b"")), False
        length = headers.get("content-length")
        if length is None:
            return self._stream.read(), True
        if not length.isdecimal():
            raise _unintelligible()
        return self._read(int(length)), False

    def _chunk(self) -> bytes:
        """The next one, without bytes the last."""
        try:
            size = int(self._line().partition(";")[0], 16)
        except ValueError:
            raise _unintelligible() from None
        data = self._read(size)
        while size == 0 and self._line():  # what follows the last one
            pass
        if size and self._line():
            raise _unintelligible()
        return data

    def _read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST:
            raise _unintelligible()
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionResetError("it hung up in the middle of an answer")
        return data


def _unintelligible() -> OutputError:
    return OutputError("what answers does not speak HTTP", hint="is it textpipe serve that listens there?")
