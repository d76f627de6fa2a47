"""Requests that would be refused as soon as they were read, refused before anything is made of them.

Where twice as much comes as can be done, every second request is refused: what a refusal costs is taken from those that
are answered. This one is bytes that were put together before: no task, no route, no body that is read; and where the
head is one that was looked at before, not even parsed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from textpipe.operations.open_classifier import KIND as CLASSIFIER
from textpipe.service.admission import Admission, body_length
from textpipe.service.answers import JSON
from textpipe.service.artifacts import Artifacts
from textpipe.service.fields import CLASSIFY
from textpipe.service.guard import NO_STORE
from textpipe.service.logs import Answered, RequestLog
from textpipe.service.queues import busy
from textpipe.service.wire import joined
from textpipe.service.work import Work

STATUS = 503
_PREFIX = "/v1/"
_WIDEST = 3  # bytes of a character of most texts
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,300})"')  # not in a text, where quotes have backslashes
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*(?=\r\n)", re.IGNORECASE)
_HEADS = 64  # that are remembered
_OWN = (b"x-request-id", b"authorization")  # differ from request to request; are looked at each time
_NO_HEADERS: Mapping[bytes, bytes] = {}


class _Whole(NamedTuple):
    """A request that came in one packet, alone. head: its bytes, without those of the body's length; body: where that
    begins; length: of it"""

    head: bytes
    body: int
    length: int


class Shedding:
    """admission: says what may be asked at all; what may not, the guard answers"""

    def __init__(self, admission: Admission, work: Work, artifacts: Artifacts, log: RequestLog, *, inline: int) -> None:
        self._admission, self._work, self._artifacts, self._log = admission, work, artifacts, log
        self._longest = inline * _WIDEST
        self._paths: dict[bytes, str] = {}  # by heads of requests that may be asked
        self._let_in: bytes | None = None  # the packet that `unparsed` found room for
        refused = busy(0.0)
        self._body = orjson.dumps({"error": {"message": refused.message, "hint": refused.hint}})
        own = [(name.lower().encode(), value.encode()) for name, value in (refused.headers or {}).items()]
        content = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(self._body))]
        self._lines = joined((*content, *own, NO_STORE))

    def parsed(self, scope: dict[str, Any], packet: bytes) -> bytes | None:
        """The refusal, as what follows the status line (503) and the headers of every answer, where the queue of the
        route, or of its network, is full and nothing else speaks against the request; else None. Long texts are left
        alone: threads work on them, which have queues of their own.

        packet: what came with the headers, which may be the body; empty where it holds more than a request's beginning
        """
        if packet and packet is self._let_in:
            self._let_in = None
            return None
        path: str = scope["path"]
        if path == CLASSIFY.path:
            refuses = self._work.any_network_refuses()
        else:
            refuses = path.startswith(_PREFIX) and self._work.refuses(path[len(_PREFIX) :])
        if not refuses:
            return None
        began = time.perf_counter()
        found, refusal = self._admission.looked_at(scope)
        length = body_length(found)
        if refusal is not None or scope["method"] != "POST" or not 0 < length <= self._longest:
            return None
        whole = _whole(packet)
        if whole is not None and whole.length == length and not any(name in found for name in _OWN):
            if len(self._paths) >= _HEADS:
                self._paths.clear()
            self._paths[whole.head] = path
        queue = self._queue(path, packet, whole)
        if queue is None or not self._work.refuses_now(queue, length // _WIDEST):
            return None
        return self._refusal(path, length, began, found)

    def unparsed(self, packet: bytes) -> bytes | None:
        """The same of the first bytes of a request, where they are all of it and it is like one that `parsed` was asked
        about, but for its body; None of others."""
        if not self._paths:
            return None
        began = time.perf_counter()
        whole = _whole(packet)
        path = None if whole is None else self._paths.get(whole.head)
        if whole is None or path is None or not 0 < whole.length <= self._longest:
            return None
        queue = self._queue(path, packet, whole)
        if queue is None or not self._work.refuses(queue):
            return None
        if not self._work.refuses_now(queue, whole.length // _WIDEST):
            self._let_in = packet
            return None
        return self._refusal(path, whole.length, began, _NO_HEADERS)

    def _queue(self, path: str, packet: bytes, whole: _Whole | None) -> str | None:
        """Of the route, or of the network that a body asks for; None where it does not say so, or came apart."""
        if path != CLASSIFY.path:
            return path[len(_PREFIX) :]
        found = None if whole is None else _MODEL.search(packet, whole.body)
        return None if found is None else self._artifacts.address(CLASSIFIER, found[1].decode(errors="replace"))

    def _refusal(self, path: str, length: int, began: float, headers: Mapping[bytes, bytes]) -> bytes:
        request = self._admission.request_id(headers)
        seconds = time.perf_counter() - began
        self._log.request(Answered("POST", path, STATUS, seconds, length, len(self._body), request))
        return b"%bx-request-id: %b\r\n\r\n%b" % (self._lines, request.encode(), self._body)


def _whole(packet: bytes) -> _Whole | None:
    """None where the packet is something else. That its head is one of a request, its parser must have said."""
    end = packet.find(b"\r\n\r\n")
    found = None if end < 0 else _LENGTH.search(packet, 0, end + 2)
    if found is None or len(packet) != end + 4 + int(found[1]):
        return None
    return _Whole(packet[: found.start(1)] + packet[found.end(1) : end], end + 4, int(found[1]))
