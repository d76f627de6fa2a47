"""`textpipe tokenize --explain`: the words that were considered, those chosen, and where every token comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import one_line, show_account
from textpipe.cli.output import Cell, Destination, record_writer
from textpipe.cli.reading import Reading

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece, ReadLog
    from textpipe.segment.tokenizer import Tokenizer

_COLUMNS = ("id", "token", "start", "end", "source", "frequency", "weight")
_NUMBERS = frozenset(("start", "end", "frequency", "weight"))

explains = click.option(
    "--explain",
    is_flag=True,
    help="Why: the words considered with their weights, and where each token comes from.",
)


def write_explanations(
    pieces: Iterable[Piece], tokenizer: Tokenizer, destination: Destination, *, log: ReadLog, reading: Reading
) -> None:
    """Write why each document is cut as it is: a listing as plain text, else a record, or a row a token."""
    kind = destination.format
    with destination.open(log.paths) as write:
        if kind == "text":
            _write_listings(_records(pieces, tokenizer), write)
        else:
            with record_writer(kind, write, columns=_COLUMNS, rows=_rows) as add:
                for record in _records(pieces, tokenizer):
                    add(record)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)


def _records(pieces: Iterable[Piece], tokenizer: Tokenizer) -> Iterator[dict[str, Any]]:
    """A record a document; the pieces of a long one are held until its last."""
    from textpipe.segment.explain import explain

    tokens: list[dict[str, Any]] = []
    considered: list[dict[str, Any]] = []
    for piece in pieces:
        explanation = explain(piece.document.text, tokenizer)
        tokens += (_fields(token, piece.offset) for token in explanation.tokens)
        considered += (_fields(word, piece.offset) for word in explanation.considered)
        if piece.last:
            yield {"id": piece.document.id, "tokens": tokens, "considered": considered}
            tokens, considered = [], []


def _fields(found: object, offset: int) -> dict[str, Any]:
    """A token or a word considered, as a record that counts from the document's start."""
    fields = dict(vars(found))
    return fields | {"start": fields["start"] + offset, "end": fields["end"] + offset}


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for token in record["tokens"]:
        place = (record["id"], token["text"], token["start"], token["end"])
        yield *place, token["source"], token["frequency"], "" if token["weight"] is None else token["weight"]


# ------------------------------------------------------------------------------------------------------ as plain text


def _write_listings(records: Iterable[Mapping[str, Any]], write: Callable[[str], None]) -> None:
    """Two tables a document: its tokens, then all words considered, the chosen ones with an asterisk."""
    between = ""
    for record in records:
        write(f"{between}{one_line(record['id'])}\n")
        _write_table(("token", "start", "end", "source", "frequency", "weight"), record["tokens"], write)
        write("\n")
        words = [{**word, "chosen": "*" if word["chosen"] else ""} for word in record["considered"]]
        _write_table(("considered", "start", "end", "chosen", "frequency", "weight"), words, write)
        between = "\n"


def _write_table(names: Sequence[str], items: Sequence[Mapping[str, Any]], write: Callable[[str], None]) -> None:
    from rich.cells import cell_len  # a Han character takes two columns

    rows = [[_shown(item["text"]), *(_shown(item[name]) for name in names[1:])] for item in items]
    widths = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        cells = []
        for name, cell, width in zip(names, row, widths, strict=True):
            padding = " " * (width - cell_len(cell))
            cells.append(padding + cell if name in _NUMBERS else cell + padding)
        write("  " + "  ".join(cells).rstrip() + "\n")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, str):
        return one_line(value) if value.strip() or not value else repr(value)
    return "-" if value is None else str(value)
