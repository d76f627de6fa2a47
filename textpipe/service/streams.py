"""Answers as JSON lines, sent as they are made: what a request of any number of texts takes is little memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from textpipe.corpus.document import Document
from textpipe.errors import TextpipeError
from textpipe.service.answers import JSON_LINES, Refused

_TOGETHER, _CHARACTERS = 64, 16_000  # texts that are worked on at once, and characters
_PATIENCE, _PAUSE = 20.0, 0.2  # seconds that a stream waits where others are refused, and between two attempts
_Records = Callable[[Sequence[Document]], Awaitable[Sequence[Any]]]


async def streamed(documents: Sequence[Document], records: _Records) -> Response:
    """A line a record. What is wrong with the first ones is an error with its status; later the last line is the error:
    {"error": …}."""
    parts = _parts(documents)
    first = await records(next(parts, []))
    return StreamingResponse(_lines(first, parts, records), media_type=JSON_LINES)


async def _lines(first: Sequence[Any], parts: Iterator[Sequence[Document]], records: _Records) -> AsyncIterator[bytes]:
    yield _encoded(first)
    for part in parts:
        try:
            found = await _patiently(part, records)
        except (Refused, TextpipeError) as error:  # the status has been sent
            yield _encoded([{"error": {"message": error.message, "hint": error.hint}}])
            return
        yield _encoded(found)


async def _patiently(part: Sequence[Document], records: _Records) -> Sequence[Any]:
    """A stream that has begun waits its turn where a new request is refused (503)."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return await records(part)
        except Refused as error:
            if error.status != 503 or time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)


def _parts(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    part: list[Document] = []
    characters = 0
    for document in documents:
        part.append(document)
        characters += len(document.text)
        if len(part) >= _TOGETHER or characters >= _CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def _encoded(records: Sequence[Any]) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
