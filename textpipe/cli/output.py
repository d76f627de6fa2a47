"""Results to standard output or to a file: table, JSON lines, JSON, CSV, TSV, plain text."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from textpipe.cli.console import one_line, visible
from textpipe.errors import UsageError
from textpipe.files import atomic_writer

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STDOUT = "-"
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
}
_NEVER_TEXT = (".gz", ".bz2", ".xz", ".zip", ".xlsx", ".parquet")
_NARROWEST = 40  # columns of a table, whatever COLUMNS says
_SIDE_FILES = ("user_dict", "protect", "stopwords", "vectors")  # options that name files to read, besides PATHS
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)  # json.dumps would make one a line
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float
Rows = Callable[[Mapping[str, Any]], Iterator[Sequence[Cell]]]


@dataclass
class Destination:
    """Where and how results are written, as the options of one command line say."""

    path: str
    given_format: str | None
    formats: tuple[str, ...]
    force: bool
    bom: bool
    side_files: tuple[str, ...] = ()  # read as well: dictionaries, stop words, vectors

    @property
    def format(self) -> str:
        """--format wins, then the suffix of -o, then table on a terminal and JSON lines elsewhere (or plain text)."""
        if self.given_format:
            return self.given_format
        plain = "text" if "text" in self.formats else ""
        if self.path == STDOUT:
            return plain or ("table" if sys.stdout.isatty() else "jsonl")
        suffix = os.path.splitext(self.path)[1].lower()
        known = _SUFFIXES.get(suffix, "")
        if known in self.formats:
            return known
        if suffix in _NEVER_TEXT or not plain:
            endings = ", ".join(ending for ending, kind in _SUFFIXES.items() if kind in self.formats)
            hint = f"use {endings}, or --format"
            raise UsageError(f"no output format for the suffix {suffix!r}", where=self.path, hint=hint)
        return plain

    @property
    def on_terminal(self) -> bool:
        """Whether a person sees the results as they come."""
        return self.path == STDOUT and sys.stdout.isatty()

    @contextlib.contextmanager
    def open(self, inputs: Sequence[str] = ()) -> Iterator[Callable[[str], None]]:
        """A function that writes text: to standard output, or to a file that appears only when all went well.

        Raises UsageError when the file is one of the `inputs` or of the `side_files`.
        """
        with contextlib.ExitStack() as stack:
            if self.path == STDOUT:
                write = _stdout_write()
                stack.callback(sys.stdout.flush)
            else:
                check_apart(self.path, [*inputs, *self.side_files], what="input")
                stream = stack.enter_context(atomic_writer(self.path, force=self.force))
                write = _write_to(stack.enter_context(_text_layer(stream)))
            if self.bom:
                write("\ufeff")
            yield write

    @contextlib.contextmanager
    def open_bytes(self, inputs: Sequence[str] = ()) -> Iterator[Callable[[bytes], object]]:
        """As `open`, for text that is UTF-8 already; not for a terminal, which needs characters escaped."""
        with contextlib.ExitStack() as stack:
            if self.path == STDOUT:
                sys.stdout.flush()
                write: Callable[[bytes], object] = sys.stdout.buffer.write
                stack.callback(sys.stdout.flush)
            else:
                check_apart(self.path, [*inputs, *self.side_files], what="input")
                write = stack.enter_context(atomic_writer(self.path, force=self.force)).write
            if self.bom:
                write("\ufeff".encode())
            yield write


def check_apart(path: str, others: Sequence[str], *, what: str) -> None:
    """Raise UsageError when the file is one of the others, under whatever name; `what` says what it would replace."""
    target = os.path.realpath(path)
    for other in others:
        same = os.path.exists(other) and os.path.exists(path) and os.path.samefile(other, path)
        if same or (other != STDOUT and os.path.realpath(other) == target):
            raise UsageError(f"the output would replace the {what}", where=path, hint="write to another file")


def writes_records(*formats: str, to_file: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --format, and -o, --force and --bom if `to_file`; it gets them as one argument, `destination`."""
    default = "plain text" if formats[0] == "text" else f"{formats[0]} on a terminal, else jsonl"
    by_suffix = "by the suffix of -o, else " if to_file else ""
    options = [
        click.option(
            "--format",
            "format",
            type=click.Choice(formats),
            help=f"Format of the output.  [default: {by_suffix}{default}]",
        ),
    ]
    if to_file:
        options += [
            click.option(
                "-o",
                "--output",
                type=click.Path(path_type=str, readable=False),
                default=STDOUT,
                metavar="FILE",
                help="Write here; the suffix chooses the format.",
            ),
            click.option("--force", is_flag=True, help="Replace an output file that exists."),
            click.option("--bom", is_flag=True, help="Begin with a byte order mark, so that Excel reads CSV as UTF-8."),
        ]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_destination(*arguments: Any, **values: Any) -> Any:
            destination = Destination(
                path=values.pop("output") if to_file else STDOUT,
                given_format=values.pop("format"),
                formats=formats,
                force=values.pop("force") if to_file else False,
                bom=values.pop("bom") if to_file else False,
                side_files=_side_files(values),
            )
            return command(*arguments, destination=destination, **values)

        for option in reversed(options):
            with_destination = option(with_destination)
        return with_destination

    return decorate


