"""The options of commands that use a store and keep what they train, declared once; completion of names."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note, one_line
from textpipe.errors import UsageError
from textpipe.store.layout import Store

if TYPE_CHECKING:
    from textpipe.pipeline.stage import StageLog

DEFAULT_STORE = ".textpipe"


def uses_store(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --store; it gets a Store as `store`, which need not exist."""

    @functools.wraps(command)
    def with_store(*arguments: Any, store: str, **values: Any) -> Any:
        return command(*arguments, store=Store(Path(store)), **values)

    return click.option(
        "--store",
        type=click.Path(path_type=str, readable=False),
        envvar="TEXTPIPE_STORE",
        default=DEFAULT_STORE,
        show_default=True,
        metavar="FOLDER",
        help="Where artifacts lie; also TEXTPIPE_STORE.",
    )(with_store)


def keeps_training(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that trains --name, --resume and --restart; it gets `name` and `restart`."""

    @functools.wraps(command)
    def checked(*arguments: Any, resume: bool, restart: bool, **values: Any) -> Any:
        if resume and restart:
            raise UsageError("--resume or --restart, not both", hint="leave out one of them")
        return command(*arguments, restart=restart, **values)  # an interrupted training is gone on with anyway

    options = (
        click.option("--name", metavar="NAME", help="What to call it; latest means it anyway."),
        click.option(
            "--resume", is_flag=True, help="Go on with an interrupted training; so does a run without it, in silence."
        ),
        click.option("--restart", is_flag=True, help="Begin an interrupted training anew."),
    )
    for option in reversed(options):
        checked = option(checked)
    return checked


def complete_artifact(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names, `kind/name` and ids of what lies in the store, for the shell."""
    from textpipe.store.objects import addresses
    from textpipe.store.refs import names

    store = Store(Path(context.params.get("store") or DEFAULT_STORE))
    if not store.exists:
        return []
    known = [*(name for _, name in names(store)), *(f"{kind}/{name}" for kind, name in names(store))]
    ids = [address.partition("/")[2] for address in addresses(store)] if incomplete else []
    return sorted({text for text in (*known, *ids) if text.startswith(incomplete)})


@contextlib.contextmanager
def stage_logs(*, shown: bool) -> Iterator[Callable[[str], StageLog]]:
    """A function from a step's name to what the stage tells: notes always, progress on a terminal."""
    from textpipe.pipeline.stage import StageLog

    if not shown:
        yield lambda _name: StageLog()
        return
    if not sys.stderr.isatty():
        yield lambda name: StageLog(note=lambda message: note(f"{name}: {message}"))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        *(SpinnerColumn(), TextColumn("{task.description} {task.fields[state]}"), BarColumn()),
        *(TimeElapsedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def log_of(name: str) -> StageLog:
            task = progress.add_task(name, total=None, state="")
            return StageLog(
                progress=lambda done: progress.update(task, state=f"{done:,} records"),
                advance=lambda share, state: progress.update(task, total=1.0, completed=share, state=state),
                note=lambda message: progress.console.print(
                    f"note: {one_line(name)}: {one_line(message)}", markup=False
                ),
            )

        yield log_of
