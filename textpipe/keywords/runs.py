"""Facts about more words than memory holds: sorted runs on disk, merged at the end into one sorted stream.

Merge sort on files, as Knuth (TAOCP 3, 5.4) has it: what is gathered is written out sorted whenever it grows too large.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from textpipe.files import naming_errors

_TOGETHER = 64  # runs merged at a time: so many files are open, at most
_BLOCK = 1 << 16  # bytes of each run that are looked at together

_LOW = re.compile(rb"[\x00-\x0b]")  # what would come before a tab, which ends a word, or end a line
_ESCAPE = b"\x0b"
_ESCAPED = re.compile(_ESCAPE + b"(.)")
_RAISED_BY = 0x20

Row = tuple[bytes, bytes]  # a word as `key_of` gives it, and what is known of it; no control characters in either


def key_of(word: str) -> bytes:
    """The word in UTF-8, low control characters escaped; keys are in the order of their words.

    Only protected terms have such characters.
    """
    return _LOW.sub(lambda match: _ESCAPE + bytes((match[0][0] + _RAISED_BY,)), word.encode())


def word_of(key: bytes) -> str:
    """The word that `key_of` made the key of."""
    return _ESCAPED.sub(lambda match: bytes((match[1][0] - _RAISED_BY,)), key).decode()


class SortedRuns:
    """Rows that come in sorted runs, each word once a run, and leave in one sorted stream, each word once.

    combine: what two runs or more know of a word → what is known of it; the order must not matter
    folder: where the runs lie, in files without a name, which vanish with the process; None for the system's place
    """

    def __init__(self, combine: Callable[[list[bytes]], bytes], *, folder: Path | None = None) -> None:
        self._combine = combine
        self._folder = folder
        self._levels: list[list[IO[bytes]]] = [[]]

    def add(self, rows: Iterable[Row]) -> None:
        """One more run: rows by ascending word."""
        self._put(0, self._written(b"%b\t%b\n" % row for row in rows))

    def merged(self) -> Iterator[Row]:
        """All rows by ascending word. To be used up once; the runs are gone then."""
        runs = [run for level in self._levels for run in level]
        self._levels = [[]]
        while len(runs) > _TOGETHER:
            runs = [*runs[_TOGETHER:], self._merged_run(runs[:_TOGETHER])]
        yield from (_parted(line) for line in self._lines(runs))

    def _put(self, level: int, run: IO[bytes]) -> None:
        """Runs of like size are merged, so that each row is written once a level."""
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(run)
        if len(self._levels[level]) == _TOGETHER:
            runs, self._levels[level] = self._levels[level], []
            self._put(level + 1, self._merged_run(runs))

    def _merged_run(self, runs: list[IO[bytes]]) -> IO[bytes]:
        return self._written(line + b"\n" for line in self._lines(runs))

    def _written(self, lines: Iterable[bytes]) -> IO[bytes]:
        with naming_errors(str(self._folder or tempfile.gettempdir())):
            run = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # it is closed at its end, in _Source
            run.writelines(lines)
            run.seek(0)
        return run

    def _lines(self, runs: list[IO[bytes]]) -> Iterator[bytes]:
        """The lines of several runs, those of one word made one. Every run is closed at its end."""
        sources = [_Source(run) for run in runs]
        while True:
            for source in sources:
                source.fill()
            sources = [source for source in sources if source.lines]
            if not sources:
                return
            unseen = [_word(source.lines[-1]) for source in sources if not source.ended]
            limit = min(unseen) + b"\n" if unseen else None  # a tab, then a line feed, then all that words hold
            taken = [line for source in sources for line in source.take(limit)]
            taken.sort()
            for word, group in itertools.groupby(taken, _word):
                lines = list(group)
                if len(lines) == 1:
                    yield lines[0]
                else:
                    yield b"%b\t%b" % (word, self._combine([_parted(line)[1] for line in lines]))


class _Source:
    """A run that is read in blocks of whole lines."""

    def __init__(self, run: IO[bytes]) -> None:
        self._run = run
        self.lines: list[bytes] = []
        self.ended = False

    def fill(self) -> None:
        """See that there is a line, if there is one left."""
        if not self.lines and not self.ended:
            self.lines = [line[:-1] for line in self._run.readlines(_BLOCK)]
            if not self.lines:
                self.ended = True
                self._run.close()

    def take(self, limit: bytes | None) -> list[bytes]:
        """The lines before the limit, which are gone then; all for None."""
        number = len(self.lines) if limit is None else bisect_left(self.lines, limit)
        taken, self.lines = self.lines[:number], self.lines[number:]
        return taken


def _word(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


def _parted(line: bytes) -> Row:
    word, _, value = line.partition(b"\t")
    return word, value
