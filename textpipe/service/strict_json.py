"""JSON as requests may have it: no NaN, no half characters, no number that a machine word cannot hold, no deep nesting.

orjson refuses the first two. What it lets through is looked at here, in a walk that costs nothing for `{"text": …}`.
Of names that occur twice in an object the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from textpipe.service.answers import Refused

MAX_DEPTH, MAX_VALUES = 20, 20_000
_BEYOND = float(1 << 63)  # orjson makes a float of an integer that does not fit; nothing here needs one so large
_TEXT_HINT = "send UTF-8 without a byte order mark"


def loads(raw: bytes) -> Any:
    """The value. Raises Refused: 400 where it is not JSON, 422 where it is deeper than 20 levels, has more than 20,000
    values, or a number beyond 64 bits."""
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if not raw.strip():
            raise Refused(400, "the body is empty", hint='{"text": "…"}') from None
        message = str(error)
        hint = _TEXT_HINT if "BOM" in message or "UTF-8" in message or "utf-8" in message else None
        raise Refused(400, f"the body is not JSON: {message}", hint=hint) from None
    if type(content) is dict or type(content) is list:
        _check(content)
    elif type(content) is not str:
        _check_number(content)
    return content


def _check(content: dict[str, Any] | list[Any]) -> None:
    """Level by level, without recursion."""
    level: list[dict[str, Any] | list[Any]] = [content]
    depth = seen = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Refused(422, f"the body is nested deeper than {MAX_DEPTH} levels")
        below: list[dict[str, Any] | list[Any]] = []
        for container in level:
            seen += len(container)
            if seen > MAX_VALUES:
                raise Refused(422, f"the body has more than {MAX_VALUES:,} values", hint="fewer texts a request")
            values: Iterable[Any] = container.values() if type(container) is dict else container
            for value in values:
                kind = type(value)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    below.append(value)
                else:
                    _check_number(value)
        level = below


def _check_number(value: float | bool | None) -> None:
    """Raises Refused for what is no 64-bit integer, nor a float that is smaller than 2**63."""
    if value is None:
        return
    if not -_BEYOND <= value < _BEYOND or (value == -_BEYOND and type(value) is float):
        raise Refused(422, "a number is beyond 64 bits")
