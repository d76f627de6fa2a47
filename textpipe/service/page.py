"""The page at `/` and its files under `/page/`: read once, when the service starts, and served from a fixed table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textpipe.service.answers import Refused

INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


class PageFile(NamedTuple):
    """A file of the page; tag: of its content, for `ETag`."""

    content: bytes
    media_type: str
    tag: str


def page_files() -> dict[str, PageFile]:
    """All files of the page by name: nothing that a request says is ever looked for on disk."""
    return dict(_read())


def _read() -> Iterator[tuple[str, PageFile]]:
    for entry in files("textpipe.service").joinpath("page").iterdir():
        media_type = _TYPES.get(entry.name[entry.name.rfind(".") :])
        if media_type is not None:
            content = entry.read_bytes()
            yield entry.name, PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def page_routes() -> list[Route]:
    """`/` and `/page/{name}`, for GET and HEAD."""
    table = page_files()

    async def page(request: Request) -> Response:
        found = table.get(request.path_params.get("name", INDEX))
        if found is None:
            raise Refused(404, "the page has no such file")
        headers = {"etag": found.tag, "cache-control": "no-cache"}  # kept, and asked for again by its tag
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, headers=headers, media_type=found.media_type)

    return [Route("/", page), Route("/page/{name}", page)]
