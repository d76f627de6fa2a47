"""Parquet and xlsx files as rows, through the extra `tables`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from textpipe.corpus.delimited import Row
from textpipe.errors import InputError

_PACKAGES = {"parquet": "pyarrow", "xlsx": "python_calamine"}
_BATCH = 4096


def table_rows(path: str, kind: str) -> Iterator[Row]:
    """Rows of cells as text, the header first; `line` is the row's number, the header being 1.

    Raises InputError when the package for it is not installed and for a file that is not such a table.
    """
    package = _PACKAGES[kind]
    if find_spec(package) is None:
        name = package.replace("_", "-")
        raise InputError(f"reading .{kind} needs {name}", where=path, hint=f"pip install {name}")
    return _parquet_rows(path) if kind == "parquet" else _xlsx_rows(path)


def _parquet_rows(path: str) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise InputError(f"not a parquet file: {str(error).splitlines()[0]}", where=path) from None
    with table:
        yield Row(1, list(table.schema_arrow.names))
        number = 1
        batches = table.iter_batches(batch_size=_BATCH)
        while True:
            try:
                batch = next(batches, None)
            except (pyarrow.ArrowException, OSError) as error:
                raise InputError(f"damaged parquet file: {str(error).splitlines()[0]}", where=path) from None
            if batch is None:
                return
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield Row(number, [_cell(value) for value in values])


def _xlsx_rows(path: str) -> Iterator[Row]:
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        sheet = workbook.get_sheet_by_index(0)
    except (python_calamine.CalamineError, OSError) as error:
        raise InputError(f"not an xlsx file: {error}", where=path) from None
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [_cell(value) for value in values]
        yield Row(number, cells if any(cells) else [""])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)
