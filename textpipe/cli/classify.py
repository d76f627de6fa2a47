"""`textpipe classify`"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.computing import takes_device
from textpipe.cli.console import note, one_line, show_account, with_progress
from textpipe.cli.output import Cell, Destination, printed, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_paths
from textpipe.cli.remote import client_of, fields_of, labels_of, records_of
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE

if TYPE_CHECKING:
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_Rows = Callable[[Mapping[str, Any]], Iterator["Sequence[Cell]"]]
_ROWS = 200  # of a table at a time


def _is_number(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):  # which no range of click leaves out
        raise click.BadParameter("nan is no number")
    return value


@click.command()
@reads_paths
@click.option(
    "--model",
    default="latest",
    show_default=True,
    metavar="NAME",
    shell_complete=complete_artifact,
    help="The classifier, as train-classifier made it.",
)
@click.option(
    "-k",
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help="Labels of a document, at most.  [default: 1; all over their thresholds of a multi-label classifier]",
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, max=1),
    callback=_is_number,
    metavar="P",
    help="No label for a document whose likeliest one is less probable; of a multi-label classifier none that is."
    "  [default: 0; each label's own of a multi-label classifier]",
)
@takes_device
@uses_store
@writes_records(*_FORMATS)
@click.pass_context
def classify(
    context: click.Context,
    /,
    *,
    reading: Reading,
    model: str,
    top: int | None,
    threshold: float | None,
    device: str | None,
    store: Store,
    destination: Destination,
) -> None:
    """Say which class each document belongs to, and how probable that is; of a multi-label classifier which classes.

    PATHS are files, folders, patterns or - for standard input, as everywhere; labels in them are not looked at.

    \b
    Examples:
      textpipe classify letters/
      textpipe classify comments.csv --text-col comment -k 3 -o labels.csv
      echo 球队赢了决赛 | textpipe classify - --model news --threshold 0.5
    """
    from textpipe.corpus.document import ReadLog

    kind = destination.format
    log = ReadLog()
    reading.required_paths()
    client = client_of(context)
    if client is None:
        from textpipe.operations.classify import classify_documents
        from textpipe.operations.open_classifier import open_classifier

        classifier, _ = open_classifier(store, model, device=device)
        labels, separator = len(classifier.labels), getattr(classifier.config, "label_sep", "")
        pieces = reading.pieces(log, label_sep=separator)
        records: Generator[tuple[Any, str | None]] = classify_documents(pieces, classifier, k=top, threshold=threshold)
    else:
        fields = fields_of(context)
        labels, separator = labels_of(client, model, fields)
        records = records_of(client, "classify", reading.pieces(log, label_sep=separator), fields)
    columns, rows = _layout(min(top or 1, labels), separator)
    without, first_without = 0, ""
    progress = not reading.quiet and not destination.on_terminal
    with (
        destination.open(log.paths) as write,
        _writer(kind, write, columns, rows) as add,
        closing(records) as found,
    ):
        for record, source in with_progress(found, log, shown=progress):
            add(record)
            if record["label"] is None:
                without += 1
                first_without = first_without or source or record["id"]
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if without and not reading.quiet:
        bar = "their thresholds" if threshold is None else f"{threshold:g}"
        note(f"no label for {without:,} of {log.used:,} documents, below {bar} (first: {first_without})")
    if without and without == log.used and threshold is not None:
        context.exit(EXIT_NEGATIVE)


@contextmanager
def _writer(
    kind: str, write: Callable[[str], None], columns: Sequence[str], rows: _Rows
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """As `record_writer`, with many documents in a table."""
    if kind != "table":
        with record_writer(kind, write, columns=columns, rows=rows) as add:
            yield add
        return
    waiting: list[Sequence[Cell]] = []

    def add_row(record: Mapping[str, Any]) -> None:
        waiting.extend(rows(record))
        if len(waiting) >= _ROWS:
            write(_table(columns, waiting))
            waiting.clear()

    try:
        yield add_row
    finally:  # as JSON lines, what came before an error is shown
        if waiting:
            write(_table(columns, waiting))


def _layout(shown: int, separator: str) -> tuple[list[str], _Rows]:
    """(columns, what makes rows of a record): so many labels, or all that a text has in one cell."""
    columns = ["id", "label", "score"]
    if separator:
        return [*columns, "labels", "scores"], lambda record: _row_of_sets(record, separator)
    return columns + [f"{name}_{number}" for number in range(2, shown + 1) for name in ("label", "score")], _rows


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    others = [cell for one in record["labels"][1:] for cell in (one["label"], one["score"])]
    yield [record["id"], "" if record["label"] is None else record["label"], record["score"], *others]


def _row_of_sets(record: Mapping[str, Any], separator: str) -> Iterator[Sequence[Cell]]:
    """A multi-label record; its labels stand as training data has them."""
    labels = separator.join(one["label"] for one in record["labels"])
    scores = separator.join(f"{one['score']:g}" for one in record["labels"])
    yield [record["id"], record["label"] or "", record["score"], labels, scores]


def _table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(column, justify="right" if column.startswith("score") else "left", overflow="fold")
    for row in rows:
        cells = (f"{cell:.4f}" if isinstance(cell, float) else one_line(str(cell)) for cell in row)
        table.add_row(*map(Text, cells))
    return printed(table)
