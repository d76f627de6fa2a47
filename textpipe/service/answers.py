"""Answers: JSON, and errors with the status that each of them has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from textpipe.errors import ArtifactError, InputError, ResourceError, TextpipeError, UsageError

JSON, JSON_LINES = "application/json", "application/jsonl"
ERROR_KIND = "Textpipe-Error"  # a header: the exception's name, by which clients end with the same exit code


class Refused(Exception):
    """A request that is not answered by a record. status: of HTTP; message, hint: as of TextpipeError"""

    def __init__(
        self, status: int, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint, self.headers = status, message, hint, headers


def answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """As JSON."""
    return Response(orjson.dumps(content), status_code=status, headers=headers, media_type=JSON)


def error_answer(error: Refused | TextpipeError) -> Response:
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
