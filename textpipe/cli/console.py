"""What goes to standard error: errors with their hint, notes, the account of a reading, progress on a terminal."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from textpipe.corpus.document import ReadLog
from textpipe.errors import TextpipeError

T = TypeVar("T")
_NOTES = 3
_DEBUG, _ON_STOP = "textpipe.debug", "textpipe.on-stop"

# C0 (not tab and line feed), DEL, C1, bidirectional controls, zero-width marks, lone surrogates
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with control characters escaped, so that a document cannot drive the terminal."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def one_line(text: str) -> str:
    """As `visible`, with line feeds and tabs escaped too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def say(message: str) -> None:
    """A line on standard error. Where that cannot be written, nobody can be told, and the exit code still counts."""
    with contextlib.suppress(OSError):
        click.echo(message, err=True)


def note(message: str) -> None:
    """A line that is no result and no error."""
    say(f"note: {one_line(message)}")


def show_error(error: TextpipeError) -> None:
    """`error: what (file:line)`, then `hint: what to do`."""
    say(f"{click.style('error', fg='red')}: {one_line(str(error))}")
    if error.hint:
        say(f"{click.style('hint', fg='cyan')}: {one_line(error.hint)}")


def show_account(log: ReadLog, *, verbose: bool, quiet: bool) -> None:
    """read = used + skipped + rejected, when anything but "used" happened or when asked for."""
    if quiet:
        return
    if verbose or log.skipped or log.rejected:
        say(_sum_line(log))
        for reason, count in (*log.skipped.items(), *log.rejected.items()):
            example = log.examples.get(reason)
            where = f", first: {example.where}{f':{example.line}' if example.line else ''}" if example else ""
            say(f"  {count} {one_line(reason)}{one_line(where)}")
    for message in log.notes[:_NOTES]:
        note(message)
    if len(log.notes) > _NOTES:
        note(f"the same for {len(log.notes) - _NOTES} more files")
    if log.replaced:
        note(f"{log.replaced} unreadable characters were replaced by U+FFFD")
    guessed = {name: count for name, count in log.encodings.items() if name != "utf-8"}
    if guessed or (verbose and log.encodings):
        shown = log.encodings if verbose else guessed
        counted = (f"{name} ({count} {'files' if count > 1 else 'file'})" for name, count in shown.items())
        note(f"read as {', '.join(counted)}")


def _sum_line(log: ReadLog) -> str:
    skipped, rejected = log.skipped.total(), log.rejected.total()
    return f"note: {log.read} read = {log.used} used + {skipped} skipped + {rejected} rejected"


def debugging(context: click.Context, wanted: bool = False) -> bool:
    """Whether a traceback is asked for: by an option, the environment or textpipe.toml, in any of the contexts."""
    asked: bool = context.meta.get(_DEBUG, False) or wanted
    context.meta[_DEBUG] = asked
    return asked


debug_option = click.option(
    "--debug",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _option, value: debugging(context, value),
    help="Show the traceback of an error.",
)


def on_stop(context: click.Context, hint: str | None = None) -> str | None:
    """What to say when a signal ends the command: set by the command, asked for at its end."""
    if hint is not None:
        context.meta[_ON_STOP] = hint
    found: str | None = context.meta.get(_ON_STOP)
    return found


def with_progress(records: Iterable[T], log: ReadLog, *, shown: bool) -> Iterator[T]:
    """The records, with a progress bar while they come when it is to be `shown` and there is a terminal for it."""
    if not shown or not sys.stderr.isatty():
        yield from records
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.fields[done]:,} records"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("read", total=log.bytes_total, done=0)
        for number, record in enumerate(records, start=1):
            yield record
            progress.update(task, completed=log.bytes_read, total=log.bytes_total, done=number)
