"""Bodies of requests: read once, checked, as documents and options.

`{"text": …}` is one text, whose answer is one record; `{"documents": [{"id", "text"}, …]}` are several. JSON lines are
several too, one `{"id", "text"}` a line, with the options in the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from textpipe.corpus.document import Document
from textpipe.service import strict_json
from textpipe.service.answers import JSON, JSON_LINES, Refused
from textpipe.service.fields import Endpoint, checked_options, options_of_query
from textpipe.service.settings import ServiceSettings

NDJSON = "application/x-ndjson"  # what JSON lines are called, too
MAX_ID, MAX_WORD = 1_000, 200  # code points
_ONE, _SEVERAL = '{"text": "…"}', '{"documents": [{"id": "…", "text": "…"}]}'
_WORDS = {"word": "text", "words": "documents"}


class Body(NamedTuple):
    """documents: in order; single: whether the body was one text, whose answer is one record; options: the endpoint's
    fields; lines: whether the answer is JSON lines; several: what the list of records is called in JSON"""

    documents: Sequence[Document]
    single: bool
    options: dict[str, Any]
    lines: bool = False
    several: str = "documents"

    @property
    def characters(self) -> int:
        """Code points of all texts."""
        return sum(len(one.text) for one in self.documents)


async def read_body(request: Request, endpoint: Endpoint, settings: ServiceSettings) -> Body:
    """Texts and options. Raises Refused (400, 413, 415, 422)."""
    raw = await whole_body(request.receive)
    if len(raw) > settings.max_body:
        raise Refused(413, f"the body is larger than {settings.max_body:,} bytes", hint="fewer texts a request")
    headers = dict(request.scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    query = options_of_query(endpoint, request.query_params) if request.scope["query_string"] else {}
    if query:
        checked_options(endpoint, query)  # also those that the body's go before
    if kind == JSON:
        content = object_of(raw)
        body = _texts(content, endpoint, settings)
        options = checked_options(endpoint, query | content if query else content)
    elif kind in (JSON_LINES, NDJSON) and endpoint.several and endpoint.takes:
        body = Body(_documents_of_lines(raw, endpoint, settings), False, {})
        options = checked_options(endpoint, query)
    else:
        kinds = f"{JSON} or {JSON_LINES}" if endpoint.several and endpoint.takes else JSON
        raise Refused(415, f"the body is not of a type that {endpoint.path} takes", hint=f"Content-Type: {kinds}")
    accept = headers.get(b"accept", b"").decode("latin-1")
    lines = JSON_LINES in accept or NDJSON in accept or (kind != JSON and JSON not in accept)
    return body._replace(options=options, lines=lines)


async def whole_body(receive: Receive) -> bytes:
    """Of a request. Raises ClientDisconnect."""
    pieces: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def object_of(raw: bytes) -> dict[str, Any]:
    """The object that JSON is. Raises Refused (400, 422)."""
    content = strict_json.loads(raw)
    if type(content) is not dict:
        raise Refused(422, "the body is not an object", hint=f"{_ONE} or {_SEVERAL}")
    return content


def _texts(content: dict[str, Any], endpoint: Endpoint, settings: ServiceSettings) -> Body:
    """Those of an object, which keeps its other fields."""
    if not endpoint.takes:
        return Body((), True, {})
    several = "documents"
    if endpoint.takes == "word":
        several = "words" if "words" in content else several
        _rename(content)
    text, documents = content.pop("text", None), content.pop("documents", None)
    if type(text) is str and documents is None:
        _check_length(text, endpoint, settings, "the text")
        return Body((Document("text", text),), True, {})
    if type(documents) is list and text is None and endpoint.several:
        if len(documents) > settings.max_texts:
            raise _too_many(len(documents), settings)
        found = [_document(one, number, endpoint, settings) for number, one in enumerate(documents)]
        return Body(found, False, {}, several=several)
    raise _no_text(endpoint, both=text is not None and documents is not None)


def _rename(content: dict[str, Any]) -> None:
    """Words may be called so: `word` is a `text`, `words` are `documents` of one each."""
    for name, meant in _WORDS.items():
        if name in content:
            if meant in content:
                raise Refused(422, f"both {name!r} and {meant!r}", hint="leave one of them out")
            given = content.pop(name)
            content[meant] = [{"text": one} for one in given] if name == "words" and type(given) is list else given


def _document(one: Any, number: int, endpoint: Endpoint, settings: ServiceSettings, what: str = "document") -> Document:
    """Of `{"id", "text"}`; other members are not looked at, as other columns of a table are not."""
    if type(one) is not dict:
        raise Refused(422, f"{what} {number} is not an object", hint=_SEVERAL)
    text = one.get("word" if endpoint.takes == "word" and "text" not in one else "text")
    if type(text) is not str:
        raise Refused(422, f"{what} {number} has no text", hint=_SEVERAL)
    _check_length(text, endpoint, settings, f"the text of {what} {number}")
    identity = one.get("id")
    if identity is None:
        return Document(str(number), text)
    if type(identity) is not str or len(identity) > MAX_ID:
        raise Refused(422, f"the id of {what} {number} is not a string of {MAX_ID:,} characters at most")
    return Document(identity, text)


def _documents_of_lines(raw: bytes, endpoint: Endpoint, settings: ServiceSettings) -> list[Document]:
    """One of each line that is not blank. All are looked at before the first is worked on."""
    found: list[Document] = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            try:
                content = object_of(line)
            except Refused as error:
                error.message = f"line {number}: {error.message.replace('the body', 'it')}"
                raise
            document = _document(content, number, endpoint, settings, "line")
            found.append(document if "id" in content else Document(str(len(found)), document.text))
    return found


def _check_length(text: str, endpoint: Endpoint, settings: ServiceSettings, what: str) -> None:
    most = MAX_WORD if endpoint.takes == "word" else settings.max_text
    if len(text) > most:
        raise Refused(413, f"{what} has {len(text):,} characters, more than {most:,}", hint="a part of it at a time")


def _too_many(count: int, settings: ServiceSettings) -> Refused:
    message = f"{count:,} texts are more than the {settings.max_texts:,} of a request"
    return Refused(413, message, hint=f"several requests, or JSON lines: Content-Type: {JSON_LINES}")


def _no_text(endpoint: Endpoint, *, both: bool) -> Refused:
    hint = f"{_ONE} or {_SEVERAL}" if endpoint.several else _ONE
    if endpoint.takes == "word":
        hint = '{"word": "…"} or {"words": ["…"]}'
    return Refused(422, "text or documents, not both" if both else f"no {endpoint.takes}", hint=hint)
