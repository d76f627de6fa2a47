"""`textpipe stats`"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, show_account, with_progress
from textpipe.cli.output import Destination, check_apart, json_line, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.reporting import HtmlReport, writes_html
from textpipe.cli.segmenting import cuts_text, make_tokenizer
from textpipe.cli.stats_tables import rows_of, tables_of
from textpipe.errors import UsageError
from textpipe.files import atomic_writer, check_writable

if TYPE_CHECKING:
    from textpipe.discover.near_duplicates import NearSettings

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("section", "name", "value")


@click.command()
@reads_paths
@click.option(
    "-k",
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many terms, labels and groups of duplicates to list.",
)
@click.option(
    "--stopwords",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="zh|en|FILE",
    help="Words that are no terms: shipped lists or a file with one a line; repeatable, also zh,en; none for none at "
    "all.  [default: zh,en]",
)
@click.option(
    "--near",
    type=float,
    metavar="SIMILARITY",
    help="Texts are near-duplicates from this Jaccard similarity on, above 0 and up to 1.  "
    "[default: 0.8, if datasketch is installed]",
)
@click.option("--no-near", is_flag=True, help="Look for equal texts only.")
@click.option(
    "--permutations",
    type=int,
    metavar="N",
    help="Hash values that near-duplicates are told by: more are more exact, and take more time and memory.  "
    "[default: 128]",
)
@click.option(
    "--duplicates",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Write every group of duplicates here, as JSON lines.",
)
@cuts_text
@writes_html
@writes_records(*_FORMATS)
def stats(
    *,
    reading: Reading,
    top: int,
    stopwords: tuple[str, ...],
    near: float | None,
    no_near: bool,
    permutations: int | None,
    duplicates: str | None,
    user_dict: tuple[str, ...],
    hmm: bool,
    protect: tuple[str, ...],
    traditional: bool,
    jobs: int | None,
    html: HtmlReport,
    destination: Destination,
) -> None:
    """Say what a collection of documents holds, before anything is done with it.

    How many documents and how long, encodings, scripts, labels, duplicates and near-duplicates, how the vocabulary
    grows, and the terms that are frequent or characteristic. All PATHS together give one record.

    \b
    Examples:
      textpipe stats news/
      textpipe stats reviews.csv --text-col comment --duplicates groups.jsonl
      textpipe stats archive/ --jobs 0 --no-near -o stats.json
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.discover.blocks import CountSettings
    from textpipe.discover.stats import Statistics
    from textpipe.operations.stats import count_documents

    kind = destination.format
    wanted = _near_settings(near, permutations, without=no_near)
    words = _stop_words(stopwords)
    tokenizer = make_tokenizer(user_dict, hmm=hmm, protect=protect, traditional=traditional, quiet=reading.quiet)
    log = ReadLog(line_ends=Counter())
    pieces = reading.pieces(log)
    if duplicates is not None:
        _check_duplicates(duplicates, destination, log.paths)
    html.check(destination, log.paths, others=[duplicates])
    statistics = Statistics(near=wanted)
    with contextlib.ExitStack() as stack:
        groups_file = None
        if duplicates is not None:
            groups_file = stack.enter_context(atomic_writer(duplicates, force=destination.force))
        stack.enter_context(html.open(destination))
        write = stack.enter_context(destination.open(log.paths))
        counting = count_documents(
            pieces, CountSettings(tokenizer, wanted), statistics, jobs=1 if jobs is None else jobs
        )
        counted = stack.enter_context(contextlib.closing(counting))  # workers end here, whatever happens
        for _ in with_progress(counted, log, shown=not reading.quiet):
            pass
        found = statistics.duplicates()
        record = statistics.record(reading.paths, log, found, top=top, stopwords=words)
        if kind == "table":
            write(tables_of(record))
        else:
            with record_writer(kind, write, columns=_COLUMNS, rows=rows_of) as add:
                add(record)
        if groups_file is not None:
            for group in found.groups():
                groups_file.write(f"{json_line(group)}\n".encode("utf-8", "backslashreplace"))
            groups_file.flush()  # a full disk shows here, before the statistics are published
        if html.wanted:
            from textpipe.report.stats import stats_page

            html.write(stats_page(record))
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if not reading.quiet:
        for message in _notes(record, without=no_near):
            note(message)


def _near_settings(near: float | None, permutations: int | None, *, without: bool) -> NearSettings | None:
    """How near-duplicates are found; None where they are not wanted, or not possible and not asked for."""
    from textpipe.discover.near_duplicates import DEFAULT_THRESHOLD, PERMUTATIONS, NearSettings, has_datasketch

    asked = near is not None or permutations is not None
    if without:
        if asked:
            raise UsageError("--no-near goes with neither --near nor --permutations", hint="leave one of them out")
        return None
    if not asked and not has_datasketch():
        return None
    return NearSettings(
        DEFAULT_THRESHOLD if near is None else near, PERMUTATIONS if permutations is None else permutations
    )


def _stop_words(given: tuple[str, ...]) -> frozenset[str]:
    from textpipe.keywords.candidates import SHIPPED, chosen_stopwords

    # a file may have a comma in its name; anything else with one is several lists
    lists = [name for one in given for name in ([one] if os.path.exists(one) else one.split(","))]
    return chosen_stopwords(lists or SHIPPED)[0]


def _check_duplicates(path: str, destination: Destination, inputs: list[str]) -> None:
    if not path.lower().endswith((".jsonl", ".ndjson")):
        raise UsageError("the groups are written as JSON lines", where=path, hint="--duplicates NAME.jsonl")
    check_apart(path, [*inputs, *destination.side_files], what="input")
    check_apart(path, [destination.path], what="statistics")
    check_writable(path, force=destination.force)


def _notes(record: Mapping[str, Any], *, without: bool) -> Iterator[str]:
    duplicates = record["duplicates"]
    if duplicates["near"] is None and not without:
        yield "equal texts only: pip install 'textpipe-zh[duplicates]' to find near-duplicates too"
    if duplicates["near"] is not None and duplicates["near"]["unchecked"]:
        yield (
            f"up to {duplicates['near']['unchecked']} pairs of texts that share much were not compared, "
            "and some groups may be in parts: a higher --near compares fewer"
        )
    if record["labels"]["distinct"] is None:
        yield "more than 100,000 different labels, counted in part: is it a column of labels? --label-col names another"
