"""Parquet and xlsx files as rows, through the extra `tables`."""

from __future__ import annotations

import contextlib
import warnings
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from textpipe.corpus.columns import Wanted, choose_columns, number_of, shown_names
from textpipe.corpus.delimited import Row
from textpipe.corpus.document import ReadLog
from textpipe.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pyarrow

_PACKAGES = {"parquet": "pyarrow", "xlsx": "openpyxl"}
_BATCH = 4096
_ROWS = 256  # of a workbook, read at a time
_HINT = "save or copy it again; if it is no such file at all, rename it or force another --input-format"
_LAST_ROW = 1 << 20
_UNPACKED_LIMIT = 1 << 31  # bytes of one part of a workbook
# what the two packages let through when a file is damaged; SyntaxError is that of XML, RuntimeError that of zip
_NO_PARQUET = (ValueError, LookupError, OSError)
_NO_XLSX = (
    zlib.error,
    EOFError,
    SyntaxError,
    TypeError,
    AttributeError,
    RuntimeError,
    *_NO_PARQUET,
)


def table_rows(
    stream: IO[bytes], kind: str, *, wanted: Wanted, sheet: str | None, log: ReadLog, where: str
) -> Iterator[Row]:
    """Rows of cells as text, the header first; `line` is the row's number, the header being 1.

    stream: seekable. wanted: of parquet only these columns are read, and other cells are empty. sheet: of a
        workbook, by name or by number from 1; None is the first that holds anything.
    Raises InputError when the package for it is not installed and for a file that is not such a table.
    """
    package = _PACKAGES[kind]
    if find_spec(package) is None:
        raise InputError(f"reading .{kind} needs {package}", where=where, hint=f"pip install {package}")
    if kind == "parquet":
        return _parquet_rows(stream, wanted, where=where)
    return _xlsx_rows(stream, sheet, log, where=where)


# ---------------------------------------------------------------------------------------------- parquet


def _parquet_rows(stream: IO[bytes], wanted: Wanted, *, where: str) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(stream)
    except (pyarrow.ArrowException, *_NO_PARQUET) as error:
        raise InputError(f"not a parquet file: {_first_line(error)}", where=where, hint=_HINT) from None
    with table:
        names = list(table.schema_arrow.names)
        if not names:
            raise InputError("a table without columns", where=where, hint="is it the right file?")
        yield Row(1, names)
        chosen = choose_columns(names, wanted, where=where, named=True)
        needed = {chosen.text: True, chosen.label: wanted.label is not None, chosen.id: wanted.id is not None}
        required = {position: asked for position, asked in needed.items() if position is not None}
        number = 1
        once = len(set(names)) == len(names)  # columns of one name cannot be chosen, only all be read
        columns = [names[position] for position in required] if once else None
        places = {position: number for number, position in enumerate(required)} if once else {p: p for p in required}
        batches = table.iter_batches(batch_size=_BATCH, columns=columns)
        while True:
            try:
                batch = next(batches, None)
            except (pyarrow.ArrowException, *_NO_PARQUET) as error:
                raise InputError(f"damaged parquet file: {_first_line(error)}", where=where, hint=_HINT) from None
            if batch is None:
                return
            cells = {
                position: _column(batch.column(places[position]), position, names, required=asked, where=where)
                for position, asked in required.items()
            }
            for index in range(batch.num_rows):
                number += 1
                yield _parquet_row(number, {p: values[index] for p, values in cells.items()}, names, where=where)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _column(
    column: pyarrow.Array, position: int, names: list[str], *, required: bool, where: str
) -> list[bytes | None]:
    """The column's cells as UTF-8, unchecked. A label or id that nobody asked for may be of any type."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_binary(column.type) or pyarrow.types.is_large_binary(column.type):
        return column.to_pylist()  # type: ignore[no-any-return]
    try:
        return column.cast(pyarrow.string()).cast(pyarrow.binary()).to_pylist()  # type: ignore[no-any-return]
    except pyarrow.ArrowException:
        if not required:
            return [None] * len(column)
    hint = f"--text-col names another; the columns are: {shown_names(names)}"
    raise InputError(f"the column {names[position][:30]!r} holds {column.type}, not text", where=where, hint=hint)


def _parquet_row(number: int, found: dict[int, bytes | None], names: list[str], *, where: str) -> Row:
    cells = [""] * len(names)
    problem: InputError | None = None
    for position, value in found.items():
        try:
            cells[position] = (value or b"").decode("utf-8")
        except UnicodeDecodeError:
            problem = InputError("bytes that are not UTF-8", where=where, line=number, hint="write the column as text")
    return Row(number, cells, problem)


# ---------------------------------------------------------------------------------------------- xlsx


def _xlsx_rows(stream: IO[bytes], wanted: str | None, log: ReadLog, *, where: str) -> Iterator[Row]:
    from zipfile import BadZipFile, ZipFile

    import openpyxl

    try:
        with ZipFile(stream) as archive:
            largest = max((part.file_size for part in archive.infolist()), default=0)
        if largest > _UNPACKED_LIMIT:
            raise InputError(f"unpacks to {largest:,} bytes", where=where, hint="save it as CSV, which streams")
        with _without_warnings():
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        name, rows = _sheet_rows(sheets, wanted, where=where)
        if name and len(sheets) > 1 and wanted is None:
            log.notes.append(f"{where} has {len(sheets)} sheets: read {name!r} (--sheet names another)")
        for number, cells in rows:
            yield Row(number, cells if any(cells) else [""])
    except (BadZipFile, *_NO_XLSX) as error:
        odd = isinstance(error, (TypeError, AttributeError, LookupError))
        problem = "its parts do not fit together" if odd else _first_line(error)
        raise InputError(f"not an xlsx file, or a damaged one: {problem}", where=where, hint=_HINT) from None


def _sheet_rows(
    sheets: dict[str, Any], wanted: str | None, *, where: str
) -> tuple[str | None, Iterator[tuple[int, list[str]]]]:
    """(name, numbered rows) of the sheet that was asked for, or of the first that holds anything."""
    names = list(sheets)
    if wanted is None:
        for name in names:
            rows = _cells(sheets[name])
            if any(any(cells) for _, cells in rows):
                return name, _cells(sheets[name])
        return None, iter(())
    number = number_of(wanted)
    if wanted not in sheets and number is not None and 1 <= number <= len(names):
        wanted = names[number - 1]
    if wanted not in sheets:
        message = f"no sheet {wanted!r}{did_you_mean(wanted, names)}"
        raise InputError(message, where=where, hint=f"the sheets are: {shown_names(names)}")
    return wanted, _cells(sheets[wanted])


def _cells(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    while True:
        with _without_warnings():
            block = list(islice(rows, _ROWS))
        if not block:
            return
        for number, values in block:
            if number > _LAST_ROW:
                raise ValueError("a row beyond the last that a sheet can have")
            yield number, [_cell(value) for value in values]


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """openpyxl warns of styles and the like, which are not read here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _cell(value: Any) -> str:
    from openpyxl.utils.escape import unescape  # _x000D_ is how Excel writes a carriage return

    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unescape(value) if isinstance(value, str) else str(value)
