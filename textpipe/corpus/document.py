"""What reading yields: documents, and the pieces that long ones come in; and the account of what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from textpipe.errors import InputError


@dataclass(frozen=True, slots=True)
class Document:
    """One text.

    id: the id column, else the path, else `path:line` (lines count from 1)
    label: the label column, where there is one
    source: the file, or `file:line`, that it came from
    """

    id: str
    text: str
    label: str | None = None
    source: str | None = None


class Piece(NamedTuple):
    """A document, or a part of one that is too long to be held whole.

    `document.text` is this part; `offset` counts the code points of its document before it; `last` closes it.
    A block of whole lines (ReadOptions.line_blocks) holds several `documents` between line feeds, and is named after
    the first; line feeds in any other piece are part of its document.
    """

    document: Document
    offset: int = 0
    last: bool = True
    documents: int = 1
    block: bool = False


def texts_of(piece: Piece, pieces: Iterator[Piece]) -> Iterator[str]:
    """The texts of the document that begins with `piece`; those after it are taken from `pieces`, up to its last."""
    yield piece.document.text
    while not piece.last:
        piece = next(pieces)
        yield piece.document.text


def whole_documents(pieces: Iterable[Piece]) -> Iterator[Document]:
    """The documents that pieces make up, each whole in memory."""
    stream = iter(pieces)
    for piece in stream:
        text = "".join(texts_of(piece, stream))
        yield piece.document if text is piece.document.text else replace(piece.document, text=text)


@dataclass
class ReadLog:
    """The account of a reading: read = used + skipped + rejected.

    skipped: left out on purpose, by reason (blank rows, binary files in a folder, not in the sample)
    rejected: documents that were there but could not be used, by reason
    replaced: characters that became U+FFFD, in used documents
    notes: what was assumed and may be wrong
    paths: all files that are read, also those behind folders and patterns
    encodings: files by encoding; first_files: the first file in each; marked: files that begin with a byte order mark
    line_ends: files by how their lines end (`lf`, `crlf`, `cr`, `mixed`, `none`); None: not looked at
    """

    used: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    encodings: Counter[str] = field(default_factory=Counter)
    first_files: dict[str, str] = field(default_factory=dict)
    marked: int = 0
    line_ends: Counter[str] | None = None
    examples: dict[str, InputError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    bytes_read: int = 0
    bytes_total: int | None = None

    @property
    def read(self) -> int:
        """All documents that were met."""
        return self.used + self.skipped.total() + self.rejected.total()

    def skip(self, reason: str, error: InputError | None = None, *, count: int = 1) -> None:
        """Count documents that are left out, and keep the first as an example."""
        if count:
            self.skipped[reason] += count
        if error is not None:
            self.examples.setdefault(reason, error)

    def reject(self, error: InputError, *, reason: str | None = None) -> None:
        """Count a document that cannot be used, and keep the first for each reason as an example."""
        self.rejected[reason or error.message] += 1
        self.examples.setdefault(reason or error.message, error)
