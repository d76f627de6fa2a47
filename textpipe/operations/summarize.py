"""Documents to records of key sentences."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import partial

from textpipe.corpus.document import Piece, texts_of
from textpipe.keywords.summary import SummaryRecord, SummarySettings, key_sentences, summary_record
from textpipe.operations.parallel import Item, ordered_map


def summarize_documents(
    pieces: Iterable[Piece], settings: SummarySettings, *, jobs: int = 1
) -> Generator[tuple[SummaryRecord, str | None]]:
    """(record, source) for each document, in input order, also when it has no sentences.

    jobs: processes; 0 for all cores. A document is held whole, however long: any of its sentences may be the best.
    """
    work = partial(key_sentences, settings=settings)
    for (identity, source), found in ordered_map(work, _whole(iter(pieces)), jobs=jobs):
        yield summary_record(identity, found), source


def _whole(pieces: Iterator[Piece]) -> Iterator[Item]:
    """Documents, the pieces of long ones put together."""
    for piece in pieces:
        text = "".join(texts_of(piece, pieces))
        yield Item((piece.document.id, piece.document.source), text, len(text))
