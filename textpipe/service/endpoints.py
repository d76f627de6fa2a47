"""What each route does: a body in, records out, by the functions of operations/ that the command line uses."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from textpipe.corpus.document import Document, Piece
from textpipe.embeddings.vectors import Vectors
from textpipe.keywords.extract import KeywordSettings, keyword_settings
from textpipe.keywords.summary import SummarySettings, summary_settings
from textpipe.operations.classify import classify_records
from textpipe.operations.explain_decisions import ExplainSettings, explain_documents
from textpipe.operations.keywords import extract_keywords
from textpipe.operations.neighbours import require_known, similar_words
from textpipe.operations.summarize import summarize_documents
from textpipe.operations.tokenize import cut_pieces, token_records
from textpipe.operations.word_graph import graph_record
from textpipe.segment.tokenizer import Mode, Tokenizer
from textpipe.service import fields
from textpipe.service.answers import Answer, answer
from textpipe.service.artifacts import Artifacts, Loaded
from textpipe.service.bodies import Body, read_body
from textpipe.service.fields import Endpoint
from textpipe.service.health import Readiness
from textpipe.service.maps import Maps
from textpipe.service.measurements import Measurements
from textpipe.service.outbox import Outbox
from textpipe.service.settings import ServiceSettings
from textpipe.service.streams import Records, gathered, streamed
from textpipe.service.work import Work

Options = Mapping[str, Any]
_REMEMBERED = 64  # settings: what they need, as an extractor, takes longer to make than a text to work on
_A_CHARACTER = 500  # multiplications that take about as long as a character of a text
_SPELLED = 100_000  # words, the most frequent ones, among which near spellings are looked for


class Service:
    """What the routes share: one of each worker."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.measurements = Measurements()
        self.artifacts = Artifacts(settings, self.measurements)
        self.outbox = Outbox()
        self.work = Work(settings, before=self.outbox.send)
        self.readiness = Readiness(self.artifacts, self.work)
        self.maps = Maps()