def _side_files(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that a command's options name, of those that exist; a shipped list of stop words is none."""
    given = (values.get(option) or () for option in _SIDE_FILES)
    return tuple(path for one in given for path in ([one] if isinstance(one, str) else one) if os.path.isfile(path))


def _stdout_write() -> Callable[[str], None]:
    if not sys.stdout.isatty():
        return _write_to(sys.stdout)
    return lambda text: _write_to(sys.stdout)(visible(text))


def _write_to(stream: IO[str]) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)

    return write


@contextlib.contextmanager
def _text_layer(stream: IO[bytes]) -> Iterator[IO[str]]:
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=False)
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def json_line(value: Any) -> str:
    """A record or any other value as one line of JSON, Chinese as it is."""
    return _ENCODER.encode(value)


@contextlib.contextmanager
def record_writer(
    kind: str, write: Callable[[str], None], *, columns: Sequence[str], rows: Rows
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes a record in the format `kind`; `rows` turns a record into rows of `columns`."""
    if kind == "jsonl":
        yield lambda record: write(json_line(record) + "\n")
    elif kind == "json":
        with _json_array(write) as add:
            yield add
    elif kind == "table":
        yield lambda record: write(_table(record, columns, rows))
    else:
        line = _csv_line if kind == "csv" else _tsv_line
        write(line(columns))
        yield lambda record: write("".join(line(row) for row in rows(record)))


@contextlib.contextmanager
def _json_array(write: Callable[[str], None]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    separator = "[\n"

    def add(record: Mapping[str, Any]) -> None:
        nonlocal separator
        write(separator + json_line(record))
        separator = ",\n"

    yield add
    write("[]\n" if separator == "[\n" else "\n]\n")


def _csv_line(row: Sequence[Cell]) -> str:
    """RFC 4180 with LF line ends; an apostrophe stops a spreadsheet from running text as a formula."""
    import csv

    target = io.StringIO()
    safe = [f"'{cell}" if _is_formula(cell) else cell for cell in row]
    csv.writer(target, lineterminator="\r\n").writerow(safe)  # quotes cells that hold either of the two
    return target.getvalue().removesuffix("\r\n") + "\n"


def _is_formula(cell: Cell) -> bool:
    return isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) and cell != STDOUT


def _tsv_line(row: Sequence[Cell]) -> str:
    """No quotes: a tab, a line end or a backslash inside a cell is written with a backslash."""
    cells = (str(cell).replace("\\", "\\\\") for cell in row)
    return "\t".join(c.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r") for c in cells) + "\n"


def _table(record: Mapping[str, Any], columns: Sequence[str], rows: Rows) -> str:
    """One document as a table under its id."""
    from rich.table import Table
    from rich.text import Text

    found = list(rows(record))
    title = one_line(str(record["id"]))
    if not found:
        return f"{title}\n(nothing)\n"
    table = Table(title=Text(title), title_justify="left")
    for number, column in enumerate(columns[1:], start=1):
        numeric = all(isinstance(row[number], int | float) for row in found)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in found:
        cells = (f"{cell:.4f}" if isinstance(cell, float) else one_line(str(cell)) for cell in row[1:])
        table.add_row(*map(Text, cells))
    return printed(table)


def printed(table: Table) -> str:
    """A table of rich as lines of text, as wide as the terminal."""
    import shutil

    from rich.console import Console

    target = io.StringIO()
    width = max(_NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 100
    Console(file=target, width=width, color_system=None, force_terminal=False).print(table)
    return "".join(f"{line.rstrip()}\n" for line in target.getvalue().splitlines())


def print_styled(text: Text, write: Callable[[str], None], *, coloured: bool) -> None:
    """A line of rich, of escaped text: in its colours on a terminal that wants them (not with NO_COLOR), else plain."""
    if not coloured:
        write(f"{text.plain}\n")
        return
    from rich.console import Console

    Console(file=sys.stdout, highlight=False, markup=False, emoji=False).print(text, soft_wrap=True)
