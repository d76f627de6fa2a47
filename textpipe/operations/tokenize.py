"""Documents to tokens: streamed piece by piece, joined to records where a record is wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from textpipe.corpus.document import Piece
from textpipe.operations.parallel import Item, ordered_map

if TYPE_CHECKING:
    from textpipe.segment.tokenizer import Tokenizer


class Cut(NamedTuple):
    """The tokens of a piece, with tags and spans when asked for; spans count from the document's start."""

    tokens: list[str]
    tags: list[str] | None = None
    spans: list[list[int]] | None = None


class TokenRecord(TypedDict):
    """A document's tokens: one JSON line."""

    id: str
    tokens: list[str]
    spans: NotRequired[list[list[int]]]
    tags: NotRequired[list[str]]


def cut_pieces(
    pieces: Iterable[Piece], tokenizer: Tokenizer, *, tags: bool = False, spans: bool = False, jobs: int = 1
) -> Generator[tuple[Piece, Cut]]:
    """The tokens of every piece, in input order. jobs: processes; 0 for all cores."""
    work = partial(_cut, tokenizer=tokenizer, tags=tags, spans=spans)
    items = (Item(piece, (piece.document.text, piece.offset), len(piece.document.text)) for piece in pieces)
    yield from ordered_map(work, items, jobs=jobs)


def joined_pieces(pieces: Iterable[Piece], tokenizer: Tokenizer, *, threads: int) -> Generator[tuple[Piece, bytes]]:
    """Every piece as plain text, in input order: tokens with a space between, UTF-8; blocks of lines keep line feeds.

    The compiled core runs in `threads` threads while this one reads and its caller writes.
    """

    def work(piece: Piece) -> bytes:
        return tokenizer.joined(piece.document.text, lines=piece.block)

    items = (Item(piece, piece, len(piece.document.text)) for piece in pieces)
    yield from ordered_map(work, items, jobs=threads, in_threads=True)


def token_records(cuts: Iterable[tuple[Piece, Cut]]) -> Iterator[TokenRecord]:
    """A record a document; the pieces of a long one are held until its last."""
    tokens: list[str] = []
    tags: list[str] = []
    spans: list[list[int]] = []
    for piece, cut in cuts:
        tokens += cut.tokens
        tags += cut.tags or []
        spans += cut.spans or []
        if piece.last:
            record: TokenRecord = {"id": piece.document.id, "tokens": tokens}
            if cut.spans is not None:
                record["spans"] = spans
            if cut.tags is not None:
                record["tags"] = tags
            yield record
            tokens, tags, spans = [], [], []


def _cut(argument: tuple[str, int], *, tokenizer: Tokenizer, tags: bool, spans: bool) -> Cut:
    text, offset = argument
    if not tags:
        if not spans:
            return Cut(tokenizer.tokenize(text))
        placed = tokenizer.placed(text)
        return Cut(
            [token for token, _ in placed],
            None,
            [[offset + start, offset + start + len(token)] for token, start in placed],
        )
    pairs = tokenizer.tag(text)
    tokens = [token for token, _ in pairs]
    return Cut(tokens, [tag for _, tag in pairs], _running_spans(tokens, offset) if spans else None)


def _running_spans(tokens: list[str], offset: int) -> list[list[int]]:
    """Tagging cuts now and then in other places than `spans`; its tokens stand one after the other."""
    spans: list[list[int]] = []
    for token in tokens:
        spans.append([offset, offset + len(token)])
        offset += len(token)
    return spans
