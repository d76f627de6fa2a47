"""`textpipe.Client`: what the commands answer, asked of a running service."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, overload
from urllib.parse import quote

from textpipe.client.batches import LIMIT, LIMITS, batches, characters, in_halves, matched
from textpipe.client.connection import Connection
from textpipe.corpus.document import Document, Piece
from textpipe.errors import InputError, OutputError, UsageError

Record = dict[str, Any]
Text = str | Document | Mapping[str, Any]

_ENDPOINTS = ("tokenize", "keywords", "summarize", "classify", "explain")
_WORDS = 256  # of a request


class Client:
    """A service at a URL, as `textpipe serve` starts one.

    A question has one text, and its answer is a record, or several, and the answer is the list of their records in the
    same order: texts, `textpipe.Document`s or mappings with `text` and, if they like, `id`. They are asked in as many
    requests as the service's limits need. Options are those of the command of the same name, without dashes.

    token: what `textpipe serve --token` wants; without one, TEXTPIPE_SERVER_TOKEN's, if that is set
    timeout: seconds without an answer; patience: seconds in all that a service that is busy is asked again
    Raises UsageError for what is no URL. May be shared by threads, each of which keeps a connection.

    >>> client = Client("http://127.0.0.1:8000")
    >>> client.url
    'http://127.0.0.1:8000'
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0, patience: float = 60.0) -> None:
        token = os.environ.get("TEXTPIPE_SERVER_TOKEN") or None if token is None else token
        self._connection = Connection(url, token, timeout=timeout, patience=patience)

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._connection.url

    def close(self) -> None:
        """Let go all connections; asking again makes new ones."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @overload
    def tokenize(self, texts: str, **options: Any) -> Record: ...
    @overload
    def tokenize(self, texts: Iterable[Text], **options: Any) -> list[Record]: ...
    def tokenize(self, texts: str | Iterable[Text], **options: Any) -> Record | list[Record]:
        """{"id", "tokens"}; options: mode, tags, spans, hmm, traditional."""
        return self._answer("tokenize", texts, options)

    @overload
    def keywords(self, texts: str, **options: Any) -> Record: ...
    @overload
    def keywords(self, texts: Iterable[Text], **options: Any) -> list[Record]: ...
    def keywords(self, texts: str | Iterable[Text], **options: Any) -> Record | list[Record]:
        """{"id", "keywords": [{"text", "score", "count", "first"}]}; options: top, method, pos, stopwords, …"""
        return self._answer("keywords", texts, options)

    @overload
    def summarize(self, texts: str, **options: Any) -> Record: ...
    @overload
    def summarize(self, texts: Iterable[Text], **options: Any) -> list[Record]: ...
    def summarize(self, texts: str | Iterable[Text], **options: Any) -> Record | list[Record]:
        """{"id", "sentences": [{"text", "score", "start", "end", "position"}]}; options: sentences, ratio, method, …"""
        return self._answer("summarize", texts, options)

    @overload
    def classify(self, texts: str, **options: Any) -> Record: ...
    @overload
    def classify(self, texts: Iterable[Text], **options: Any) -> list[Record]: ...
    def classify(self, texts: str | Iterable[Text], **options: Any) -> Record | list[Record]:
        """{"id", "label", "score", "labels": [{"label", "score"}]}; options: model, top, threshold."""
        return self._answer("classify", texts, options)

    @overload
    def explain(self, texts: str, **options: Any) -> Record: ...
    @overload
    def explain(self, texts: Iterable[Text], **options: Any) -> list[Record]: ...
    def explain(self, texts: str | Iterable[Text], **options: Any) -> Record | list[Record]:
        """The record of `textpipe explain`; options: model, label, against, top, method, unit.

        Of several texts, one to which a classifier gives several labels has a record for each of them.
        """
        return self._answer("explain", texts, options)

    @overload
    def similar(self, words: str, **options: Any) -> Record: ...
    @overload
    def similar(self, words: Iterable[str], **options: Any) -> list[Record]: ...
    def similar(self, words: str | Iterable[str], **options: Any) -> Record | list[Record]:
        """{"word", "neighbours": [{"word", "score"}]}; options: model, top."""
        _check_options(options)
        if isinstance(words, str):
            record: Record = self._connection.post("/v1/similar", {"word": words, **options})
            return record
        return list(self.similar_records(words, **options))

    def artifacts(self) -> list[Record]:
        """What the service's store holds."""
        found: list[Record] = self._member(self._connection.get("/v1/artifacts"), "artifacts")
        return found

    def artifact(self, name: str) -> Record:
        """One of them by its name, `kind/name` or id: its manifest, names, inputs and lineage."""
        kind, _, own = name.rpartition("/")
        query = f"?kind={quote(kind, safe='')}" if kind else ""
        found: Record = self._connection.get(f"/v1/artifacts/{quote(own, safe='')}{query}")
        return found

    def records(self, endpoint: str, texts: Iterable[Text], **options: Any) -> Generator[tuple[Document, Record]]:
        """(document, record) as answers come, of any number of texts; endpoint: `keywords`, `classify`, …"""
        for batch in batches(map(Piece, documents_of(texts)), size=characters, limit=LIMITS.get(endpoint, LIMIT)):
            for piece, record in self.ask(endpoint, batch, options):
                yield piece.document, record

    def ask(self, endpoint: str, pieces: Sequence[Piece], options: Mapping[str, Any]) -> list[tuple[Piece, Record]]:
        """Each text with its record, in one request, or in several where the service takes less at once."""
        if endpoint not in _ENDPOINTS:
            raise UsageError(f"no question {endpoint!r}", hint=f"one of: {', '.join(_ENDPOINTS)}")
        pairs: list[tuple[Piece, Record]] = in_halves(pieces, partial(self._ask, endpoint, options=options))
        for piece, record in pairs:
            record["id"] = piece.document.id  # which may be a path, and is nothing that the service has to know
        return pairs

    def similar_records(self, words: Iterable[str], **options: Any) -> Generator[Record]:
        """Records of any number of words, as answers come."""
        for batch in batches(words, size=len, limit=LIMIT):
            yield from in_halves(batch, partial(self._ask_words, options=options))

    def _answer(self, endpoint: str, texts: str | Iterable[Text], options: Mapping[str, Any]) -> Record | list[Record]:
        _check_options(options)
        if isinstance(texts, str):
            record: Record = self._connection.post(f"/v1/{endpoint}", {"text": texts, **options})
            return record
        return [record for _, record in self.records(endpoint, texts, **options)]

    def _ask(
        self, endpoint: str, pieces: Sequence[Piece], *, options: Mapping[str, Any]
    ) -> list[tuple[Piece, Record]] | None:
        body = {"documents": [{"id": str(n), "text": one.document.text} for n, one in enumerate(pieces)], **options}
        try:
            found = self._connection.post(f"/v1/{endpoint}", body, divisible=len(pieces) > 1)
        except InputError as error:
            if len(pieces) == 1 and error.where is None:
                error.message = error.message.replace(" of document 0", "")
                error.where = pieces[0].document.source or pieces[0].document.id
            raise
        return None if found is None else matched(pieces, self._member(found, "documents"), url=self.url)

    def _ask_words(self, words: Sequence[str], *, options: Mapping[str, Any]) -> list[Record] | None:
        found = self._connection.post("/v1/similar", {"words": list(words), **options}, divisible=len(words) > 1)
        return None if found is None else self._member(found, "words")

    def _member(self, answer: Any, name: str) -> Any:
        found = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise OutputError(f"the service's answer has no {name!r}", where=self.url, hint="textpipe serve starts one")
        return found


def documents_of(texts: Iterable[Text]) -> Iterator[Document]:
    """Documents; those without an id are called by their number, from 0."""
    for number, one in enumerate(texts):
        if isinstance(one, Document):
            yield one
        elif isinstance(one, str):
            yield Document(str(number), one)
        else:
            yield Document(str(one.get("id", number)), one["text"])


def _check_options(options: Mapping[str, Any]) -> None:
    for name in ("text", "documents", "word", "words"):
        if name in options:
            raise UsageError(f"{name!r} is no option", hint="texts come first: client.keywords(texts, top=5)")
