"""frequencies.tsv: in how many documents each word occurs, as a sorted table that need not be held in memory."""

from __future__ import annotations

import os
import re
import weakref
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from textpipe.errors import REMAKE, ArtifactError
from textpipe.files import naming_errors

IN_MEMORY = 4 << 20  # bytes of a table that is held as a dict, ten times as large
_BLOCK = 1 << 12  # bytes of a larger one that are looked through for a word
_ROW = rb"[^\t\n]+\t[1-9][0-9]{0,17}\n"
_ROWS = re.compile(rb"(?:" + _ROW + rb")*")
_HEADER = re.compile(rb"\t([0-9]{1,18})\n")


class Frequencies(Protocol):
    """What is asked of a table: in how many documents a word occurs, or the default."""

    def get(self, word: str, default: int, /) -> int: ...


class Written(NamedTuple):
    """What was written: how many words, the sum of their document frequencies, and the one in the middle of all."""

    words: int
    total: int
    median: int


def write_frequencies(path: Path, rows: Iterable[tuple[bytes, int]], *, documents: int, least: int = 1) -> Written:
    """A line `<TAB>documents`, then a line `word<TAB>documents` a word, in the order of rows: by ascending word.

    Words in fewer than `least` documents are left out.
    """
    sizes: Counter[int] = Counter()
    with open(path, "wb") as stream:
        stream.write(b"\t%d\n" % documents)
        for word, count in rows:
            if count >= least:
                stream.write(b"%b\t%d\n" % (word, count))
                sizes[count] += 1
    total = sum(size * words for size, words in sizes.items())
    return Written(sizes.total(), total, median_frequency(sizes))


def median_frequency(sizes: Mapping[int, int]) -> int:
    """The document frequency whose weight is jieba's median (the upper one), given how many words have each; 0 of none.

    Weights fall as frequencies rise: the upper median of weights is the lower one of frequencies.
    """
    left = (sum(sizes.values()) + 1) // 2
    for frequency in sorted(sizes):
        left -= sizes[frequency]
        if left <= 0:
            return frequency
    return 0


def open_frequencies(path: Path) -> tuple[int, Frequencies]:
    """(documents, table) of what `write_frequencies` wrote; a small table is a dict, a large one stays on disk.

    Raises ArtifactError, with the line where it can be told, for anything else.
    """
    if path.stat().st_size > IN_MEMORY:
        table = FrequenciesOnDisk(path)
        return table.documents, table
    with open(path, "rb") as stream:
        documents = _documents(stream, path)
        frequencies: dict[str, int] = {}
        for number, line in enumerate(stream, start=2):
            if not _ROWS.fullmatch(line) or not _is_text(line):
                raise _not_a_table(path, number)
            word, _, count = line.decode().partition("\t")
            frequencies[word] = int(count)
    return documents, frequencies


class FrequenciesOnDisk:
    """A table of which only the first word of every block is held; 25 MB for a hundred million words."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._heads: list[bytes] = []
        self._starts = array("Q")
        with open(path, "rb") as stream:
            self.documents = _documents(stream, path)
            start = stream.tell()
            while block := stream.read(_BLOCK):
                block += stream.readline()
                head = block.partition(b"\t")[0]
                if not _ROWS.fullmatch(block) or not _is_text(block) or (self._heads and self._heads[-1] >= head):
                    raise _not_a_table(path, None)
                self._heads.append(head)
                self._starts.append(start)
                start += len(block)
            self._starts.append(start)
        self._open()

    def _open(self) -> None:
        with naming_errors(str(self._path)):
            self._descriptor = os.open(self._path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_descriptor"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def get(self, word: str, default: int, /) -> int:
        """In how many documents the word occurs. Raises ArtifactError when the file has become shorter."""
        key = word.encode("utf-8", "replace")
        place = bisect_right(self._heads, key) - 1
        if place < 0:
            return default
        start, end = self._starts[place], self._starts[place + 1]
        with naming_errors(str(self._path)):
            block = b"\n" + os.pread(self._descriptor, end - start, start)
        if len(block) != end - start + 1:
            raise _not_a_table(self._path, None)
        row = block.find(b"\n" + key + b"\t")
        if row < 0:
            return default
        row += len(key) + 2
        return int(block[row : block.index(b"\n", row)])


def _documents(stream: IO[bytes], path: Path) -> int:
    header = _HEADER.fullmatch(stream.readline(64))
    if header is None:
        raise _not_a_table(path, 1)
    return int(header[1])


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _not_a_table(path: Path, line: int | None) -> ArtifactError:
    return ArtifactError("not a table of document frequencies", where=path, line=line, hint=REMAKE)
