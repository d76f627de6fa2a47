"""Answers: JSON, and errors with the status that each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from textpipe.errors import ArtifactError, InputError, ResourceError, TextpipeError, UsageError

JSON, JSON_LINES = "application/json", "application/jsonl"
_JSON_TYPE = (b"content-type", JSON.encode())
ERROR_KIND = "Textpipe-Error"  # a header: the exception's name, by which clients end with the same exit code


class Refused(Exception):
    """A request that is not answered by a record. status: of HTTP; message, hint: as of TextpipeError"""

    def __init__(
        self, status: int, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint, self.headers = status, message, hint, headers


class Answer:
    """ASGI: a whole answer, of JSON. headers: further ones"""

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body, self.status = body, status
        self.headers = [_JSON_TYPE, (b"content-length", b"%d" % len(body))]
        if headers:
            self.headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """As JSON."""
    return Answer(orjson.dumps(content), status=status, headers=headers)


def error_answer(error: Refused | TextpipeError) -> Answer:
    """{"error": {"message", "hint"}}; of the command line's errors the status that says the same, and their kind."""
    status = error.status if isinstance(error, Refused) else status_of(error)
    headers = error.headers if isinstance(error, Refused) else {ERROR_KIND: type(error).__name__}
    return answer({"error": {"message": error.message, "hint": error.hint}}, status=status, headers=headers)


def status_of(error: TextpipeError) -> int:
    """422 for what was asked wrongly, 404 for an artifact that is missing or damaged, 503 where memory ran out."""
    match error:
        case UsageError() | InputError():
            return 422
        case ArtifactError():
            return 404
        case ResourceError():
            return 503
    return 500
