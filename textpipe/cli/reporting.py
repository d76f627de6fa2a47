"""The option --html, declared once: a report beside the results."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from textpipe.cli.console import note
from textpipe.cli.output import Destination, check_apart
from textpipe.errors import UsageError
from textpipe.files import atomic_writer, check_writable

if TYPE_CHECKING:
    from textpipe.corpus.document import Piece
    from textpipe.report.documents import ShownDocuments

_SUFFIXES = (".html", ".htm")

_OPTION = click.option(
    "--html",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Write a report too: one page with pictures that any browser shows, offline.",
)


class HtmlReport:
    """The report that a command line wants, if it wants one; without, nothing is kept and nothing written."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None
        self._shown: ShownDocuments | None = None

    @property
    def wanted(self) -> bool:
        """Whether --html was given."""
        return self._path is not None

    @property
    def shown(self) -> ShownDocuments:
        """The documents and records to be shown."""
        if self._shown is None:
            from textpipe.report.documents import ShownDocuments

            self._shown = ShownDocuments()
        return self._shown

    def check(self, destination: Destination, inputs: Sequence[str], *, others: Sequence[str | None] = ()) -> None:
        """Raise early, before any work, for what would fail at the end.

        inputs: the files that are read; others: what the command writes besides the results.
        """
        if self._path is None:
            return
        from textpipe.report.page import require_jinja2

        require_jinja2()
        if not self._path.lower().endswith(_SUFFIXES):
            raise UsageError("the report is written as HTML", where=self._path, hint="--html NAME.html")
        check_apart(self._path, [*inputs, *destination.side_files], what="input")
        check_apart(self._path, [destination.path, *(path for path in others if path)], what="results")
        check_writable(self._path, force=destination.force)

    def watch(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The same pieces; what is shown of their texts is kept."""
        return self.shown.watch(pieces) if self.wanted else pieces

    def add(self, record: Mapping[str, Any]) -> None:
        """The record of the next document."""
        if self.wanted:
            self.shown.add(record)

    @contextlib.contextmanager
    def open(self, destination: Destination) -> Iterator[None]:
        """Inside, `write` writes; the file appears when all went well.

        To be opened before the results are: what is opened last is published first.
        """
        if self._path is None:
            yield
            return
        with atomic_writer(self._path, force=destination.force) as self._stream:
            try:
                yield
            except BrokenPipeError:
                note(f"{self._path} was not written: nobody reads the results any more")
                raise

    def write(self, page: bytes) -> None:
        """Write the page of a report that is wanted."""
        assert self._stream is not None  # it was opened
        self._stream.write(page)
        self._stream.flush()  # a full disk shows here, before the results are published


def writes_html(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --html; it gets it as the argument `html`."""

    @functools.wraps(command)
    def with_report(*arguments: Any, html: str | None, **values: Any) -> Any:
        return command(*arguments, html=HtmlReport(html), **values)

    return _OPTION(with_report)
