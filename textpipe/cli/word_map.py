"""`textpipe map`"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import debug_option, note, show_account
from textpipe.cli.neighbours import takes_vectors_file
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.reading import decodes
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import InputError, UsageError

if TYPE_CHECKING:
    from textpipe.corpus.read import Errors
    from textpipe.embeddings.projection import WordMap
    from textpipe.store.layout import Store

_FORMATS = ("table", "html", "jsonl", "json", "csv", "tsv")
_COLUMNS = ("word", "x", "y", "cluster", "count")
_TOP, _MOST = 1000, 20_000


@click.command("map")
@click.argument("name", required=False, shell_complete=complete_artifact)
@takes_vectors_file
@click.option(
    "-n",
    "--top",
    type=click.IntRange(min=1, max=_MOST),
    metavar="N",
    help="The N most frequent words.  [default: 1000]",
)
@click.option(
    "--words",
    type=click.Path(path_type=str, readable=False),
    metavar="FILE",
    help="Show these words, one a line, in place of the most frequent ones.",
)
@click.option(
    "--method",
    type=click.Choice(("tsne", "pca")),
    default="tsne",
    show_default=True,
    help="t-SNE of the first 50 principal components, or the first two of them.",
)
@click.option(
    "--perplexity",
    type=float,
    metavar="NUMBER",
    help="t-SNE: about how many neighbours a word keeps.  [default: 30, or a third of the words]",
)
@click.option(
    "--clusters",
    type=click.IntRange(min=1, max=10),
    default=10,
    show_default=True,
    metavar="N",
    help="How many groups of words to colour, by k-means.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Seed of chance.")
@decodes
@uses_store
@writes_records(*_FORMATS)
@click.option("-q", "--quiet", is_flag=True, help="No notes, no progress; errors only.")
@debug_option
def word_map(
    *,
    name: str | None,
    vectors: str | None,
    top: int | None,
    words: str | None,
    encoding: str,
    errors: Errors,
    store: Store,
    destination: Destination,
    quiet: bool,
    **settings: Any,
) -> None:
    """Draw the words of an embedding in a plane, near where their vectors are near.

    NAME is an artifact of embeddings. With -o MAP.html the result is one page for any browser, to be searched, zoomed
    and moved, that loads nothing; every other format holds the words' coordinates.

    \b
    Examples:
      textpipe map news -o news.html
      textpipe map news --top 5000 --perplexity 50 -o news.html
      textpipe map news --words cities.txt --method pca --format csv
    """
    from textpipe.corpus.document import ReadLog
    from textpipe.embeddings.projection import MapConfig
    from textpipe.operations.evaluate import LineReader
    from textpipe.operations.map_words import choose_words, map_chosen, read_words
    from textpipe.operations.open_vectors import open_vectors

    _check(name, vectors, top, words)
    config = MapConfig(**settings)
    if destination.format == "html":
        from textpipe.report.page import require_jinja2

        require_jinja2()
    log = ReadLog()
    inputs = [path for path in (vectors, words) if path is not None]
    asked = None if words is None else read_words(words, LineReader(log, encoding=encoding, errors=errors))
    with destination.open(inputs) as write:  # a file that cannot be written shows before the work
        with _steps(shown=not quiet) as tell:
            tell("reading the vectors")
            found = open_vectors(store, name, file=vectors, counts=True)
            chosen = choose_words(found, top=_TOP if top is None else top, words=asked)
            if not chosen.rows:
                hint = "are they written as in the text that the vectors are of?"
                raise InputError("none of the words has a vector", where=words, hint=hint)
            drawn = map_chosen(found, chosen.rows, config, tell=tell)
        title = name if name is not None else str(vectors)
        _write(drawn, write, destination.format, title=title, total=len(found))
    show_account(log, quiet=quiet, verbose=False)
    if not quiet:
        _tell(drawn, chosen.unknown, top)


def _check(name: str | None, vectors: str | None, top: int | None, words: str | None) -> None:
    from textpipe.corpus.paths import STDIN

    if (name is None) == (vectors is None):
        what = "either NAME or --vectors FILE is needed"
        raise UsageError(what if name is None else f"{what}, not both", hint="textpipe map NAME -o map.html")
    if top is not None and words is not None:
        raise UsageError("--words says which words are shown", hint="leave out --top")
    if vectors == words == STDIN:
        raise UsageError("standard input can be one of the files only", hint="name the other")


def _write(found: WordMap, write: Callable[[str], None], kind: str, *, title: str, total: int) -> None:
    from textpipe.operations.map_words import place_records

    if kind == "html":
        from textpipe.report.wordmap import wordmap_page

        write(wordmap_page(found, title=title, total=total).decode())
        return
    records = place_records(found)
    if kind == "table":

        def rows(_: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
            yield from (("", *cells) for record in records for cells in _row(record))

        with record_writer("table", write, columns=["id", *_COLUMNS], rows=rows) as add:
            add({"id": title})
        return
    with record_writer(kind, write, columns=_COLUMNS, rows=_row) as add:
        for record in records:
            add(record)


def _row(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    yield ["" if record[column] is None else record[column] for column in _COLUMNS]


@contextlib.contextmanager
def _steps(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """A function that says on a terminal what is being done."""
    if not shown or not sys.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda step: progress.update(task, description=step)


def _tell(drawn: WordMap, unknown: Sequence[str], top: int | None) -> None:
    if unknown:
        asked = len(unknown) + len(drawn.words)
        note(f"{len(unknown):,} of {asked:,} words are not shown, as they have no vector (first: {unknown[0]})")
    if top is not None and len(drawn.words) < top:
        note(f"{len(drawn.words):,} words are all there are")
    if drawn.config.method == "tsne" and drawn.perplexity is None:
        note("placed by principal components: the words are too few, or too alike, for t-SNE")
