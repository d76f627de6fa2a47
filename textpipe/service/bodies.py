"""Bodies of requests: read once, checked, as documents and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request

from textpipe.corpus.document import Document
from textpipe.service import strict_json
from textpipe.service.answers import Refused
from textpipe.service.settings import ServiceSettings


class Body(NamedTuple):
    """documents: in order; single: whether the body was one text, whose answer is one record; options: other fields"""

    documents: list[Document]
    single: bool
    options: Mapping[str, Any]

    @property
    def characters(self) -> int:
        """Code points of all texts."""
        return sum(len(one.text) for one in self.documents)


async def read_json(request: Request, settings: ServiceSettings) -> dict[str, Any]:
    """The object that the body is. Raises Refused where it is none, or too large."""
    raw = await request.body()
    if len(raw) > settings.max_body:
        raise Refused(413, f"the body is larger than {settings.max_body:,} bytes", hint="fewer texts a request")
    content = strict_json.loads(raw)
    if not isinstance(content, dict):
        raise Refused(422, "the body is not an object", hint='{"text": "…"} or {"documents": [{"id", "text"}]}')
    return content


async def read_body(request: Request, settings: ServiceSettings) -> Body:
    """Texts and options. Raises Refused (400, 413, 422)."""
    content = await read_json(request, settings)
    text, documents = content.pop("text", None), content.pop("documents", None)
    if isinstance(text, str) and documents is None:
        return Body([Document("text", text)], True, content)
    if text is None and isinstance(documents, list):
        return Body([Document(str(one.get("id", n)), one["text"]) for n, one in enumerate(documents)], False, content)
    raise Refused(422, "no text", hint='{"text": "…"} or {"documents": [{"id", "text"}]}')
