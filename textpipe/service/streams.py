"""Answers of many texts, worked on in parts: as JSON lines, sent as they are made, or all at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from typing import Any, Protocol

import orjson
from starlette.responses import Response, StreamingResponse

from textpipe.corpus.document import Document
from textpipe.errors import TextpipeError
from textpipe.service.answers import JSON_LINES, Refused

_TOGETHER, _CHARACTERS = 64, 16_000  # texts that are worked on at once, and characters


class Records(Protocol):
    """What makes the records of some of a request's documents. patient: waits for its turn where new requests are
    refused (503), as what has begun does"""

    def __call__(self, documents: Sequence[Document], *, patient: bool = False) -> Awaitable[Sequence[Any]]: ...


async def streamed(documents: Sequence[Document], records: Records) -> Response:
    """A line a record. What is wrong with the first ones is an error with its status; later the last line is the error:
    {"error": …}."""
    parts = _parts(documents)
    first = await records(next(parts, []))
    return StreamingResponse(_lines(first, parts, records), media_type=JSON_LINES)


async def gathered(documents: Sequence[Document], records: Records) -> Sequence[Any]:
    """All records. Many documents, or long ones, are worked on in parts, between which others have their turn."""
    found: list[Any] = []
    for number, part in enumerate(_parts(documents)):
        found += await records(part, patient=number > 0)
    return found


async def _lines(first: Sequence[Any], parts: Iterator[Sequence[Document]], records: Records) -> AsyncIterator[bytes]:
    yield _encoded(first)
    for part in parts:
        try:
            found = await records(part, patient=True)
        except (Refused, TextpipeError) as error:  # the status has been sent
            yield _encoded([{"error": {"message": error.message, "hint": error.hint}}])
            return
        yield _encoded(found)


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
