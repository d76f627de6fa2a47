"""Parquet and xlsx: which columns, sheets and types are read, and what hostile files do."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import io
import random
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from tests.conftest import Run
from tests.corpus.reading import documents, texts
from textpipe.corpus.document import ReadLog
from textpipe.errors import InputError


def test_tables(tmp_path: Path) -> None:
    table = pyarrow.table({"label": [1, 2, None], "text": ["甲", None, "丙"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = documents(tmp_path / "a.parquet")
    assert [(d.text, d.label, d.id) for d in found] == [
        ("甲", "1", f"{tmp_path}/a.parquet:2"),
        ("", "2", f"{tmp_path}/a.parquet:3"),
        ("丙", "", f"{tmp_path}/a.parquet:4"),
    ]
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["text", "n"], ["甲", 1], ["乙", 2.5]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [(d.text, d.label) for d in documents(tmp_path / "a.xlsx")] == [("甲", "1"), ("乙", "2.5")]
    for name in ("a.parquet", "a.xlsx"):
        (tmp_path / name).write_bytes(b"PAR1 or not")
        with pytest.raises(InputError, match=r"not an? (parquet|xlsx) file"):
            documents(tmp_path / name)


def test_a_missing_extra_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.corpus.tables.find_spec", lambda _name: None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="needs pyarrow") as raised:
        documents(tmp_path / "a.parquet")
    assert raised.value.hint == "pip install pyarrow"
    (tmp_path / "b.txt").write_text("b")
    log = ReadLog()
    assert [d.text for d in documents(tmp_path, log)] == ["b"], "in a folder the others are read"
    assert log.rejected == {"reading .parquet needs pyarrow": 1}


def test_parquet_columns_have_names(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"comment": ["甲", "乙"], "stars": [1, 2]}), tmp_path / "a.parquet")
    assert texts(tmp_path / "a.parquet") == ["甲", "乙"]


def test_xlsx_with_blank_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row, cells in ((3, ("text", "label")), (4, ("甲", "x")), (6, ("乙", "y"))):
        for column, cell in enumerate(cells, start=2):
            book.active.cell(row, column, cell)
    book.save(tmp_path / "a.xlsx")
    log = ReadLog()
    found = documents(tmp_path / "a.xlsx", log)
    assert [(d.text, d.label, d.id) for d in found] == [
        ("甲", "x", f"{tmp_path}/a.xlsx:4"),
        ("乙", "y", f"{tmp_path}/a.xlsx:6"),
    ]
    assert log.read == log.used + log.skipped.total()


# ---------------------------------------------------------------------------------------------- parquet


def write(path: Path, **columns: Any) -> None:
    parquet.write_table(pyarrow.table(columns), path)


def test_columns_of_any_type_may_stand_beside_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    far = datetime.date(9999, 12, 31)
    write(
        path,
        when=pyarrow.array([1, 2], pyarrow.timestamp("ns")),
        zone=pyarrow.array([1, 2], pyarrow.timestamp("us", tz="Mars/Olympus")),
        day=pyarrow.array([2**31 - 1, far.toordinal()], pyarrow.int32()).cast(pyarrow.date32()),
        text=["甲", "乙"],
        parts=[["a"], []],
    )
    assert [(d.text, d.label) for d in documents(path)] == [("甲", ""), ("乙", "")]
    assert [d.label for d in documents(path, label_col="when")] == [
        "1970-01-01 00:00:00.000000001",
        "1970-01-01 00:00:00.000000002",
    ]
    with pytest.raises(InputError, match=r"the column 'parts' holds list<.*>, not text") as raised:
        documents(path, text_col="parts")
    assert raised.value.hint == "--text-col names another; the columns are: when, zone, day, text, parts"


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string(), pyarrow.binary(), pyarrow.large_binary()])
def test_bytes_that_are_no_text_are_rejected(tmp_path: Path, kind: pyarrow.DataType) -> None:
    path = tmp_path / "a.parquet"
    write(path, text=pyarrow.array(["甲".encode(), b"\xff\xfe", None], pyarrow.binary()).cast(kind, safe=False))
    log = ReadLog()
    assert [d.text for d in documents(path, log)] == ["甲", ""]
    assert log.rejected == {"bytes that are not UTF-8": 1}
    assert log.examples["bytes that are not UTF-8"].line == 3


def test_bytes_that_are_text_are_text(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", text=pyarrow.array(["甲", "乙"]).dictionary_encode(), label=[b"1", b"2"])
    assert [(d.text, d.label) for d in documents(tmp_path / "a.parquet")] == [("甲", "1"), ("乙", "2")]


def test_numbers(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", text=[1.0, 2.5, None], id=[True, False, True], label=[3, None, 2**62])
    found = [(d.text, d.id, d.label) for d in documents(tmp_path / "a.parquet")]
    assert found == [("1", "true", "3"), ("2.5", "false", ""), ("", "true", str(2**62))]


# ---------------------------------------------------------------------------------------------- xlsx


def workbook(path: Path, **sheets: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def altered(path: Path, pattern: str, new: str, *, part: str = "xl/worksheets/sheet1.xml") -> None:
    """Rewrite a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = re.sub(pattern, new, parts[part].decode(), count=1)
    assert changed != parts[part].decode()
    parts[part] = changed.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, 空的=[], 一月=[["text"], ["甲"]], 二月=[["text"], ["乙"]])
    log = ReadLog()
    assert [d.text for d in documents(path, log)] == ["甲"]
    assert log.notes == [f"{path} has 3 sheets: read '一月' (--sheet names another)"]
    log = ReadLog()
    assert [d.text for d in documents(path, log, sheet="二月")] == ["乙"]
    assert [d.text for d in documents(path, log, sheet="3")] == ["乙"]
    assert log.notes == []
    for name in ("三月", "0", "4", "²"):
        with pytest.raises(InputError, match="no sheet") as raised:
            documents(path, sheet=name)
        assert raised.value.hint == "the sheets are: 空的, 一月, 二月"


