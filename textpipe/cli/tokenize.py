"""`textpipe tokenize`"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import show_account, with_progress
from textpipe.cli.explaining import explains, write_explanations
from textpipe.cli.output import STDOUT, Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.remote import client_of, cuts_of, fields_of
from textpipe.cli.segmenting import cuts_text, make_tokenizer
from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece, ReadLog
    from textpipe.operations.tokenize import Cut
    from textpipe.segment.tokenizer import Mode

_FORMATS = ("text", "jsonl", "json", "csv", "tsv")


@click.command()
@reads_paths
@click.option(
    "--mode",
    type=click.Choice(("exact", "search", "full")),
    default="exact",
    show_default=True,
    help="exact: every character once; search: long words and their parts; full: every word there is.",
)
@click.option("--tags", is_flag=True, help="Parts of speech, as jieba.posseg gives them: word/tag.")
@click.option("--spans", is_flag=True, help="Where each token lies in its document, in code points; as JSON lines.")
@explains
@cuts_text
@writes_records(*_FORMATS)
@click.pass_context
def tokenize(
    context: click.Context,
    /,
    *,
    reading: Reading,
    mode: Mode,
    tags: bool,
    spans: bool,
    explain: bool,
    user_dict: tuple[str, ...],
    hmm: bool,
    protect: tuple[str, ...],
    traditional: bool,
    jobs: int | None,
    destination: Destination,
) -> None:
    """Cut documents into words, exactly as jieba does.

    Plain text gives a line for each document (or input line, with --lines): its tokens joined by one space,
    white space left out. JSON lines keep every token: joined they are the document.

    \b
    Examples:
      textpipe tokenize article.txt
      textpipe tokenize corpus.txt --lines -o corpus.seg.txt --jobs 0
      echo 我来到北京清华大学 | textpipe tokenize - --tags
    """
    from textpipe.corpus.document import ReadLog

    if tags and mode != "exact":
        raise UsageError("--tags goes with --mode exact only", hint="leave out --mode")
    if explain and (tags or spans or mode != "exact"):
        raise UsageError("--explain goes with --mode exact only, and without --tags and --spans", hint="leave them out")
    kind = destination.format
    if spans and kind == "text":
        if destination.given_format or destination.path != STDOUT:
            raise UsageError("plain text has no place for spans", hint="--format jsonl")
        kind = "jsonl"
    log = ReadLog()
    client = client_of(context)
    if client is not None:
        fields = fields_of(context)
        cutting = cuts_of(client, reading.pieces(log), fields, jobs=jobs)
        _write_cuts(cutting, kind, destination, log, reading, columns=_columns(tags=tags, spans=spans))
        return
    from textpipe.operations.tokenize import cut_pieces, joined_pieces
    from textpipe.segment.engine import is_compiled

    tokenizer = make_tokenizer(
        user_dict, hmm=hmm, protect=protect, traditional=traditional, mode=mode, quiet=reading.quiet
    )
    in_core = (
        kind == "text" and not (tags or explain or destination.on_terminal) and tokenizer.is_plain and is_compiled()
    )
    pieces = reading.pieces(log, line_blocks=in_core)
    if explain:
        write_explanations(pieces, tokenizer, destination, log=log, reading=reading)
        return
    if in_core:
        shown = not reading.quiet
        joining = joined_pieces(pieces, tokenizer, threads=jobs or 0)
        with destination.open_bytes(log.paths) as write_bytes, closing(joining) as joined:
            _write_joined(with_progress(joined, log, shown=shown), write_bytes)
        show_account(log, quiet=reading.quiet, verbose=reading.verbose)
        return
    cutting = cut_pieces(pieces, tokenizer, tags=tags, spans=spans, jobs=1 if jobs is None else jobs)
    _write_cuts(cutting, kind, destination, log, reading, columns=_columns(tags=tags, spans=spans))


def _columns(*, tags: bool, spans: bool) -> Sequence[str]:
    return ("id", "token", *(("start", "end") if spans else ()), *(("tag",) if tags else ()))


def _write_cuts(
    cutting: Generator[tuple[Piece, Cut]],
    kind: str,
    destination: Destination,
    log: ReadLog,
    reading: Reading,
    *,
    columns: Sequence[str],
) -> None:
    """Write the tokens of pieces as they come, and the account."""
    from textpipe.operations.tokenize import token_records

    shown = not reading.quiet and not destination.on_terminal
    with destination.open(log.paths) as write, closing(cutting) as cuts:  # workers end here, whatever happens
        if kind == "text":
            _write_text(with_progress(cuts, log, shown=shown), write)
        else:
            with record_writer(kind, write, columns=columns, rows=_rows) as add:
                for record in with_progress(token_records(cuts), log, shown=shown):
                    add(record)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)


def _write_joined(pieces: Iterable[tuple[Piece, bytes]], write: Callable[[bytes], object]) -> None:
    """As `_write_text`, of pieces that are plain text already; those of several lines hold the line feeds between."""
    separator = b""
    for piece, line in pieces:
        if line:
            write(line if line.startswith(b"\n") else separator + line)
            separator = b" "
        if piece.last:
            write(b"\n")
            separator = b""


def _write_text(cuts: Iterable[tuple[Piece, Cut]], write: Callable[[str], None]) -> None:
    """Piece by piece, so that a document of any length takes little memory."""
    separator = ""
    for piece, cut in cuts:
        tagged = cut.tags is not None
        tokens = map("/".join, zip(cut.tokens, cut.tags or (), strict=True)) if tagged else cut.tokens
        line = " ".join(shown for token, shown in zip(cut.tokens, tokens, strict=True) if token and not token.isspace())
        if line:
            write(separator + line)
        separator = " " if line else separator
        if piece.last:
            write("\n")
            separator = ""


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """One row a token."""
    for index, token in enumerate(record["tokens"]):
        row: list[Cell] = [record["id"], token]
        if "spans" in record:
            row += record["spans"][index]
        if "tags" in record:
            row.append(record["tags"][index])
        yield row
