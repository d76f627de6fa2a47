"""`textpipe run`"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, on_stop
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.storing import stage_logs, uses_store

if TYPE_CHECKING:
    from textpipe.pipeline.plan import Outcome
    from textpipe.store.layout import Store

_FORMATS = ("table", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("id", "step", "state", "artifact", "why", "seconds")


@click.command()
@click.argument("pipeline", type=click.Path(path_type=str, readable=False))
@click.option("--dry-run", is_flag=True, help="Say what is found and what would be made, and why; write nothing.")
@click.option("--only", multiple=True, metavar="STEP", help="Only this step and what it needs; repeatable.")
@click.option("--force", multiple=True, metavar="STEP", help="Make this step again; repeatable.")
@click.option("--set", "set", multiple=True, metavar="STEP.KEY=VALUE", help="Change a parameter; repeatable.")
@click.option("--rehash", is_flag=True, help="Read large input files again instead of trusting size and time.")
@uses_store
@writes_records(*_FORMATS, to_file=False)
@click.option("-q", "--quiet", is_flag=True, help="No notes, no progress; errors only.")
@debug_option
@click.pass_context
def run(
    context: click.Context,
    /,
    *,
    pipeline: str,
    dry_run: bool,
    store: Store,
    destination: Destination,
    quiet: bool,
    **options: Any,
) -> None:
    """Find or make the steps of a pipeline file; what has not changed is found and not made again.

    PIPELINE is a TOML file with a table a step: its stage, its inputs, its parameters. Every artifact gets the
    names latest and FILE.STEP.

    \b
    Examples:
      textpipe run data/pipeline.toml
      textpipe run data/pipeline.toml --dry-run --set keywords.k=5
    """
    from textpipe.pipeline.file import prefix_of, read_pipeline
    from textpipe.pipeline.plan import plan_steps, run_steps

    steps = read_pipeline(pipeline, settings=options.pop("set"))
    options["prefix"] = prefix_of(pipeline)
    if dry_run:
        found = list(_steps(plan_steps(steps, store, **options)))
    else:
        on_stop(context, f"textpipe run {pipeline} finds what is done and goes on from there")
        with stage_logs(shown=not quiet) as log_of:
            found = list(_steps(run_steps(steps, store, log_of=lambda step: log_of(step.name), **options)))
    with (
        destination.open() as write,
        record_writer(destination.format, write, columns=_COLUMNS, rows=_rows) as add,
    ):
        add({"id": pipeline, "steps": found})
    if dry_run and not quiet:
        note("a dry run: nothing was written")


def _steps(outcomes: Iterable[Outcome]) -> Iterator[dict[str, Any]]:
    start = time.perf_counter()
    for outcome in outcomes:
        now = time.perf_counter()
        yield {
            "step": outcome.step.name,
            "stage": outcome.step.stage.name,
            "state": outcome.state,
            "artifact": None if outcome.artifact is None else outcome.artifact.address,
            "why": outcome.why,
            "seconds": round(now - start, 3),
        }
        start = now


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for step in record["steps"]:
        yield record["id"], step["step"], step["state"], step["artifact"] or "", step["why"], step["seconds"]
