"""Requests and answers: one connection a thread, kept; what is busy is asked again; what breaks is told in a line."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from textpipe.client.refusals import KIND, refusal
from textpipe.errors import InputError, OutputError, TextpipeError, UsageError

if TYPE_CHECKING:
    from http.client import HTTPConnection

_URL = "http://127.0.0.1:8000"
_OK, _TOO_LARGE, _BUSY = 200, 413, 503
_BREAKS = (0.0, 0.1, 0.5, 1.0)  # seconds before what broke is asked again; questions change nothing
_LONGEST_WAIT = 10.0  # seconds between two tries, whatever the service says


class Address(NamedTuple):
    """Where a service is. path: what stands before its own paths, without / at the end"""

    secure: bool
    host: str
    port: int | None
    path: str


class Answer(NamedTuple):
    """status: of HTTP; kind: of an error, as the service names it; wait: seconds that it asks for, None for none"""

    status: int
    kind: str | None
    wait: float | None
    content: bytes


def address_of(url: str) -> Address:
    """The parts of `http://host:port`, also of `host:port`. Raises UsageError for what is no such URL."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL of a service: {error}", hint=_URL) from None
    if parts.scheme not in ("http", "https") or not host or not _is_plain(url):
        raise UsageError(f"{url!r} is no URL of a service", hint=_URL)
    if parts.query or parts.fragment or parts.username is not None:
        raise UsageError(f"{url!r} has more than a host, a port and a path", hint=_URL)
    return Address(parts.scheme == "https", host, port, parts.path.rstrip("/"))


def _is_plain(text: str) -> bool:
    """Whether a text can stand in a request as it is."""
    return text.isascii() and text.isprintable() and " " not in text


class Connection:
    """To one service, from any thread.

    timeout: seconds without a byte of an answer; patience: seconds in all that a busy service is asked again
    """

    def __init__(self, url: str, token: str | None, *, timeout: float, patience: float) -> None:
        self.url = url if "://" in url else f"http://{url}"
        self._address = address_of(url)
        if token is not None and (not token or not _is_plain(token)):
            raise UsageError("the token is empty, or holds what no token does", hint="printable ASCII without spaces")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout, self._patience = timeout, patience
        self._kept = threading.local()

    def get(self, path: str) -> Any:
        """What is there. Raises TextpipeError as `post`."""
        return self._asked("GET", path, None, divisible=False)

    def post(self, path: str, body: Any, *, divisible: bool = False) -> Any:
        """The answer to a question; None to a divisible one that is too much at once.

        Raises what the service refuses as the exception that it is here; OutputError where none answers, ResourceError
        where it was busy for too long, InputError for text that is no Unicode (lone surrogates).
        """
        try:
            content = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            raise InputError(
                "a text holds a lone surrogate, which is no character", hint="text read as UTF-8"
            ) from None
        return self._asked("POST", path, content, divisible=divisible)

    def close(self) -> None:
        """Let go the connection of this thread; it is made again when it is needed."""
        kept = getattr(self._kept, "connection", None)
        if kept is not None:
            kept.close()
        self._kept.connection = None

    def _asked(self, method: str, path: str, body: bytes | None, *, divisible: bool) -> Any:
        """Until there is an answer other than that the service is busy, as long as patience lasts."""
        end = time.monotonic() + self._patience
        while True:
            answer = self._answered(method, path, body)
            if answer.status == _OK:
                return self._parsed(answer.content)
            if answer.status == _TOO_LARGE and divisible:
                return None
            wait = min(answer.wait or 1.0, _LONGEST_WAIT)
            if answer.status != _BUSY or time.monotonic() + wait > end:
                raise refusal(answer.status, answer.kind, answer.content, url=self.url)
            time.sleep(wait)

    def _answered(self, method: str, path: str, body: bytes | None) -> Answer:
        """The next answer; a connection that breaks, as one does that was kept for too long, is made again."""
        from http.client import HTTPException

        broken: Exception | None = None
        for wait in _BREAKS:
            time.sleep(wait)
            try:
                return self._exchanged(method, path, body)
            except (HTTPException, OSError) as error:
                self.close()
                broken = error
                if not isinstance(error, HTTPException | ConnectionResetError | BrokenPipeError):
                    break
        raise self._unanswered(broken)

    def _exchanged(self, method: str, path: str, body: bytes | None) -> Answer:
        from contextlib import suppress

        connection = self._connection()
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have refused before it read all
            connection.request(method, self._address.path + path, body, headers)
        found = connection.getresponse()
        content = found.read()
        wait = found.getheader("Retry-After", "")
        return Answer(found.status, found.getheader(KIND), float(wait) if wait.isdecimal() else None, content)

    def _connection(self) -> HTTPConnection:
        """This thread's."""
        kept: HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is None:
            from http import client

            secure, host, port, _ = self._address
            kind = client.HTTPSConnection if secure else client.HTTPConnection
            self._kept.connection = kept = kind(host, port, timeout=self._timeout)
        return kept

    def _unanswered(self, error: Exception | None) -> TextpipeError:
        if isinstance(error, TimeoutError):
            return OutputError(
                f"no answer within {self._timeout:g} seconds", where=self.url, hint="fewer texts at once"
            )
        if isinstance(error, ConnectionRefusedError):
            return OutputError("no service answers", where=self.url, hint="textpipe serve starts one")
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        hint = "is it textpipe serve that listens there? its log says more"
        return OutputError(f"the service cannot be asked: {what}", where=self.url, hint=hint)

    def _parsed(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            message = "what answers is no service of textpipe: no JSON"
            raise OutputError(message, where=self.url, hint="textpipe serve starts one") from None
