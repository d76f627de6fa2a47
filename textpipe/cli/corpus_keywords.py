"""`textpipe keywords --corpus`"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, show_account, with_progress
from textpipe.cli.output import Cell, Destination, record_writer
from textpipe.cli.reading import Reading
from textpipe.cli.reporting import HtmlReport
from textpipe.errors import EXIT_NEGATIVE, UsageError

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece, ReadLog
    from textpipe.keywords.extract import KeywordSettings

_COLUMNS = ("id", "text", "score", "count", "documents", "document")


def write_corpus_keywords(
    context: click.Context,
    pieces: Iterator[Piece],
    log: ReadLog,
    settings: KeywordSettings,
    reading: Reading,
    destination: Destination,
    *,
    jobs: int | None,
    graph: str | None,
    html: HtmlReport,
) -> None:
    """One record for all documents, written as those of single documents are."""
    from textpipe.operations.corpus_keywords import extract_corpus_keywords

    if graph is not None:
        raise UsageError("--graph does not go with --corpus", hint="leave out one of them")
    html.check(destination, log.paths)
    with (
        html.open(destination),
        destination.open(log.paths) as write,
        record_writer(destination.format, write, columns=_COLUMNS, rows=_rows) as add,
    ):
        shown = with_progress(pieces, log, shown=not reading.quiet)
        record = extract_corpus_keywords(
            shown, settings, identity=_name(reading.paths), jobs=1 if jobs is None else jobs
        )
        add(record)
        if html.wanted:
            from textpipe.report.keywords import keywords_page

            tokenize = settings.tokens if settings.pos is not None else settings.tokenizer.tokenize
            html.write(keywords_page(html.shown, tokenize=tokenize, of_all=record))
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if not record["keywords"]:
        if not reading.quiet:
            note("no keywords: no word that counts is more frequent here than in the background")
        context.exit(EXIT_NEGATIVE)


def _name(paths: Sequence[str]) -> str:
    """The name of the only folder or file, else `corpus`."""
    name = os.path.basename(os.path.abspath(paths[0])) if len(paths) == 1 and paths[0] != "-" else ""
    return name or "corpus"


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for keyword in record["keywords"]:
        yield (record["id"], *(keyword[name] for name in _COLUMNS[1:]))