def service_of(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def pieces(documents: Sequence[Document]) -> list[Piece]:
    return [Piece(document) for document in documents]


def characters(documents: Sequence[Document]) -> int:
    return sum(len(one.text) for one in documents)


# ------------------------------------------------------------------------------------------ what records are made by


async def tokenize(service: Service, options: Options) -> Records:
    if options["tags"] and options["mode"] != "exact":
        raise fields.apart("tags", "mode", "tags go with mode exact only")
    tokenizer = tokenizer_of(options["mode"], hmm=options["hmm"], traditional=options["traditional"])
    tags, spans = options["tags"], options["spans"]

    def work(documents: Sequence[Document]) -> list[Any]:
        return list(token_records(cut_pieces(pieces(documents), tokenizer, tags=tags, spans=spans)))

    return in_queue(service, "tokenize", work)


async def keywords(service: Service, options: Options) -> Records:
    explain = options["explain"]
    settings = await keyword_settings_of(service, options)

    def work(documents: Sequence[Document]) -> list[Any]:
        return [record for record, _ in extract_keywords(pieces(documents), settings, explain=explain)]

    return in_queue(service, "keywords", work)


async def summarize(service: Service, options: Options) -> Records:
    settings = _summary_settings(tuple(options.items()))

    def work(documents: Sequence[Document]) -> list[Any]:
        return [record for record, _ in summarize_documents(pieces(documents), settings)]

    return in_queue(service, "summarize", work)


async def similar(service: Service, options: Options) -> Records:
    loaded = await service.artifacts.vectors(options["model"])
    vectors: Vectors = loaded.value
    size = len(vectors) * vectors.vector_size // _A_CHARACTER

    def work(documents: Sequence[Document]) -> list[Any]:
        return list(similar_words(vectors, [one.text for one in documents], k=options["top"]))

    async def records(documents: Sequence[Document], *, patient: bool = False) -> Sequence[Any]:
        cost = characters(documents) + size * len(documents)
        return await service.work.run(
            lambda: work(documents), characters=cost, queue=loaded.artifact.address, patient=patient
        )

    return records


async def classify(service: Service, options: Options) -> Records:
    loaded = await service.artifacts.classifier(options["model"])

    async def records(documents: Sequence[Document], *, patient: bool = False) -> Sequence[Any]:
        if not documents:
            return []
        found = await service.work.probabilities(loaded, [one.text for one in documents], patient=patient)
        made = classify_records(documents, found, loaded.value, k=options["top"], threshold=options["threshold"])
        return [record for record, _ in made]

    return records


async def explain(service: Service, options: Options) -> Records:
    loaded = await service.artifacts.classifier(options["model"])
    settings = ExplainSettings(**{name: options[name] for name in ExplainSettings._fields})
    if settings.label is not None and settings.label == settings.against:
        raise fields.apart("label", "against", "against names the label itself")

    def work(documents: Sequence[Document]) -> list[Any]:
        return [one.record for one in explain_documents(pieces(documents), loaded.value, settings)]

    async def records(documents: Sequence[Document], *, patient: bool = False) -> Sequence[Any]:
        cost = characters(documents) + service.settings.inline  # never here: networks are asked many times for a text
        queue = f"explain/{loaded.artifact.address}"
        return await service.work.run(lambda: work(documents), characters=cost + 1, queue=queue, patient=patient)

    return records


async def graph(service: Service, options: Options) -> Records:
    settings = _graph_settings(tuple(options.items()))
    return in_queue(service, "graph", lambda documents: [graph_record(one.text, settings) for one in documents])


def in_queue(service: Service, queue: str, work: Callable[[Sequence[Document]], list[Any]]) -> Records:
    """What does that work where it belongs."""

    async def records(documents: Sequence[Document], *, patient: bool = False) -> Sequence[Any]:
        return await service.work.run(
            lambda: work(documents), characters=characters(documents), queue=queue, patient=patient
        )

    return records


# ------------------------------------------------------------------------------------------ settings, remembered

_Given = tuple[tuple[str, Any], ...]


@functools.cache  # of so few
def tokenizer_of(mode: Mode, *, hmm: bool, traditional: bool) -> Tokenizer:
    return Tokenizer(mode=mode, hmm=hmm, traditional=traditional)


async def keyword_settings_of(service: Service, options: Options) -> KeywordSettings:
    """Remembered where no artifact has a part in them, which may be another by now."""
    if options["idf"] is None and options["vectors"] is None:
        return _plain_keyword_settings(tuple(options.items()))
    idf = None if options["idf"] is None else await service.artifacts.weights(options["idf"])
    vectors = None if options["vectors"] is None else await service.artifacts.vectors(options["vectors"])
    return _keyword_settings(options, idf, vectors)


@functools.lru_cache(maxsize=_REMEMBERED)
def _plain_keyword_settings(given: _Given) -> KeywordSettings:
    return _keyword_settings(dict(given), None, None)


def _keyword_settings(given: Options, idf: Loaded | None, vectors: Loaded | None) -> KeywordSettings:
    options = dict(given)
    hmm, traditional = options.pop("hmm"), options.pop("traditional")
    weights, own = (None, None) if idf is None else idf.value
    tokenizer = own if own is not None and hmm and not traditional else None
    del options["explain"]
    return keyword_settings(
        k=options.pop("top"),
        stopwords=options.pop("stopwords") or (),
        tokenizer=tokenizer or tokenizer_of("exact", hmm=hmm, traditional=traditional),
        **options | {"idf": weights, "vectors": None if vectors is None else vectors.value},
    )


@functools.lru_cache(maxsize=_REMEMBERED)
def _summary_settings(given: _Given) -> SummarySettings:
    options = dict(given)
    tokenizer = tokenizer_of("exact", hmm=options.pop("hmm"), traditional=options.pop("traditional"))
    return summary_settings(stopwords=options.pop("stopwords") or (), tokenizer=tokenizer, **options)


@functools.lru_cache(maxsize=_REMEMBERED)
def _graph_settings(given: _Given) -> KeywordSettings:
    options = dict(given)
    tokenizer = tokenizer_of("exact", hmm=options.pop("hmm"), traditional=options.pop("traditional"))
    top, stopwords = options.pop("top"), options.pop("stopwords") or ()
    return keyword_settings(method="textrank", k=top, stopwords=stopwords, tokenizer=tokenizer, **options)


# ------------------------------------------------------------------------------------------ requests


async def answered(
    request: Request, endpoint: Endpoint, prepare: Callable[[Service, Options], Awaitable[Records]]
) -> ASGIApp:
    """One record for one text, else {"documents": records}, or records as JSON lines."""
    service = service_of(request)
    body = await read_body(request, endpoint, service.settings)
    records = await prepare(service, body.options)
    if body.lines:
        return await streamed(body.documents, records)
    if not body.single:
        return answer({body.several: await gathered(body.documents, records)})
    found = await records(body.documents)
    return answer(await _single(service, endpoint, body, found))


async def _single(service: Service, endpoint: Endpoint, body: Body, found: Sequence[Any]) -> Any:
    """The one record. Raises InputError for a word without a vector, with near spellings."""
    if endpoint is fields.EXPLAIN:
        return max(found, key=lambda record: record["score"])
    if endpoint is fields.SIMILAR and not found[0]["neighbours"]:
        loaded = await service.artifacts.vectors(body.options["model"])
        word = body.documents[0].text
        far = service.settings.inline + 1
        await service.work.run(
            lambda: require_known(loaded.value, [word], among=_SPELLED), characters=far, queue="spellings"
        )
    return found[0]


async def word_map(request: Request) -> Answer:
    service = service_of(request)
    body = await read_body(request, fields.MAP, service.settings)
    loaded = await service.artifacts.vectors(body.options["model"])
    return await service.maps.answer(loaded, body.options, service.work)


def routes() -> list[Route]:
    """Those with a body."""
    prepared = {
        fields.TOKENIZE: tokenize,
        fields.KEYWORDS: keywords,
        fields.SUMMARIZE: summarize,
        fields.SIMILAR: similar,
        fields.CLASSIFY: classify,
        fields.EXPLAIN: explain,
        fields.GRAPH: graph,
    }
    return [
        *(Route(one.path, _handler(one, prepare), methods=["POST"]) for one, prepare in prepared.items()),
        Route(fields.MAP.path, word_map, methods=["POST"]),
    ]


def _handler(endpoint: Endpoint, prepare: Callable[[Service, Options], Awaitable[Records]]) -> Any:
    async def handler(request: Request) -> ASGIApp:
        return await answered(request, endpoint, prepare)

    return handler
