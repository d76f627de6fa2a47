"""What every answer carries, and answers as bytes, for where there is no application to give one."""

from __future__ import annotations

import functools
from email.utils import formatdate

import orjson

from textpipe.service.answers import JSON
from textpipe.service.exchange import STATUS_LINES
from textpipe.service.guard import NO_STORE

Header = tuple[bytes, bytes]

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY: list[Header] = [
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def refusal(status: int, message: str, *, retry_after: int | None = None) -> bytes:
    """A whole answer with that error, the last one of its connection."""
    body = orjson.dumps({"error": {"message": message, "hint": None}})
    headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    headers += [*default_headers(), NO_STORE]
    return b"".join([STATUS_LINES[status], joined(tuple(headers)), b"\r\n", body])


def default_headers() -> list[Header]:
    """Of every answer of this second."""
    return [(b"date", formatdate(usegmt=True).encode()), *SECURITY]


@functools.lru_cache(maxsize=2)
def joined(headers: tuple[Header, ...]) -> bytes:
    """Lines of a head. The same headers are joined once."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])
