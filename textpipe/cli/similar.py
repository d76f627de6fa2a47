"""`textpipe similar`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note
from textpipe.cli.neighbours import FORMATS, check_options, finds_neighbours, words_of
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.errors import InputError

if TYPE_CHECKING:
    from textpipe.store.layout import Store


@click.command()
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@finds_neighbours
@writes_records(*FORMATS)
@click.pass_context
def similar(
    context: click.Context,
    /,
    *,
    words: tuple[str, ...],
    model: str,
    vectors: str | None,
    top: int,
    quiet: bool,
    store: Store,
    destination: Destination,
) -> None:
    """Find the words whose vectors are nearest to those of words, by cosine.

    WORD is a word of the vocabulary, or any where the vectors have subwords; - reads words from standard input, a line
    each.

    \b
    Examples:
      textpipe similar 北京 上海 -k 5
      textpipe similar 北京 --model news --format json
      textpipe similar king --vectors glove.6B.100d.txt
    """
    from textpipe.operations.neighbours import load_any, require_known, similar_words

    check_options(context, vectors)
    wanted, from_stdin = words_of(words)
    kind = destination.format
    loaded = load_any(store, model, vectors, wanted)
    if not from_stdin:
        require_known(loaded, wanted)
    unknown = [word for word in wanted if loaded.vector(word) is None]
    if len(unknown) == len(wanted):
        raise InputError(f"none of {len(wanted):,} words has a vector", where="-", hint=f"textpipe similar {wanted[0]}")
    with (
        destination.open([] if vectors is None else [vectors]) as write,
        record_writer(kind, write, columns=("word", "neighbour", "score"), rows=_rows) as add,
    ):
        for record in similar_words(loaded, wanted, k=top):
            add({"id": record["word"], **record} if kind == "table" else record)
    if unknown and not quiet:
        note(f"no vector for {len(unknown):,} of {len(wanted):,} words (first: {unknown[0]})")


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["neighbours"]:
        yield record["word"], one["word"], one["score"]
