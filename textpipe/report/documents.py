"""The documents that a report shows: caught as they pass, the first ones only and not without end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from textpipe.corpus.document import Piece

MOST_DOCUMENTS = 50
MOST_CHARACTERS = 100_000  # of one document
MOST_IN_ALL = 1_000_000  # characters of all documents


@dataclass
class ShownDocument:
    """A document of a report.

    text: its beginning, whole when `length` (code points) is no larger; record: what was found in it
    """

    id: str
    text: str = ""
    length: int = 0
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Whether the text goes on after what is shown."""
        return self.length > len(self.text)


@dataclass
class ShownDocuments:
    """The first documents of a reading with their records, and how many there were.

    `watch` must see the pieces before what makes records of them; `add` takes the records, in the same order.
    """

    documents: list[ShownDocument] = field(default_factory=list)
    total: int = 0
    _records: int = 0
    _room: int = MOST_IN_ALL

    def watch(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces; what is shown of their texts is kept."""
        begun = False
        for piece in pieces:
            if not begun:
                self.total += 1
                if self.total <= MOST_DOCUMENTS:
                    self.documents.append(ShownDocument(piece.document.id))
            if self.total <= MOST_DOCUMENTS:
                self._keep(self.documents[-1], piece.document.text)
            begun = not piece.last
            yield piece

    def _keep(self, document: ShownDocument, text: str) -> None:
        part = text[: max(0, min(MOST_CHARACTERS - len(document.text), self._room))]
        self._room -= len(part)
        document.length += len(text)
        document.text += part

    def add(self, record: Mapping[str, Any]) -> None:
        """The record of the next document."""
        if self._records < MOST_DOCUMENTS:
            self.documents[self._records].record = record
        self._records += 1

    @property
    def more(self) -> int:
        """How many documents are not shown."""
        return self.total - len(self.documents)