def test_a_chart_is_no_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["text"], ["甲"]):
        book.active.append(row)
    book.create_chartsheet("chart", 0).add_chart(openpyxl.chart.BarChart())
    book.save(tmp_path / "a.xlsx")
    assert texts(tmp_path / "a.xlsx") == ["甲"]


def test_the_last_cell_there_is(tmp_path: Path) -> None:
    """A reader that holds the rectangle of all cells would need 16,384 times 1,048,576 of them."""
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text", "label"], ["甲", "1"], ["乙", "2"]])
    altered(path, r'<row r="3"(.*?)r="A3"(.*?)r="B3"', r'<row r="1048576"\1r="A1048576"\2r="XFD1048576"')
    log = ReadLog()
    assert [d.text for d in documents(path, log)] == ["甲"]
    assert log.rejected == {"more cells than the first row (2)": 1}


@pytest.mark.parametrize("reference", ["ZZZZZZ9", "A", "1", "甲1", "A-1"])
def test_cells_without_a_place(tmp_path: Path, reference: str) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text"], ["甲"]])
    altered(path, 'r="A2"', f'r="{reference}"')
    with pytest.raises(InputError, match="not an xlsx file, or a damaged one"):
        documents(path)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]
)
def test_damaged_parts(tmp_path: Path, part: str) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text"], ["甲"]])
    altered(path, r"(?s)^(.{200}).*", r"\1", part=part)
    with pytest.raises(InputError, match="not an xlsx file, or a damaged one"):
        documents(path)


def test_a_row_beyond_the_last(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text"], ["甲"]])
    altered(path, '<row r="2"', '<row r="99999999999999999999"')
    with pytest.raises(InputError, match="a row beyond the last"):
        documents(path)


def test_a_cut_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text"], ["甲"]])
    whole = path.read_bytes()
    for size in range(4, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="not an xlsx file"):
            documents(path)


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.corpus.tables._UNPACKED_LIMIT", 100)
    workbook(tmp_path / "a.xlsx", s=[["text"], ["甲"]])
    with pytest.raises(InputError, match="unpacks to"):
        documents(tmp_path / "a.xlsx")


def test_dates_booleans_and_formulas(tmp_path: Path) -> None:
    rows: list[list[object]] = [["text", "label"], [datetime.date(2026, 1, 2), True], [3.0, "=1+1"]]
    workbook(tmp_path / "a.xlsx", s=rows)
    found = [(d.text, d.label) for d in documents(tmp_path / "a.xlsx")]
    assert found == [("2026-01-02 00:00:00", "True"), ("3", "")]


# ---------------------------------------------------------------------------------------------- where they come from


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_compressed_and_piped(tmp_path: Path, suffix: str, run: Run) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".xlsx":
        workbook(path, s=[["text"], ["甲乙"]])
    else:
        write(path, text=["甲乙"])
    packed = io.BytesIO(gzip.compress(path.read_bytes())).getvalue()
    (tmp_path / f"a{suffix}.gz").write_bytes(packed)
    (tmp_path / "packed").write_bytes(packed)
    for name in (f"a{suffix}.gz", "packed"):
        assert texts(tmp_path / name) == ["甲乙"]
    outcome = run("tokenize", "-", stdin=path.read_bytes())
    assert (outcome.code, outcome.out) == (0, "甲乙\n")


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
@pytest.mark.parametrize("seed", range(150))
def test_any_damage_is_an_input_error(tmp_path: Path, suffix: str, seed: int) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".xlsx":
        workbook(path, s=[["text", "n"], ["甲", 1], ["乙", 2.5]])
    else:
        write(path, text=["甲", "乙"], n=[1, 2], parts=[[1], []])
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 3, 10))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        documents(path)


def test_columns_of_one_name(tmp_path: Path) -> None:
    column = pyarrow.array
    table = pyarrow.table([column(["甲"]), column(["乙"]), column(["丙"])], names=["a", "a", "b"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert [texts(tmp_path / "a.parquet", text_col=name) for name in ("1", "2", "3", "a", "0000000003")] == [
        ["甲"], ["乙"], ["丙"], ["甲"], ["丙"],
    ]  # fmt: skip


def test_a_table_without_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="a table without columns"):
        documents(tmp_path / "a.parquet")


def test_escapes_of_excel(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", s=[["text"], ["甲_x000D_\n乙"], ["_x005F_x000D_"]])
    assert texts(tmp_path / "a.xlsx") == ["甲\r\n乙", "_x000D_"]


def test_blank_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, s=[["text", "n"], ["甲", 1], [], [None, None], ["乙", 2]])
    log = ReadLog()
    assert [d.text for d in documents(path, log)] == ["甲", "乙"]
    assert log.skipped == {"blank row": 2}


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999"])
def test_sheets_that_are_not_there(tmp_path: Path, number: str) -> None:
    workbook(tmp_path / "a.xlsx", s=[["text"], ["甲"]])
    assert texts(tmp_path / "a.xlsx", sheet="0000000001") == ["甲"]
    with pytest.raises(InputError, match="no sheet"):
        documents(tmp_path / "a.xlsx", sheet=number)
