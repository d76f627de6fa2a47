"""Requests and answers: one connection a thread, kept; what is busy is asked again; what breaks is told in a line."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from textpipe.client.http import Answer, Line, address_of, is_plain
from textpipe.client.refusals import refusal
from textpipe.errors import InputError, OutputError, TextpipeError, UsageError

_OK, _TOO_LARGE, _BUSY = 200, 413, 503
_BREAKS = (0.0, 0.1, 0.5, 1.0)  # seconds before what broke is asked again; questions change nothing
_LONGEST_WAIT = 10.0  # seconds between two tries, whatever the service says


class Connection:
    """To one service, from any thread.

    timeout: seconds without a byte of an answer; patience: seconds in all that a busy service is asked again
    """

    def __init__(self, url: str, token: str | None, *, timeout: float, patience: float) -> None:
        self.url = url if "://" in url else f"http://{url}"
        self._address = address_of(url)
        if token is not None and (not token or not is_plain(token)):
            raise UsageError("the token is empty, or holds what no token does", hint="printable ASCII without spaces")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout, self._patience = timeout, patience
        self._kept = threading.local()
        self._lines: list[Line] = []  # of all threads

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
            problem = "a text holds a lone surrogate, which is no character"
            raise InputError(problem, hint="texts decoded as UTF-8 hold none") from None
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"this cannot be asked: {error}", hint="text, numbers, true, false and lists can"
            ) from None
        return self._asked("POST", path, content, divisible=divisible)

    def close(self) -> None:
        """Let go the connections of all threads; they are made again when they are needed."""
        while self._lines:
            self._lines.pop().close()

    def _asked(self, method: str, path: str, body: bytes | None, *, divisible: bool) -> Any:
        """Until there is an answer other than that the service is busy, as long as patience lasts."""
        end = time.monotonic() + self._patience
        while True:
            answer = self._answered(method, path, body)
            if answer.status == _OK:
                return self._parsed(answer.content)
            if answer.status == _TOO_LARGE and divisible:
                return None
            wait = _wait(answer)
            if answer.status != _BUSY or time.monotonic() + wait > end:
                raise refusal(answer, url=self.url, token=bool(self._headers))
            time.sleep(wait)

    def _answered(self, method: str, path: str, body: bytes | None) -> Answer:
        """The next answer; a connection that breaks, as one does that was kept for too long, is made again."""
        broken: OSError | None = None
        for wait in _BREAKS:
            if wait:
                time.sleep(wait)
            try:
                return self._line().ask(method, path, self._headers_of(body), body)
            except OSError as error:
                broken = error
                if not isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
                    break
            except OutputError as error:
                error.where = self.url
                raise
        raise self._unanswered(broken)

    def _headers_of(self, body: bytes | None) -> dict[str, str]:
        return self._headers if body is None else {**self._headers, "Content-Type": "application/json"}

    def _line(self) -> Line:
        """This thread's."""
        kept: Line | None = getattr(self._kept, "line", None)
        if kept is not None and not kept.open:
            self._let_go(kept)
            kept = None
        if kept is None:
            self._kept.line = kept = Line(self._address, timeout=self._timeout)
            self._lines.append(kept)
        return kept

    def _let_go(self, line: Line) -> None:
        line.close()
        if line in self._lines:
            self._lines.remove(line)

    def _unanswered(self, error: OSError | None) -> TextpipeError:
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


def _wait(answer: Answer) -> float:
    """Seconds until a service that is busy is asked again: as it says, else one."""
    told = answer.headers.get("retry-after", "")
    return min(float(told), _LONGEST_WAIT) if told.isdecimal() and told.isascii() else 1.0
