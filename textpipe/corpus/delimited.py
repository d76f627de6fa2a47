"""Rows of CSV and TSV text. CSV is RFC 4180 with quotes over lines; TSV has no quotes: a row is a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from textpipe.errors import InputError

_RECORD_LIMIT = 1 << 26  # characters: a longer record is an unclosed quote


class Row(NamedTuple):
    """The cells of a row and the line it begins on; `problem` says why the row cannot be used."""

    line: int
    cells: list[str]
    problem: InputError | None = None


def tsv_rows(lines: Iterator[tuple[int, str]]) -> Iterator[Row]:
    """Cells lie between tabs, as they are; a blank line is a row of one empty cell."""
    for number, line in lines:
        yield Row(number, line.removesuffix("\r").split("\t"))


def csv_rows(lines: Iterator[tuple[int, str]], *, where: str, separator: str = ",") -> Iterator[Row]:
    """Cells between commas; a cell that begins with a quote ends at the next single quote, on whatever line.

    A quote that is never closed raises InputError with the line that it opened on. Text after a closing quote
    makes a row with a problem. A quote inside an unquoted cell is an ordinary character.
    """
    for number, line in lines:
        if '"' not in line:
            yield Row(number, line.removesuffix("\r").split(separator))
        else:
            yield _quoted_row(number, line, lines, where=where, separator=separator)


def _quoted_row(number: int, line: str, lines: Iterator[tuple[int, str]], *, where: str, separator: str) -> Row:
    cells: list[str] = []
    position, current = 0, number
    problem: InputError | None = None
    while True:
        cell = ""
        quoted = line.startswith('"', position)
        if quoted:
            cell, line, position, current = _quoted_cell(line, position, current, lines, where=where)
        end = len(line.removesuffix("\r"))
        stop = line.find(separator, position, end)
        stop = end if stop < 0 else stop
        if quoted and stop > position:
            hint = "double quotes that are part of the text"
            problem = problem or InputError("text after a closing quote", where=where, line=current, hint=hint)
        cells.append(cell + line[position:stop])
        if stop == end:
            return Row(number, cells, problem)
        position = stop + len(separator)


def _quoted_cell(
    line: str, position: int, current: int, lines: Iterator[tuple[int, str]], *, where: str
) -> tuple[str, str, int, int]:
    """(cell, the line it ends on, the position after its closing quote, that line's number)."""
    opened, size = current, 0
    parts: list[str] = []
    position += 1
    while True:
        end = line.find('"', position)
        if end >= 0 and line.startswith('"', end + 1):
            parts.append(line[position : end + 1])
            position = end + 2
        elif end >= 0:
            parts.append(line[position:end])
            return "".join(parts), line, end + 1, current
        else:
            parts.append(line[position:] + "\n")
            size += len(line) - position + 1
            following = next(lines, None) if size < _RECORD_LIMIT else None
            if following is None:
                hint = "close it, double quotes that are part of the text, or try --input-format tsv"
                raise InputError("a quote is never closed", where=where, line=opened, hint=hint)
            current, line = following
            position = 0
