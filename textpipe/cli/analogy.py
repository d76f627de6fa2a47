"""`textpipe analogy`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.neighbours import FORMATS, STDIN, check_options, finds_neighbours, words_of
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.errors import InputError, UsageError

if TYPE_CHECKING:
    from textpipe.store.layout import Store

_COLUMNS = ("a", "b", "c", "neighbour", "score")


@click.command()
@click.argument("words", metavar="A B C", nargs=-1, required=True)
@click.option(
    "--multiply", is_flag=True, help="By 3CosMul (Levy and Goldberg 2014) in place of the sum of vectors, 3CosAdd."
)
@finds_neighbours
@writes_records(*FORMATS)
@click.pass_context
def analogy(
    context: click.Context,
    /,
    *,
    words: tuple[str, ...],
    multiply: bool,
    model: str,
    vectors: str | None,
    top: int,
    encoding: str,
    quiet: bool,  # noqa: ARG001  # there are no notes
    store: Store,
    destination: Destination,
) -> None:
    """Find what C is to as A is to B: the words nearest to B - A + C, the three left out.

    - instead of words reads them from standard input, three on a line.

    \b
    Examples:
      textpipe analogy 男人 国王 女人
      textpipe analogy 中国 北京 日本 -k 3 --model news
    """
    from textpipe.operations.neighbours import analogies, require_known
    from textpipe.operations.open_vectors import open_vectors

    check_options(context, vectors)
    triples = _triples(words, encoding=encoding)
    kind = destination.format
    columns, rows = (("id", "neighbour", "score"), _table_rows) if kind == "table" else (_COLUMNS, _rows)
    needed = [word for triple in triples for word in triple]
    loaded = open_vectors(store, model, file=vectors, needed=needed)
    require_known(loaded, needed)
    with (
        destination.open([] if vectors is None else [vectors]) as write,
        record_writer(kind, write, columns=columns, rows=rows) as add,
    ):
        for record in analogies(loaded, triples, k=top, multiply=multiply):
            add({"id": "{a} : {b} = {c} : ?".format(**record), **record} if kind == "table" else record)


def _triples(given: Sequence[str], *, encoding: str) -> list[tuple[str, str, str]]:
    lines, from_stdin = words_of(given, encoding=encoding)
    found = [tuple(line.split()) for line in lines] if from_stdin else [tuple(lines)]
    for number, words in enumerate(found, start=1):
        if len(words) != 3:
            hint = "textpipe analogy 男人 国王 女人"
            if from_stdin:
                raise InputError(f"{len(words)} words, but three make an analogy", where=STDIN, line=number, hint=hint)
            raise UsageError(f"three words make an analogy, not {len(words)}", hint=hint)
    return [(a, b, c) for a, b, c in found]


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["neighbours"]:
        yield *(record[name] for name in "abc"), one["word"], one["score"]


def _table_rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["neighbours"]:
        yield record["id"], one["word"], one["score"]
