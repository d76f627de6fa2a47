"""Rows and JSON objects to documents: the part that CSV, TSV, JSON lines, parquet and xlsx share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from textpipe.corpus.columns import (
    ID_COLUMN,
    LABEL_COLUMN,
    TEXT_COLUMNS,
    Columns,
    Wanted,
    choose_columns,
    number_of,
    shown_names,
    unknown_column,
)
from textpipe.corpus.delimited import Row
from textpipe.corpus.document import Document, ReadLog
from textpipe.corpus.label_sets import joined_labels
from textpipe.errors import InputError

_ONE_OBJECT = 'a line is one object: {"text": "…"}'


def documents_of_rows(
    rows: Iterable[Row], wanted: Wanted, log: ReadLog, *, where: str, named: bool = False
) -> Iterator[Document]:
    """A document a row. Blank rows are skipped; rows that do not fit the first one are rejected.

    `named` says that the first row is a header whatever it holds.
    """
    columns: Columns | None = None
    for row in rows:
        if row.cells == [""] and (columns is None or columns.width > 1):
            log.skip("blank row")
            continue
        if columns is None:
            columns = choose_columns(row.cells, wanted, where=where, line=row.line, named=named)
            name = row.cells[columns.text].strip() if columns.header else ""
            if wanted.text is None and columns.width > 1 and name not in TEXT_COLUMNS:
                place = f"column {columns.text + 1}" + (f", {name!r}" if name else "")
                log.notes.append(f"{where} has no column of a known name: text is {place} (--text-col names another)")
            if columns.header:
                continue
        problem = row.problem or _misfit(row, columns, where=where)
        if problem is not None:
            log.reject(problem)
        else:
            yield _document(row, columns, where=where)


def _misfit(row: Row, columns: Columns, *, where: str) -> InputError | None:
    count = len(row.cells)
    if count > columns.width:
        hint = "quote cells that hold a separator (CSV), or take it out (TSV)"
        return InputError(f"more cells than the first row ({columns.width})", where=where, line=row.line, hint=hint)
    if count <= max(columns.text, -1 if columns.id is None else columns.id):
        hint = "complete the row, or name other columns"
        return InputError("too few cells, the text or the id is missing", where=where, line=row.line, hint=hint)
    return None


def _document(row: Row, columns: Columns, *, where: str) -> Document:
    place = f"{where}:{row.line}"
    cells = row.cells
    label = cells[columns.label] if columns.label is not None and columns.label < len(cells) else None
    return Document(
        id=(cells[columns.id] if columns.id is not None else "") or place,
        text=cells[columns.text],
        label=label,
        source=place,
    )


def documents_of_json_lines(
    lines: Iterable[tuple[int, str]], wanted: Wanted, log: ReadLog, *, where: str, label_sep: str = ""
) -> Iterator[Document]:
    """A document an object a line; the first object decides which field is the text.

    label_sep: what the labels of a list are joined by
    """
    fields: _Fields | None = None
    for number, line in lines:
        if not line.strip():
            log.skip("blank row")
            continue
        parsed = json_object(line, where=where, number=number)
        if isinstance(parsed, InputError):
            log.reject(parsed)
            continue
        if fields is None:
            fields = _fields(parsed, wanted, where=where, number=number)
        text = parsed.get(fields.text)
        if not isinstance(text, str):
            hint = "--text-col names the field that holds text"
            log.reject(InputError(f"no text in the field {fields.text[:30]!r}", where=where, line=number, hint=hint))
            continue
        place = f"{where}:{number}"
        label = _label(parsed, fields.label, label_sep, where=where, line=number)
        if isinstance(label, InputError):
            log.reject(label, reason="label that holds the separator")
            continue
        yield Document(
            id=without_surrogates(scalar(parsed, fields.id) or place, log),
            text=without_surrogates(text, log),
            label=None if label is None else without_surrogates(label, log),
            source=place,
        )


def _label(parsed: dict[str, Any], name: str, separator: str, *, where: str, line: int) -> str | InputError | None:
    """The label, of a list all that is in it where labels have a separator; or why it cannot be told from others."""
    value = parsed.get(name)
    if not separator or not isinstance(value, list):
        return scalar(parsed, name)
    labels = [scalar({name: one}, name) or "" for one in value]
    return joined_labels(labels, separator, where=where, line=line)


class _Fields(NamedTuple):
    text: str
    label: str
    id: str


def json_object(line: str, *, where: str, number: int) -> dict[str, Any] | InputError:
    """The line's JSON object, or why there is none. Raises InputError for a file that is one array."""
    if number == 1 and line.lstrip().startswith("["):
        hint = f"one object a line is needed: jq -c '.[]' {where} > lines.jsonl"
        raise InputError("a JSON array, not JSON lines", where=where, line=1, hint=hint)
    try:
        parsed = json.loads(line)
    except RecursionError:
        return InputError("not JSON: nested too deeply", where=where, line=number, hint=_ONE_OBJECT)
    except ValueError as error:
        reason = (
            getattr(error, "msg", None) or str(error).partition(":")[0]
        )  # a number too long: Python says what to do
        return InputError(f"not JSON: {reason}", where=where, line=number, hint=_ONE_OBJECT)
    if not isinstance(parsed, dict):
        return InputError("not a JSON object", where=where, line=number, hint=_ONE_OBJECT)
    return parsed


def _fields(first: dict[str, Any], wanted: Wanted, *, where: str, number: int) -> _Fields:
    """The fields by the names of the first object, or by their number in it."""
    names = list(first)

    def named(requested: str | None, default: str) -> str:
        if requested is None or requested in first:
            return requested or default
        position = number_of(requested)
        if position is None or not 1 <= position <= len(names):
            raise unknown_column(requested, names, where=where, line=number)
        return names[position - 1]

    known = [name for name in TEXT_COLUMNS if name in first]
    strings = [name for name in names if isinstance(first[name], str)]
    if wanted.text is None and not known and not strings:
        raise InputError("no field holds text", where=where, line=number, hint=f"fields: {shown_names(names)}")
    text = named(wanted.text, (known or strings or [""])[0])
    return _Fields(text, named(wanted.label, LABEL_COLUMN), named(wanted.id, ID_COLUMN))


def scalar(parsed: dict[str, Any], name: str) -> str | None:
    """A field as text; None where it is missing or null."""
    value = parsed.get(name)
    if isinstance(value, bool) or value is None:
        return None if value is None else str(value).lower()
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)


def without_surrogates(text: str, log: ReadLog) -> str:
    """JSON may escape half a character (`\\ud800`), which is no text: U+FFFD in its place, counted."""
    if text.isascii():
        return text
    clean = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if clean != text:
        log.replaced += clean.count("\ufffd") - text.count("\ufffd")
    return clean
