"""Documents to the statistics of them all: read in blocks, counted in any process, added up in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from textpipe.corpus.document import Piece
from textpipe.discover.blocks import CountSettings, Part, count_block
from textpipe.discover.near_duplicates import CONTEXT
from textpipe.discover.stats import Key, Statistics
from textpipe.operations.parallel import Item, ordered_map

_BLOCK_CHARACTERS = 1 << 18
_BLOCK_DOCUMENTS = 1 << 12


def count_documents(
    pieces: Iterable[Piece], settings: CountSettings, statistics: Statistics, *, jobs: int = 1
) -> Generator[str]:
    """Add documents to the statistics in one pass; yields the id of each when it has been counted.

    jobs: processes; 0 for all cores.
    """
    for block, counts in ordered_map(partial(count_block, settings=settings), _items(pieces), jobs=jobs):
        statistics.add(block.keys, block.texts, counts)
        yield from (key.id for key in block.keys if key.last)


class _Block(NamedTuple):
    keys: list[Key]
    texts: list[str]


def _items(pieces: Iterable[Piece]) -> Iterator[Item]:
    """Blocks of whole documents; a piece of a longer one is a block of its own."""
    keys: list[Key] = []
    texts: list[str] = []
    size = 0
    before = ""
    for piece in pieces:
        document = piece.document
        key = Key(document.id, document.label, piece.last)
        whole = piece.last and not piece.offset
        if keys and (not whole or size >= _BLOCK_CHARACTERS or len(keys) >= _BLOCK_DOCUMENTS):
            yield Item(_Block(keys, texts), list(map(Part, texts)), size)
            keys, texts, size = [], [], 0
        if whole:
            keys.append(key)
            texts.append(document.text)
            size += len(document.text)
        else:
            part = Part(document.text, whole=False, before=before if piece.offset else "")
            yield Item(_Block([key], [document.text]), [part], len(document.text))
            before = document.text[-CONTEXT:]
    if keys:
        yield Item(_Block(keys, texts), list(map(Part, texts)), size)
