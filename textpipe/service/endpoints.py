"""What each route does: a body in, records out, by the functions of operations/ that the command line uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from textpipe.corpus.document import Document, Piece
from textpipe.keywords.extract import keyword_settings
from textpipe.operations.classify import classify_records
from textpipe.operations.keywords import extract_keywords
from textpipe.operations.tokenize import cut_pieces, token_records
from textpipe.segment.tokenizer import Tokenizer
from textpipe.service.answers import answer
from textpipe.service.artifacts import Artifacts
from textpipe.service.bodies import Body, read_body
from textpipe.service.health import Readiness
from textpipe.service.measurements import Measurements
from textpipe.service.settings import ServiceSettings
from textpipe.service.work import Work
from textpipe.store.refs import LATEST


class Service:
    """What the routes share: one of each worker."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.measurements = Measurements()
        self.artifacts = Artifacts(settings, self.measurements)
        self.work = Work(settings)
        self.readiness = Readiness(self.artifacts, self.work)
        self.tokenizer = Tokenizer()


def service_of(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def pieces(documents: Sequence[Document]) -> list[Piece]:
    return [Piece(document) for document in documents]


async def tokenize(request: Request) -> Response:
    service = service_of(request)
    body = await read_body(request, service.settings)
    found = await service.work.run(
        lambda: list(token_records(cut_pieces(pieces(body.documents), service.tokenizer))),
        characters=body.characters,
        queue="tokenize",
    )
    return answered(body, found)


async def keywords(request: Request) -> Response:
    service = service_of(request)
    body = await read_body(request, service.settings)
    settings = keyword_settings(k=body.options.get("top", 20), method=body.options.get("method", "phrases"))
    found = await service.work.run(
        lambda: [record for record, _ in extract_keywords(pieces(body.documents), settings)],
        characters=body.characters,
        queue="keywords",
    )
    return answered(body, found)


async def classify(request: Request) -> Response:
    service = service_of(request)
    body = await read_body(request, service.settings)
    loaded = await service.artifacts.classifier(body.options.get("model", LATEST))
    found = await service.work.probabilities(loaded, [one.text for one in body.documents])
    records = classify_records(body.documents, found, loaded.value, k=body.options.get("top"))
    return answered(body, [record for record, _ in records])


def answered(body: Body, records: Sequence[Any]) -> Response:
    """One record for one text, else {"documents": records}."""
    return answer(records[0] if body.single else {"documents": records})
