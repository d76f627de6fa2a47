"""Names of artifacts are names: 5,000 ways of writing a path in their place open nothing outside the store."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.service.one_worker import Worker, one_worker

COUNT = 5_000
UPS = ("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae.", "%u002e%u002e", "..;", "..%00",
       ". .", "．．", "%ef%bc%8e%ef%bc%8e", "....", "..%0d%0a", "%2e%2e%20", "..%5c..", "․․")  # fmt: skip
SEPARATORS = (
    "/",
    "%2f",
    "%2F",
    "\\",
    "%5c",
    "%252f",
    "%c0%af",
    "%e0%80%af",
    "//",
    "/./",
    "%u2215",
    "／",
    "∕",
    "%ef%bc%8f",
    ";/",
)
TARGETS = (
    "etc/passwd",
    "secret/manifest.json",
    "secret",
    "proc/self/environ",
    "objects",
    "refs/classifier/news",
    "format",
)
BEGINNINGS = (
    "",
    "/",
    "classifier/",
    "latest/",
    "news/",
    "./",
    "~/",
    "file:///",
    "C:\\",
    "\\\\host\\share\\",
    "%2f",
    "%00",
    "news%00",
)


def spellings() -> Iterator[str]:
    """Paths as they are written on the wire, and what tools take for paths."""
    yield from (
        "..",
        ".",
        "...",
        "%2e",
        "*",
        "?x",
        "%",
        "%zz",
        "%0a",
        "news%0a",
        "news%2f",
        "NEWS/..",
        "$HOME",
        "`id`",
        "|id",
    )
    yield from (
        "-",
        "--",
        "news.json",
        "a" * 201,
        "%ed%a0%80",
        "%ff",
        "news\u200b",
        "news%e2%80%8b",
        "нews",
        "%",
        "con",
        "nul",
    )
    for up, separator, depth in itertools.product(UPS, SEPARATORS, (1, 2, 5)):
        for beginning, target in zip(itertools.cycle(BEGINNINGS), TARGETS, strict=False):
            yield beginning + (up + separator) * depth + target.replace("/", separator)
            if target == "objects":
                yield beginning.replace("/", separator) + separator.join([*[up] * depth, target])


class Line:
    """A connection that is used again and again."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self._socket = worker, worker.connect()

    def status(self, request: bytes) -> int:
        self._socket.sendall(request)
        found = b""
        while b"\r\n\r\n" not in found:
            piece = self._socket.recv(1 << 16)
            assert piece, "no answer"
            found += piece
        head, _, rest = found.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(rest) < int(headers[b"content-length"]):
            rest += self._socket.recv(1 << 16)
        if headers.get(b"connection") == b"close":
            self._socket.close()
            self._socket = self._worker.connect()
        return int(head.split()[1])

    def close(self) -> None:
        self._socket.close()


def in_the_path(spelling: str, *, port: int) -> bytes:
    """Its bytes as they are, but for those that would end the request line."""
    path = quote(spelling, safe="%/\\:;~.?*$`|&=-") if not spelling.isascii() or " " in spelling else spelling
    return b"GET /v1/artifacts/%b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (path.encode(), port)


def in_a_body(spelling: str, *, port: int) -> bytes:
    body = json.dumps({"text": "球队赢了决赛", "model": spelling}).encode()
    head = f"POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def opened(worker: Worker) -> list[str]:
    return worker.opened.read_text("utf-8", "surrogateescape").splitlines()


def outside(path: str, store: Path) -> bool:
    """Whether a name that was opened is not the store's; numbers are descriptors."""
    return not path.isdigit() and not Path(os.path.normpath(path)).is_relative_to(store)


def test_no_spelling_of_a_path_is_a_name(sample_store: Path, tmp_path: Path) -> None:
    names = list(dict.fromkeys(spellings()))[:COUNT]
    assert len(names) == COUNT
    secret = sample_store.parent / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "manifest.json").write_text("{}")
    seen: Counter[int] = Counter()
    with one_worker(tmp_path, audit=True, store=str(sample_store)) as worker:
        line = Line(worker)
        for good, status in (("news", 200), ("absent", 404), ("no name", 404)):
            assert line.status(in_the_path(good, port=worker.port)) == status
        assert line.status(in_a_body("news", port=worker.port)) == 200
        assert line.status(in_a_body("absent", port=worker.port)) == 404
        before = len(opened(worker))
        assert before > 0, "the hook sees nothing"
        for number, name in enumerate(names):
            seen[line.status(in_the_path(name, port=worker.port))] += 1
            if number % 5 == 0:
                seen[line.status(in_a_body(name, port=worker.port))] += 1
        line.close()
        found = opened(worker)[before:]
    assert all(400 <= status < 500 for status in seen), seen
    assert seen.total() == COUNT + COUNT // 5
    assert not [path for path in found if outside(path, sample_store)]


def test_what_is_outside_is_noticed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert outside("/etc/passwd", store)
    assert outside(f"{store}/../secret", store)
    assert outside("relative", store)
    assert not outside(f"{store}/refs/classifier", store)
