"""`textpipe doctor`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from textpipe.cli.console import debug_option
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.errors import EXIT_NEGATIVE

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "what", "state", "install")


@click.command()
@writes_records(*_FORMATS)
@debug_option
@click.pass_context
def doctor(context: click.Context, /, *, destination: Destination) -> None:
    """Say what is installed, which device there is, what is missing and the command that installs it.

    Ends with 1 when something that every command needs is missing or of an untested kind.

    \b
    Examples:
      textpipe doctor
      textpipe doctor --format json
    """
    from textpipe.operations.doctor import examine

    kind = destination.format
    record = examine()
    with (
        destination.open() as write,
        record_writer(kind, write, columns=_COLUMNS, rows=_rows) as add,
    ):
        add(record)
    if not record["healthy"]:
        context.exit(EXIT_NEGATIVE)


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for finding in record["findings"]:
        yield record["id"], finding["what"], finding["state"], finding["install"] or ""
