"""Requests that would be refused as soon as they were read, refused before anything is made of them.

Where twice as much comes as can be done, every second request is refused: what a refusal costs is taken from those that
are answered. This one is bytes that were put together before: no task, no route, no body that is read.
"""

from __future__ import annotations

import re
import time
from typing import Any

import orjson

from textpipe.operations.open_classifier import KIND as CLASSIFIER
from textpipe.service.admission import Admission, body_length
from textpipe.service.answers import JSON
from textpipe.service.artifacts import Artifacts
from textpipe.service.exchange import STATUS_LINES
from textpipe.service.fields import CLASSIFY
from textpipe.service.guard import NO_STORE
from textpipe.service.logs import Answered, RequestLog
from textpipe.service.queues import busy
from textpipe.service.wire import joined
from textpipe.service.work import Work

_PREFIX = "/v1/"
_WIDEST = 3  # bytes of a character of most texts
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,300})"')  # not in a text, where quotes have backslashes


class Shedding:
    """admission: says what may be asked at all; what may not, the guard answers"""

    def __init__(self, admission: Admission, work: Work, artifacts: Artifacts, log: RequestLog, *, inline: int) -> None:
        self._admission, self._work, self._artifacts, self._log = admission, work, artifacts, log
        self._longest = inline * _WIDEST
        refused = busy(0.0)
        self._body = orjson.dumps({"error": {"message": refused.message, "hint": refused.hint}})
        own = [(name.lower().encode(), value.encode()) for name, value in (refused.headers or {}).items()]
        content = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(self._body))]
        self._lines = joined((*content, *own, NO_STORE))

    def answer(self, scope: dict[str, Any], default_headers: bytes, packet: bytes) -> bytes | None:
        """The refusal, where the queue of the route, or of its network, is full and nothing else speaks against the
        request; else None. Long texts are left alone: threads work on them, which have queues of their own.

        packet: what came with the headers, which may be the body
        """
        path: str = scope["path"]
        to_network = path == CLASSIFY.path
        if to_network:
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
        queue = self._network(packet, length) if to_network else path[len(_PREFIX) :]
        if queue is None or not self._work.refuses_now(queue, length // _WIDEST):
            return None
        request = self._admission.request_id(found)
        self._log.request(Answered("POST", path, 503, time.perf_counter() - began, length, len(self._body), request))
        head = STATUS_LINES[503], default_headers, self._lines
        return b"%b%b%bx-request-id: %b\r\n\r\n%b" % (*head, request.encode(), self._body)

    def _network(self, packet: bytes, length: int) -> str | None:
        """The queue of the one that a body asks for, None where it does not say so, or came apart, or with others."""
        head = len(packet) - length - 4
        if packet.find(b"\r\n\r\n") != head:
            return None
        found = _MODEL.search(packet, head)
        return None if found is None else self._artifacts.address(CLASSIFIER, found[1].decode(errors="replace"))
