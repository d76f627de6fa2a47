"""`textpipe tokenize`"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import show_account, with_progress
from textpipe.cli.explaining import explains, write_explanations
from textpipe.cli.output import STDOUT, Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.segmenting import cuts_text, make_tokenizer
from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece
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
def tokenize(
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
    from textpipe.operations.tokenize import cut_pieces, joined_pieces, token_records
    from textpipe.segment.engine import is_compiled

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
    shown = not reading.quiet and not destination.on_terminal
    if in_core:
        joining = joined_pieces(pieces, tokenizer, threads=jobs or 0)
        with destination.open_bytes(log.paths) as write_bytes, closing(joining) as joined:
            _write_joined(with_progress(joined, log, shown=shown), write_bytes)
        show_account(log, quiet=reading.quiet, verbose=reading.verbose)
        return
    cutting = cut_pieces(pieces, tokenizer, tags=tags, spans=spans, jobs=1 if jobs is None else jobs)
    with destination.open(log.paths) as write, closing(cutting) as cuts:  # workers end here, whatever happens
        if kind == "text":
            _write_text(with_progress(cuts, log, shown=shown), write)
        else:
            columns = ("id", "token", *(("start", "end") if spans else ()), *(("tag",) if tags else ()))
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
