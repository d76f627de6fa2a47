"""`textpipe summarize`"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from textpipe.cli.console import note, show_account, with_progress
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.remote import client_of, fields_of, records_of
from textpipe.cli.reporting import HtmlReport, writes_html
from textpipe.cli.segmenting import cuts_text, make_tokenizer
from textpipe.errors import EXIT_NEGATIVE

if TYPE_CHECKING:
    from textpipe.keywords.summary import SummarySettings

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "position", "score", "start", "end", "text")


@click.command()
@reads_paths
@click.option(
    "--method",
    type=click.Choice(("combined", "textrank", "mmr", "lead")),
    default="combined",
    show_default=True,
    help="combined: like the whole document, short and early; textrank: like many sentences; "
    "mmr: like the whole document and unlike each other; lead: the first ones.",
)
@click.option("-n", "--sentences", type=click.IntRange(min=1), metavar="N", help="How many.  [default: 3]")
@click.option(
    "--ratio", type=float, metavar="R", help="How many, as a share of the document's sentences (0.2: a fifth)."
)
@click.option("--by-score", is_flag=True, help="Best first.  [default: in the order of the document]")
@click.option(
    "--stopwords",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="zh|en|FILE",
    help="Words that make no sentences alike, besides jieba's few English ones (en where a document has no Han "
    "character): shipped lists or a file with one a line; repeatable, also zh,en; none for none at all.",
)
@cuts_text
@writes_html
@writes_records(*_FORMATS)
@click.pass_context
def summarize(
    context: click.Context,
    /,
    *,
    reading: Reading,
    jobs: int | None,
    html: HtmlReport,
    destination: Destination,
    **options: Any,
) -> None:
    """Find the key sentences of documents, word for word, with their places.

    PATHS are files, folders, patterns or - for standard input: plain text (a document a file, or --lines),
    CSV, TSV, JSON lines, parquet and xlsx, also .gz, .bz2 and .xz, in any common encoding.

    \b
    Examples:
      textpipe summarize article.txt
      textpipe summarize news/ --method textrank -n 1 --jobs 0 -o summaries.csv
      textpipe summarize report.txt --ratio 0.1 --by-score
    """
    from textpipe.corpus.document import ReadLog

    kind = destination.format
    log = ReadLog()
    client = client_of(context)
    found: Generator[tuple[Any, str | None]]
    if client is None:
        from textpipe.operations.summarize import summarize_documents

        settings = _settings(context, quiet=reading.quiet, **options)
        pieces = html.watch(reading.pieces(log))
        found = summarize_documents(pieces, settings, jobs=1 if jobs is None else jobs)
    else:
        fields = _fields(context)
        pieces = html.watch(reading.pieces(log))
        found = records_of(client, "summarize", pieces, fields, jobs=jobs)
    html.check(destination, log.paths)
    without, first_without = 0, ""
    shown = not reading.quiet and not destination.on_terminal
    with contextlib.ExitStack() as stack:
        stack.enter_context(html.open(destination))
        write = stack.enter_context(destination.open(log.paths))
        add = stack.enter_context(record_writer(kind, write, columns=_COLUMNS, rows=_rows))
        records = stack.enter_context(contextlib.closing(found))  # workers end here, whatever happens
        for record, source in with_progress(records, log, shown=shown):
            add(record)
            html.add(record)
            if not record["sentences"]:
                without += 1
                first_without = first_without or source or record["id"]
        if html.wanted:
            from textpipe.report.summary import summary_page

            html.write(summary_page(html.shown))
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if without and not reading.quiet:
        reason = "they hold no letter, digit or character"
        note(f"no sentences in {without} of {log.used} documents: {reason} (first: {first_without})")
    if without == log.used:
        context.exit(EXIT_NEGATIVE)


def _settings(
    context: click.Context,
    *,
    stopwords: tuple[str, ...],
    sentences: int | None,
    ratio: float | None,
    user_dict: tuple[str, ...],
    hmm: bool,
    protect: tuple[str, ...],
    traditional: bool,
    quiet: bool,
    **options: Any,
) -> SummarySettings:
    from textpipe.keywords.summary import summary_settings

    weaker = _weaker(context)
    sentences, ratio = None if weaker == "sentences" else sentences, None if weaker == "ratio" else ratio
    # a file may have a comma in its name; anything else with one is several lists
    lists = [name for given in stopwords for name in ([given] if os.path.exists(given) else given.split(","))]
    tokenizer = make_tokenizer(user_dict, hmm=hmm, protect=protect, traditional=traditional, quiet=quiet)
    return summary_settings(sentences=sentences, ratio=ratio, stopwords=lists, tokenizer=tokenizer, **options)


def _fields(context: click.Context) -> dict[str, Any]:
    """Those of a request."""
    fields = fields_of(context)
    fields.pop(_weaker(context), None)
    return fields


def _weaker(context: click.Context) -> str:
    """Which of two ways to say how many does not count: a flag beats the environment, that beats the file."""
    sentences, ratio = _strength(context, "sentences"), _strength(context, "ratio")
    return "" if sentences == ratio else "sentences" if ratio > sentences else "ratio"


def _strength(context: click.Context, name: str) -> int:
    order = (ParameterSource.DEFAULT_MAP, ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE)
    source = context.get_parameter_source(name)
    return order.index(source) if source in order else -1


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for sentence in record["sentences"]:
        yield record["id"], *(sentence[column] for column in _COLUMNS[1:])
