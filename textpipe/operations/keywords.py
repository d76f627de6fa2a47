"""Documents to keyword records."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import partial
from typing import cast

from textpipe.corpus.document import Piece, texts_of
from textpipe.keywords.candidates import KeywordRecord, KeywordRow, keyword_record
from textpipe.keywords.extract import KeywordSettings, graph_of, keywords_of
from textpipe.keywords.textrank import CooccurrenceGraph, rank
from textpipe.operations.parallel import Item, ordered_map


def extract_keywords(
    pieces: Iterable[Piece],
    settings: KeywordSettings,
    *,
    jobs: int = 1,
    graph: CooccurrenceGraph | None = None,
    explain: bool = False,
) -> Generator[tuple[KeywordRecord, str | None]]:
    """(record, source) for each document, in input order, also when it has no keywords.

    jobs: processes; 0 for all cores. Documents that come in several pieces are worked on in this process, as
        a stream. With `graph`, the co-occurrences of all documents are added to it (textrank only). With `explain`,
        every keyword has what `textpipe.keywords.explain` says of it, and documents are held whole.
    """
    items = _items(iter(pieces))
    if explain:
        for (identity, source), rows in ordered_map(partial(_explained, settings=settings), items, jobs=jobs):
            yield KeywordRecord(id=identity, keywords=rows), source
    elif graph is None:
        for (identity, source), found in ordered_map(partial(keywords_of, settings=settings), items, jobs=jobs):
            yield keyword_record(identity, found), source
    else:
        for (identity, source), part in ordered_map(partial(graph_of, settings=settings), items, jobs=jobs):
            graph.merge(part)
            yield keyword_record(identity, rank(part, k=settings.k, converge=settings.converge)), source


def _explained(texts: Iterable[str], *, settings: KeywordSettings) -> list[KeywordRow]:
    from textpipe.keywords.explain import explain_keywords

    return [cast(KeywordRow, keyword) for keyword in explain_keywords("".join(texts), settings)]


def _items(pieces: Iterator[Piece]) -> Iterator[Item]:
    for piece in pieces:
        document = piece.document
        key = (document.id, document.source)
        if piece.last:
            yield Item(key, [document.text], len(document.text))
        else:
            yield Item(key, texts_of(piece, pieces), len(document.text), local=True)
