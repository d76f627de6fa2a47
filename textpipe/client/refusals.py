"""What a service refuses, as the exceptions that the same mistake raises without one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from textpipe.client.http import Answer
from textpipe.errors import (
    ArtifactError,
    DictionaryError,
    InputError,
    OutputError,
    ResourceError,
    TextpipeError,
    UsageError,
)

_KIND = "textpipe-error"  # a header: the exception's name
_KINDS = {
    one.__name__: one for one in (UsageError, InputError, DictionaryError, ArtifactError, OutputError, ResourceError)
}
_LONGEST = 500  # characters of what somebody else's server says
_UNAUTHORIZED = 401


def refusal(answer: Answer, *, url: str, token: bool) -> TextpipeError:
    """The exception that an answer means. url: of the service; token: whether it was shown one"""
    status = answer.status
    message, hint = _told(answer.content)
    if message is None:
        return OutputError(
            f"what answers is no service of textpipe: status {status}", where=url, hint="textpipe serve starts one"
        )
    if status == _UNAUTHORIZED:
        problem = "the service does not know this token" if token else message
        return UsageError(problem, where=url, hint="TEXTPIPE_SERVER_TOKEN=…, or textpipe --server-token TOKEN …")
    found = _KINDS.get(answer.headers.get(_KIND, "")) or _kind_of(status)
    where = url if found not in (UsageError, InputError) else None
    return found(message, where=where, hint=hint)


def _kind_of(status: int) -> type[TextpipeError]:
    """Where the service does not say: the kind that the status means."""
    kinds = {400: UsageError, 404: ArtifactError, 413: InputError, 422: UsageError, 503: ResourceError}
    return kinds.get(status, OutputError)


def _told(content: bytes) -> tuple[str | None, str | None]:
    """(message, hint) of {"error": {"message", "hint"}}; (None, None) for anything else."""
    try:
        parsed: Any = json.loads(content)
    except ValueError:
        return None, None
    error = parsed.get("error") if isinstance(parsed, Mapping) else None
    if not isinstance(error, Mapping) or not isinstance(error.get("message"), str):
        return None, None
    message, hint = error["message"], error.get("hint")
    return message[:_LONGEST], hint[:_LONGEST] if isinstance(hint, str) else None
