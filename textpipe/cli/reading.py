"""The options of every command that takes PATHS, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option
from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece, ReadLog

_Command = Callable[..., Any]
_FORMATS = ("txt", "csv", "tsv", "jsonl", "parquet", "xlsx", "fasttext")

_DECODING = (
    click.option("--encoding", default="auto", show_default=True, metavar="NAME", help="auto, utf-8, gb18030, big5 …"),
    click.option(
        "--errors",
        type=click.Choice(("strict", "replace")),
        default="strict",
        show_default=True,
        help="At bytes that do not fit the encoding: stop, or read on with U+FFFD.",
    ),
)
_FILES = (
    click.argument("paths", nargs=-1, type=click.Path(path_type=str, readable=False)),
    click.option(
        "--input-format",
        type=click.Choice(_FORMATS),
        help="Format of the input.  [default: by suffix, then by content; unknown suffixes are txt]",
    ),
    click.option("--lines", is_flag=True, help="In plain text, every line is a document."),
    *_DECODING,
    click.option(
        "--text-col",
        metavar="COLUMN",
        help="Column of the text, by name or number from 1.  "
        "[default: text, else text_a, content, review, title, else the first other than label and id]",
    ),
    click.option(
        "--label-col",
        metavar="COLUMN",
        help="Column of the label, which is read and not shown.  [default: label, else the last]",
    ),
    click.option("--id-col", metavar="COLUMN", help="Column of the id.  [default: id, else path:line]"),
    click.option(
        "--sheet",
        metavar="SHEET",
        help="Sheet of a workbook, by name or number from 1.  [default: the first with cells]",
    ),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Read the first N documents."),
)
_DRAWING = (
    click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Draw N documents by chance."),
    click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of --sample."),
)
_HOW = (
    click.option("--fold", is_flag=True, help="Read full-width letters, digits and space as ASCII."),
    click.option("--strict", is_flag=True, help="Stop at the first row that cannot be used instead of counting it."),
    click.option("-q", "--quiet", is_flag=True, help="No notes, no progress; errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Always say what was read, and in which encoding."),
    debug_option,
)
_READ = ("input_format", "lines", "encoding", "errors", "text_col", "label_col", "id_col", "sheet")
_PARTS = ("limit", "sample", "seed", "fold", "strict")


@dataclass
class Reading:
    """What the reading options of one command line say."""

    paths: tuple[str, ...]
    options: dict[str, Any]
    quiet: bool
    verbose: bool

    def required_paths(self) -> tuple[str, ...]:
        """The paths. Raises UsageError when there are none."""
        if not self.paths:
            raise UsageError("no input", hint="name files or folders, or - for standard input")
        return self.paths

    def pieces(
        self, log: ReadLog, *, line_blocks: bool = False, labels: bool = False, label_sep: str = ""
    ) -> Iterator[Piece]:
        """The documents, long ones in pieces; with `line_blocks`, lines of plain text many in a piece.

        With `labels`, documents are wanted for their labels, with `label_sep` several of each: see ReadOptions.
        """
        from textpipe.corpus.read import ReadOptions, read_pieces

        self.required_paths()
        options = ReadOptions(**self.options, line_blocks=line_blocks, labels=labels, label_sep=label_sep)
        return read_pieces(self.paths, options, log=log)


def decodes(command: _Command) -> _Command:
    """Give a command --encoding and --errors, for files that it reads itself."""
    for option in reversed(_DECODING):
        command = option(command)
    return command


def reads_paths(command: _Command) -> _Command:
    """Give a command PATHS and the reading options; it gets them as one argument, `reading`."""
    return _with_reading(command, (*_FILES, *_DRAWING, *_HOW), (*_READ, *_PARTS))


def reads_all_of_paths(command: _Command) -> _Command:
    """The same without --sample and --seed, for commands that mean something else by them."""
    names = [name for name in (*_READ, *_PARTS) if name not in ("sample", "seed")]
    return _with_reading(command, (*_FILES, *_HOW), names)


def _with_reading(
    command: _Command, options: Sequence[Callable[[_Command], _Command]], names: Sequence[str]
) -> _Command:
    @functools.wraps(command)
    def with_reading(**values: Any) -> Any:
        reading = Reading(
            paths=values.pop("paths"),
            quiet=values.pop("quiet"),
            verbose=values.pop("verbose"),
            options={name: values.pop(name) for name in names},
        )
        return command(reading=reading, **values)

    decorated: _Command = with_reading
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
