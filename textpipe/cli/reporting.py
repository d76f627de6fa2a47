"""The option --html, declared once: a report beside the results."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from textpipe.cli.output import Destination, check_apart
from textpipe.errors import UsageError
from textpipe.files import atomic_writer, check_writable

_SUFFIXES = (".html", ".htm")

_OPTION = click.option(
    "--html",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Write a report too: one page with pictures that any browser shows, offline.",
)


class HtmlReport:
    """Where a command line wants its report, if it wants one."""

    def __init__(self, path: str | None) -> None:
        self.path = path

    @property
    def wanted(self) -> bool:
        """Whether --html was given."""
        return self.path is not None

    def check(self, destination: Destination, inputs: Sequence[str], *, others: Sequence[str | None] = ()) -> None:
        """Raise early, before any work, for what would fail at the end.

        inputs: the files that are read; others: what the command writes besides the results.
        """
        if self.path is None:
            return
        from textpipe.report.page import require_jinja2

        require_jinja2()
        if not self.path.lower().endswith(_SUFFIXES):
            raise UsageError("the report is written as HTML", where=self.path, hint="--html NAME.html")
        check_apart(self.path, inputs, what="input")
        check_apart(self.path, [destination.path, *(path for path in others if path)], what="results")
        check_writable(self.path, force=destination.force)

    @contextlib.contextmanager
    def open(self, destination: Destination) -> Iterator[Callable[[bytes], None]]:
        """A function that writes the page to a file that appears when all went well.

        To be opened before the results are: what is opened last is published first.
        """
        if self.path is None:
            yield _nowhere
            return
        with atomic_writer(self.path, force=destination.force) as stream:

            def write(page: bytes) -> None:
                stream.write(page)
                stream.flush()  # a full disk shows here, before the results are published

            yield write


def _nowhere(_page: bytes) -> None:
    """No report is wanted."""


def writes_html(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --html; it gets it as the argument `html`."""

    @functools.wraps(command)
    def with_report(*arguments: Any, html: str | None, **values: Any) -> Any:
        return command(*arguments, html=HtmlReport(html), **values)

    return _OPTION(with_report)
