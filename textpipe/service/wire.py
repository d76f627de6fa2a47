"""Answers as bytes, for where there is no application to give one."""

from __future__ import annotations

import functools
from email.utils import formatdate

import orjson

from textpipe.service.answers import JSON
from textpipe.service.exchange import STATUS_LINES
from textpipe.service.guard import with_security


def refusal(status: int, message: str, *, retry_after: int | None = None) -> bytes:
    """A whole answer with that error, the last one of its connection."""
    body = orjson.dumps({"error": {"message": message, "hint": None}})
    headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    headers.append((b"date", formatdate(usegmt=True).encode()))
    lines = [STATUS_LINES[status], *(b"%b: %b\r\n" % header for header in with_security(headers, "POST", "-"))]
    return b"".join([*lines, b"\r\n", body])


@functools.lru_cache(maxsize=2)
def _joined_headers(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def joined(headers: list[tuple[bytes, bytes]]) -> bytes:
    """Lines of a head. The same headers are joined once."""
    return _joined_headers(tuple(headers)) if headers else b""
