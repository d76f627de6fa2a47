"""`textpipe evaluate classifier`"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.computing import takes_device
from textpipe.cli.console import note, say, show_account, with_progress
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_all_of_paths
from textpipe.cli.resampling import draws_samples
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE

if TYPE_CHECKING:
    from textpipe.operations.evaluate_classifier import ClassifierRecord
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "kind", "name", "value", "low", "high", "precision", "recall", "f1", "support", "predicted")
_CONFUSIONS = 10  # of a table


@click.command()
@click.argument("name", shell_complete=complete_artifact)
@reads_all_of_paths
@click.option(
    "--fail-under",
    multiple=True,
    metavar="MEASURE=VALUE",
    help="Exit code 1 when the measure is under it: accuracy (subset_accuracy), macro_f1, …; repeatable.",
)
@click.option(
    "--errors-shown",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="The worst errors: wrong with the highest probability.",
)
@takes_device
@draws_samples
@uses_store
@writes_records(*_FORMATS)
@click.pass_context
def classifier(
    context: click.Context,
    /,
    *,
    name: str,
    reading: Reading,
    fail_under: tuple[str, ...],
    errors_shown: int,
    device: str | None,
    resamples: int,
    seed: int,
    store: Store,
    destination: Destination,
) -> None:
    """Score a classifier: accuracy, precision, recall and F1, confusions, calibration, worst errors.

    NAME is a classifier of the store, PATHS are labelled texts, as train-classifier reads them. Texts that it has
    learned from are counted, and it is scored without them too.

    \b
    Examples:
      textpipe evaluate classifier news test.tsv
      textpipe evaluate classifier latest test/ --fail-under macro_f1=0.9 --format json
    """
    from textpipe.corpus.document import ReadLog, whole_documents
    from textpipe.operations.evaluate_classifier import ClassifierScorer, bars, check_bars, shortfalls
    from textpipe.operations.open_classifier import open_classifier
    from textpipe.pipeline.classifier_stages import SEEN, seen_texts

    least = bars(fail_under)
    kind = destination.format
    log = ReadLog()
    reading.required_paths()
    loaded, artifact = open_classifier(store, name, device=device)
    check_bars(least, loaded)
    pieces = reading.pieces(log, labels=True, label_sep=getattr(loaded.config, "label_sep", ""))
    seen = seen_texts(artifact) if SEEN in artifact.manifest.outputs else None
    scorer = ClassifierScorer(loaded, seen=seen, errors=errors_shown)
    columns, rows = _COLUMNS, _rows
    with destination.open(log.paths) as write, record_writer(kind, write, columns=columns, rows=rows) as add:
        for _ in with_progress(scorer.add(whole_documents(pieces)), log, shown=not reading.quiet):
            pass
        paths = reading.required_paths()
        identity = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        record = scorer.record(identity=identity, model=artifact.address, resamples=resamples, seed=seed)
        if kind == "table":
            _write_tables(record, write)
        else:
            add(record)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if not reading.quiet:
        _tell(record)
    under = shortfalls(record, least)
    for line in under:
        say(f"failed: {line} ({record['texts']:,} texts)")
    if under:
        context.exit(EXIT_NEGATIVE)


def _tell(record: ClassifierRecord) -> None:
    if record["unlabelled"]:
        rows = "row" if record["unlabelled"] == 1 else "rows"
        note(f"left out: {record['unlabelled']:,} {rows} without a label")
    if record["unknown"]:
        labels = ", ".join(f"{label!r} ({count:,})" for label, count in list(record["unknown"].items())[:3])
        more = f", and {len(record['unknown']) - 3:,} more" if len(record["unknown"]) > 3 else ""
        each = "each an error" if "subset_accuracy" in record["scores"] else "each row an error"
        note(f"labels that the classifier does not know, {each}: {labels}{more}")
    if record["seen"] is None:
        note("nobody knows which of the texts it has learned from")
    elif record["seen"]:
        text = f"it has learned from {record['seen']:,} of the {record['texts']:,} texts"
        if record["unseen"] is not None:
            scores = record["unseen"]["scores"]
            first = "accuracy" if "accuracy" in scores else "micro_f1"
            text += f"; on the other {record['unseen']['texts']:,}: {first.replace('_f1', ' F1')} {scores[first]:.4f}, "
            text += f"macro F1 {scores['macro_f1']:.4f}"
        note(text)


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    """A row a measure, then a row a class."""
    identity = record["id"]
    empty = [""] * 5
    for name, value in record["scores"].items():
        ends: list[Cell] = record["intervals"].get(name, ["", ""])
        yield [identity, "measure", name, value, *ends, *empty]
    if record["unseen"] is not None:
        for name, value in record["unseen"]["scores"].items():
            yield [identity, "unseen", name, value, "", "", *empty]
    for one in record["classes"]:
        numbers = [one[column] for column in _COLUMNS[6:]]
        yield [identity, "class", one["label"], "", "", "", *numbers]


def _write_tables(record: ClassifierRecord, write: Callable[[str], None]) -> None:
    """A table each for measures, classes, confusions, calibration and errors."""

    def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        if rows:
            with record_writer("table", write, columns=("id", *columns), rows=lambda _: iter(rows)) as add:
                add({"id": title})

    intervals = record["intervals"]
    measures = [["", name, value, *intervals.get(name, ["", ""])] for name, value in record["scores"].items()]
    table(f"{record['id']}: {record['texts']:,} texts", ("measure", "value", "low", "high"), measures)
    several = "subset_accuracy" in record["scores"]
    columns: tuple[str, ...] = ("label", "precision", "recall", "f1", "support", "predicted")
    columns += ("average_precision", "threshold") if several else ()
    table("classes", columns, [["", *(_cell(one[column]) for column in columns)] for one in record["classes"]])
    pairs = [["", one["gold"], one["predicted"], one["texts"]] for one in record["confusions"]]
    more = f", {_CONFUSIONS} of {len(pairs):,}" if len(pairs) > _CONFUSIONS else ""
    table(f"confusions{more}", ("gold", "taken for", "texts"), pairs[:_CONFUSIONS])
    bins = [
        ["", f"{one['low']:.2f} to {one['high']:.2f}", one["texts"], one["confidence"], one["accuracy"]]
        for one in record["calibration"]
    ]
    shares = (
        ("decisions", "mean probability", "share of gold") if several else ("texts", "mean probability", "accuracy")
    )
    table("calibration", ("probability", *shares), bins)
    names = ("source", "gold", "label", *(("wrong",) if several else ()), "score", "text")
    errors = [["", *(one[name] or "" for name in names)] for one in record["errors"]]
    heads = ("where", "gold", "given" if several else "taken for", *names[3:])
    table("worst errors", heads, errors)


def _cell(value: Cell | None) -> Cell:
    return "" if value is None else value
