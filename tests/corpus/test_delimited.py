"""CSV and TSV rows: cases as files, and agreement with the csv module where that is strict."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from textpipe.corpus.delimited import Row, csv_rows, tsv_rows
from textpipe.errors import InputError

CASES = sorted((ROOT / "tests" / "cases" / "csv").glob("*.csv"))


def rows_of(text: str) -> list[Row]:
    lines = text.split("\n")
    numbered = enumerate((line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)), start=1)
    return list(csv_rows(iter(list(numbered)), where="x.csv"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 5


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    text = path.read_bytes().decode()
    if path.with_suffix(".error").exists():
        line, message = path.with_suffix(".error").read_text("utf-8").strip().split(": ", 1)
        with pytest.raises(InputError, match=message) as raised:
            rows_of(text)
        assert raised.value.line == int(line)
    else:
        expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
        assert [[row.line, row.cells] for row in rows_of(text)] == expected


def test_text_after_a_closing_quote_is_a_problem() -> None:
    (row,) = rows_of('"a"b,c\n')
    assert row.problem is not None
    assert row.problem.line == 1


cells = st.text(alphabet='ab,"\n \t字', max_size=6)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), max_size=5))
def test_reads_what_the_csv_module_writes(table: list[list[str]]) -> None:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(table)
    assert [row.cells for row in rows_of(target.getvalue())] == table


@given(st.lists(st.text(alphabet='ab,"字 ', min_size=1), min_size=1, max_size=5))
def test_tsv_has_no_quotes(line: list[str]) -> None:
    (row,) = tsv_rows(iter([(7, "\t".join(line))]))
    assert row == Row(7, line)
