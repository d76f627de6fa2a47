"""`textpipe compare`"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.computing import takes_device
from textpipe.cli.console import note, one_line, say, show_account, with_progress
from textpipe.cli.output import STDOUT, Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import Reading, reads_all_of_paths
from textpipe.cli.resampling import draws_samples
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import EXIT_NEGATIVE

if TYPE_CHECKING:
    from textpipe.operations.compare_classifiers import ComparisonRecord, Contender
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "gold", "a", "score_a", "b", "score_b", "right", "text")
_SHOWN = 10  # disagreements, and labels of a table


@click.command()
@click.argument("a", shell_complete=complete_artifact)
@click.argument("b", shell_complete=complete_artifact)
@reads_all_of_paths
@click.option(
    "--disagreements",
    type=click.IntRange(min=0),
    metavar="N",
    help="The first N texts that they label otherwise.  [default: all with -o, in CSV and TSV; else 10]",
)
@click.option(
    "--fail-if-worse",
    multiple=True,
    type=click.Choice(("accuracy", "macro_f1")),
    help="Exit code 1 when B is worse than A beyond chance; repeatable.",
)
@takes_device
@draws_samples
@uses_store
@writes_records(*_FORMATS)
@click.pass_context
def compare(
    context: click.Context,
    /,
    *,
    a: str,
    b: str,
    reading: Reading,
    disagreements: int | None,
    fail_if_worse: tuple[str, ...],
    device: str | None,
    resamples: int,
    seed: int,
    store: Store,
    destination: Destination,
) -> None:
    """Compare two classifiers on the same labelled texts: is B better than A, or is that chance?

    A and B are classifiers of the store, PATHS are labelled texts, as train-classifier reads them. Differences have
    intervals of a paired bootstrap, and McNemar's exact test says whether one is right more often.

    \b
    Examples:
      textpipe compare news latest test.tsv
      textpipe compare news latest test.tsv -o disagreements.csv
      textpipe compare news latest test.tsv --fail-if-worse macro_f1 --format json
    """
    from textpipe.corpus.document import ReadLog, whole_documents
    from textpipe.operations.compare_classifiers import Comparison, label_separator, worse

    kind = destination.format
    few = destination.path == STDOUT and kind not in ("csv", "tsv")
    log = ReadLog()
    reading.required_paths()
    first = _contender(store, a, device)
    second = _contender(store, b, device)
    pieces = reading.pieces(log, labels=True, label_sep=label_separator(first.classifier, second.classifier))
    comparison = Comparison(first, second, most=_SHOWN if disagreements is None and few else disagreements)
    with destination.open(log.paths) as write, record_writer(kind, write, columns=_COLUMNS, rows=_rows) as add:
        for _ in with_progress(comparison.add(whole_documents(pieces)), log, shown=not reading.quiet):
            pass
        paths = reading.required_paths()
        identity = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        record = comparison.record(identity=identity, resamples=resamples, seed=seed)
        if kind == "table":
            _write_tables(record, write)
        else:
            add(record)
    show_account(log, quiet=reading.quiet, verbose=reading.verbose)
    if not reading.quiet:
        _tell(record, summed=kind in ("csv", "tsv") or destination.path != STDOUT)
    failed = worse(record, fail_if_worse)
    for line in failed:
        say(f"failed: {line}, of {record['texts']:,} texts")
    if failed:
        context.exit(EXIT_NEGATIVE)


def _contender(store: Store, name: str, device: str | None) -> Contender:
    from textpipe.operations.compare_classifiers import Contender
    from textpipe.operations.open_classifier import open_classifier
    from textpipe.pipeline.classifier_stages import SEEN, seen_texts

    classifier, artifact = open_classifier(store, name, device=device)
    seen = seen_texts(artifact) if SEEN in artifact.manifest.outputs else None
    return Contender(artifact.address, classifier, seen)


def _tell(record: ComparisonRecord, *, summed: bool) -> None:
    if record["identical"]:
        note(f"A and B are the same classifier, {record['a']}: nothing can differ")
    if summed:
        changes = f"accuracy {_change(record, 'accuracy')}, macro F1 {_change(record, 'macro_f1')}"
        test = f"McNemar p {record['mcnemar']['p']:.4g}; {record['disagreements']:,} labelled otherwise"
        note(f"{record['texts']:,} texts: {changes}, {test}")
    if record["unlabelled"]:
        note(f"left out: {record['unlabelled']:,} without a label")
    for name, unknown, seen in zip("AB", record["unknown"], record["seen"], strict=True):
        if unknown:
            labels = ", ".join(f"{one_line(label)!r} ({count:,})" for label, count in list(unknown.items())[:3])
            more = f", and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
            note(f"labels that {name} does not know, each row an error: {labels}{more}")
        if seen:
            note(f"{name} has learned from {seen:,} of the {record['texts']:,} texts, and looks better for it")


def _change(record: ComparisonRecord, name: str) -> str:
    before, after = record["scores"][name]
    return f"{before:.4f} → {after:.4f}"


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["shown"]:
        yield ["" if one[column] is None else one[column] for column in _COLUMNS]


def _write_tables(record: ComparisonRecord, write: Callable[[str], None]) -> None:
    """A table each for measures, McNemar's test, labels, and disagreements."""

    def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        if rows:
            with record_writer("table", write, columns=("id", *columns), rows=lambda _: iter(rows)) as add:
                add({"id": title})

    measures = []
    for name, (first, second) in record["scores"].items():
        change = record["differences"][name]
        measures.append(["", name, first, second, *("" if end is None else end for end in change.values())])
    write(f"A is {record['a']}\nB is {record['b']}\n")
    table(f"{record['id']}: {record['texts']:,} texts", ("measure", "A", "B", "B - A", "low", "high"), measures)
    found = record["mcnemar"]
    table(
        "right",
        ("both", "only A", "only B", "neither", "p"),
        [["", *(found[name] for name in ("both", "only_a", "only_b", "neither", "p"))]],
    )
    changed = [one for one in record["labels"] if one["difference"] or one["only_a"] or one["only_b"]]
    columns = ("label", "support", "F1 of A", "F1 of B", "B - A", "only A right", "only B right")
    names = ("label", "support", "f1_a", "f1_b", "difference", "only_a", "only_b")
    more = f", {_SHOWN} of {len(changed):,}" if len(changed) > _SHOWN else ""
    table(f"labels that differ{more}", columns, [["", *(one[name] for name in names)] for one in changed[:_SHOWN]])
    total = record["disagreements"]
    more = f", {len(record['shown']):,} of {total:,}" if total > len(record["shown"]) else ""
    rows = [["", *row] for row in _rows(record)]
    table(f"disagreements{more}", ("text", "gold", "A", "p of A", "B", "p of B", "right", "begins"), rows)
