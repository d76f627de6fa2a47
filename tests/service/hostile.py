"""Requests that nobody sends by accident, from a seed: bytes, and how they are sent."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import NamedTuple

PATHS = [
    f"/v1/{name}"
    for name in ("tokenize", "keywords", "summarize", "similar", "classify", "explain", "graph", "map", "artifacts")
] + ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/artifacts/latest", "/page/app.js", "/none"]
POSTED = PATHS[:7]  # not the map, which takes seconds once
TEXTS = [
    "我来到北京清华大学",
    "",
    " ",
    "\x00",
    "a" * 3_000,
    "的" * 3_000,
    "😀" * 50,
    "\u202e\u200b\ufeff",
    "e\u0301" * 99,
    "\uffff",
]
ODD = [
    "NaN", "Infinity", "-Infinity", "1e400", "-0", "1e308", "0.1", "-1", "0", "true", "null", "[]", "{}", '""', '"x"',
    "9" * 400, "9223372036854775808", "-9223372036854775809", "18446744073709551616", '"\\ud800"', '"\\udc00x"',
    '"\\u0000"', '"../../etc/passwd"', '"latest"', '"tfidf"', '"%2e%2e%2f"', '"' + "x" * 5_000 + '"', "[[[[[[]]]]]]",
    "[" * 30 + "]" * 30, "[" * 2_000, '{"a":' * 25 + "1" + "}" * 25, "01", "1.", ".5", "'x'", "undefined",
    '"\x1f"', "1e-400",
]  # fmt: skip
FIELDS = [
    "text",
    "documents",
    "id",
    "top",
    "method",
    "model",
    "threshold",
    "by_score",
    "pos",
    "mode",
    "word",
    "words",
    "x",
]
METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PRI", "get", "", "A" * 300]


class Case(NamedTuple):
    """raw: what is sent; cuts: where the pieces end; ends: whether the client says that this was all"""

    raw: bytes
    cuts: tuple[int, ...]
    ends: bool


def case(number: int, *, port: int, seed: int = 0) -> Case:
    """The case of that number."""
    rng = random.Random(f"{seed}-{number}")
    raw = rng.choice(_KINDS)(rng, port)
    if rng.random() < 0.2:
        raw = mutated(rng, raw)
    cuts = tuple(sorted(rng.sample(range(len(raw)), min(len(raw), rng.choice((0, 0, 0, 1, 3))))))
    return Case(raw, cuts, rng.random() < 0.98)


def mutated(rng: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, left out, doubled or put in."""
    found = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not found:
            break
        place = rng.randrange(min(len(found), rng.choice((200, 100_000))))
        end = place + rng.choice((1, 1, 4, 40))
        match rng.randrange(4):
            case 0:
                found[place] = rng.randrange(256)
            case 1:
                del found[place:end]
            case 2:
                found[place:place] = found[place:end]
            case _:
                found[place:place] = rng.choice(
                    (b"\r\n", b"\x00", b"\r", b"\n", b":", b" ", b"\xff", b"%", b'"', b"\\ud800")
                )
    return bytes(found)


def json_text(rng: random.Random) -> bytes:
    """An object like those that are asked for, with odd values; not always JSON."""
    parts = []
    for name in rng.sample(FIELDS, rng.choice((0, 0, 1, 2, 4))) + ["text"] * (rng.random() < 0.7):
        value = (
            rng.choice(ODD) if rng.random() < 0.3 else json.dumps(rng.choice(TEXTS), ensure_ascii=rng.random() < 0.5)
        )
        if name == "documents" and rng.random() < 0.7:
            inner = ('{"text": %s, "id": %s}' % (value, rng.choice(ODD)) for _ in range(rng.randrange(4)))  # noqa: UP031
            value = f"[{', '.join(inner)}]"
        parts.append(f'"{name}": {value}')
    text = "{" + ", ".join(parts) + "}"
    encoding = rng.choice(("utf-8",) * 10 + ("utf-16", "gb18030"))
    return text.encode(encoding, "surrogatepass" if encoding != "gb18030" else "replace")


def _head(rng: random.Random, port: int, *, method: str = "POST", path: str | None = None) -> bytes:
    path = path or rng.choice(POSTED)
    kind = rng.choice(("application/json",) * 20 + ("application/jsonl", "application/x-ndjson", "text/plain", ""))
    headers = [f"Host: 127.0.0.1:{port}", f"Content-Type: {kind}"]
    if rng.random() < 0.2:
        headers.append(rng.choice(_HEADERS))
    rng.shuffle(headers)
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, ""]).encode("latin-1", "replace")


_HEADERS = [
    "Accept: application/jsonl", "Accept: */*;q=NaN", "Origin: null", "Origin: http://evil.example",
    "Expect: 100-continue",
    "Sec-Fetch-Site: cross-site", "Connection: close", "Connection: upgrade\r\nUpgrade: websocket",
    "Range: bytes=0-,0-,0-",
    "Cookie: " + "a=b;" * 500, "X-Request-Id: \x1b[31m", "If-None-Match: *", "Content-Encoding: gzip",
    "Host: evil.example",
    "Authorization: Bearer " + "x" * 1_000, "X-Forwarded-For: evil", "Transfer-Encoding: identity", "A:" + "b" * 20_000,
]  # fmt: skip


def _posted(rng: random.Random, port: int) -> bytes:
    body = json_text(rng)
    if rng.random() < 0.1:
        body = b"\n".join(json_text(rng) for _ in range(5))
    return _head(rng, port) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _wrong_length(rng: random.Random, port: int) -> bytes:
    body = json_text(rng)
    length = rng.choice(
        (len(body) - 1, len(body) + 1, 0, -1, 10**9, 2**63, 2**64, 10**30, f"{len(body)}, 1", "0x10", "")
    )
    return _head(rng, port) + f"Content-Length: {length}\r\n\r\n".encode() + body


def _chunked(rng: random.Random, port: int) -> bytes:
    body, pieces = json_text(rng), []
    while body:
        size = rng.choice((1, 3, 50, 4_000))
        told = rng.choice(
            (b"%x" % len(body[:size]),) * 12 + (b"0", b"-1", b"g", b"ffffffffffffffff", b"1;" + b"a" * 99, b"")
        )
        pieces.append(told + b"\r\n" + body[:size] + b"\r\n")
        body = body[size:]
    end = rng.choice((b"0\r\n\r\n",) * 6 + (b"", b"0\r\n", b"0\r\nHost: evil.example\r\n\r\n", b"0\r\nA\r\n\r\n"))
    more = rng.choice((b"",) * 8 + (b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"))
    return _head(rng, port) + b"Transfer-Encoding: chunked\r\n" + more + b"\r\n" + b"".join(pieces) + end


def _asked(rng: random.Random, port: int) -> bytes:
    path = rng.choice(PATHS) + rng.choice(
        ("", "", "?", "/", "//", "?top=NaN", "?a[]=%ff", "#x", "%00", "/..%2f..%2fetc/passwd", "\\")
    )
    return _head(rng, port, method=rng.choice(METHODS), path=path) + b"\r\n"


def _several(rng: random.Random, port: int) -> bytes:
    return b"".join(rng.choice((_posted, _asked, _chunked))(rng, port) for _ in range(rng.randrange(2, 8)))


def _noise(rng: random.Random, _port: int) -> bytes:
    return rng.randbytes(rng.choice((1, 20, 400, 40_000)))


_KINDS: list[Callable[[random.Random, int], bytes]] = [
    _posted,
    _posted,
    _posted,
    _wrong_length,
    _chunked,
    _asked,
    _several,
    _noise,
]
