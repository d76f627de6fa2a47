"""In how many documents words occur, exactly, in memory that does not grow: neither with documents nor with words."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from textpipe.keywords.runs import SortedRuns
from textpipe.text import has_han

MEMORY = 96 << 20  # bytes that words may fill before they are written out
_ENTRY = 120  # bytes that a word takes in a dict besides itself, also while that grows, and in a sorted list
_LOWERED = 1 << 18  # words lower-cased at a time
_ONE = b"1"


class DocumentTally:
    """Counts documents by word: `add` the tokens of a document, piece by piece, and `end` it.

    Tokens of one character and line ends do not count. A document without Han characters counts in lower case, as
    keywords do. When the words of a document, or of all documents, fill `memory` bytes, they go to sorted runs.
    """

    def __init__(self, *, folder: Path | None = None, memory: int = MEMORY) -> None:
        self.documents = 0
        self._folder = folder
        self._memory = memory
        self._counts: Counter[str] = Counter()
        self._size = 0
        self._runs = SortedRuns(_summed, folder=folder)
        self._start()

    def _start(self) -> None:
        self._words: set[str] = set()
        self._chinese = False
        self._unmeasured = 0
        self._pieces: SortedRuns | None = None  # of a document with more words than memory holds

    def add(self, tokens: list[str], *, text: str) -> None:
        """Tokens of the current document and the text that they were cut from."""
        self._words.update(tokens)
        self._chinese = self._chinese or has_han(text)
        self._unmeasured += len(text)
        if self._unmeasured > self._memory // 16:  # they cannot have grown by much more than four times as much
            self._unmeasured = 0
            if _size_of(self._words) > self._memory // 2:
                self._pieces = self._pieces or SortedRuns(_once, folder=self._folder)
                _spill(self._pieces, self._words)

    def end(self) -> None:
        """The document is whole; one without tokens counts as well."""
        self.documents += 1
        if self._pieces is None:
            words = {word for word in self._words if len(word) > 1 and word != "\r\n"}  # no other is white space
            if not self._chinese:
                words = {word.lower() for word in words}
            self._size += _size_of(word for word in words if word not in self._counts)
            self._counts.update(words)
            if self._size > self._memory:
                self._write_out()
        else:
            _spill(self._pieces, self._words)
            self._runs.add((word, _ONE) for word in _document_words(self._pieces, self._chinese, self._folder))
        self._start()

    def merged(self) -> Iterator[tuple[bytes, int]]:
        """(word in UTF-8, documents that have it) by ascending word. To be used up once, at the end."""
        self._write_out()
        return ((word, int(count)) for word, count in self._runs.merged())

    def _write_out(self) -> None:
        counts = self._counts
        if counts:
            self._runs.add((word.encode(), b"%d" % counts[word]) for word in sorted(counts))
        counts.clear()
        self._size = 0


def _size_of(words: Iterator[str] | set[str]) -> int:
    sizes = [sys.getsizeof(word) + _ENTRY for word in words]
    return sum(sizes)


def _spill(runs: SortedRuns, words: set[str]) -> None:
    runs.add((word.encode(), _ONE) for word in sorted(words) if len(word) > 1 and word != "\r\n")
    words.clear()


def _document_words(pieces: SortedRuns, chinese: bool, folder: Path | None) -> Iterator[bytes]:
    """Each word of a large document once, ascending; lower-cased ones are sorted anew, part by part."""
    if not chinese:
        cased, pieces = pieces.merged(), SortedRuns(_once, folder=folder)
        while part := {word.decode().lower().encode() for word, _ in islice(cased, _LOWERED)}:
            pieces.add((word, _ONE) for word in sorted(part))
    return (word for word, _ in pieces.merged())


def _summed(counts: list[bytes]) -> bytes:
    return b"%d" % sum(map(int, counts))


def _once(_: list[bytes]) -> bytes:
    return _ONE
