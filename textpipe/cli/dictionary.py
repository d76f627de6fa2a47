"""`textpipe dict check`"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, say
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.errors import EXIT_NEGATIVE

if TYPE_CHECKING:
    from textpipe.operations.dictionary import Checked

_COLUMNS = ("id", "line", "word", "finding", "detail")


@click.group("dict")
def dictionary() -> None:
    """Look after user dictionaries.

    \b
    Examples:
      textpipe dict check words.txt
      textpipe dict check words.txt more.txt --format csv -o findings.csv
    """


@dictionary.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=str, readable=False))
@writes_records("table", "jsonl", "json", "csv", "tsv")
@debug_option
@click.pass_context
def check(context: click.Context, /, *, files: tuple[str, ...], destination: Destination) -> None:
    """Say what is wrong with user dictionaries, line by line; ends with 1 if anything is.

    \b
    unusable      no entry, so that the file cannot be used
    unmatchable   the word holds white space or punctuation, at which segmentation always cuts
    duplicate     an earlier line has the word too
    shadowed      jieba's dictionary has the word already, and the line changes nothing
    never-whole   other words are so frequent that the word is always cut

    Several files count as one that goes on, as with --user-dict given several times.
    """
    from textpipe.operations.dictionary import check_dictionaries

    checked = check_dictionaries(files)
    with (
        destination.open(files) as write,
        record_writer(destination.format, write, columns=_COLUMNS, rows=_rows) as add,
    ):
        if destination.format == "table":
            for path in dict.fromkeys(files):
                here = [finding for finding in checked.findings if finding["id"] == f"{path}:{finding['line']}"]
                add({"id": path, "findings": here})
        else:
            for finding in checked.findings:
                add(finding)
    say(_summary(checked))
    if checked.findings:
        context.exit(EXIT_NEGATIVE)


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record.get("findings", [record]):
        yield tuple(one[column] for column in _COLUMNS)


def _summary(checked: Checked) -> str:
    counts = Counter(finding["finding"] for finding in checked.findings)
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    lines, entries = ("line" if checked.lines == 1 else "lines"), ("entry" if checked.good == 1 else "entries")
    return f"{checked.lines} {lines}, {checked.good} good {entries}; {found or 'nothing found'}"
