"""`textpipe similar`"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from textpipe.cli.console import note
from textpipe.cli.neighbours import FORMATS, check_options, finds_neighbours, words_of
from textpipe.cli.output import Cell, Destination, record_writer, writes_records
from textpipe.cli.remote import client_of, fields_of, neighbours_of
from textpipe.errors import InputError

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.operations.neighbours import Search
    from textpipe.store.layout import Store


@click.command()
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option(
    "--approximate/--exact",
    default=None,
    help="By a graph of usearch, which takes as long to build as 50,000 words take to look up.  [default: exact, but "
    "for 50,000 words or more among a million]",
)
@finds_neighbours
@writes_records(*FORMATS)
@click.pass_context
def similar(
    context: click.Context,
    /,
    *,
    words: tuple[str, ...],
    approximate: bool | None,
    model: str,
    vectors: str | None,
    top: int,
    encoding: str,
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
    check_options(context, vectors)
    wanted, from_stdin = words_of(words, encoding=encoding)
    kind = destination.format
    client = client_of(context)
    if client is not None:
        records = neighbours_of(client, wanted, fields_of(context), needed=not from_stdin)
        unknown = [record["word"] for record in records if from_stdin and not record["neighbours"]]
        _check_any(wanted, unknown)
        _write(records, kind, destination, [])
        _tell(wanted, unknown, quiet=quiet)
        return
    from textpipe.embeddings.approximate import pays
    from textpipe.operations.neighbours import require_known, similar_words
    from textpipe.operations.open_vectors import open_vectors

    loaded = open_vectors(store, model, file=vectors, needed=wanted)
    if not from_stdin:
        require_known(loaded, wanted)
    unknown = [word for word in wanted if loaded.vector(word) is None]
    _check_any(wanted, unknown)
    search = None
    if approximate or (approximate is None and pays(len(loaded), len(wanted))):
        search = _graph(loaded, [word for word in wanted if loaded.vector(word) is not None], k=top, quiet=quiet)
    found = similar_words(loaded, wanted, k=top, search=search)
    _write(found, kind, destination, [] if vectors is None else [vectors])
    _tell(wanted, unknown, quiet=quiet)


def _check_any(wanted: Sequence[str], unknown: Sequence[str]) -> None:
    if len(unknown) == len(wanted):
        raise InputError(f"none of {len(wanted):,} words has a vector", where="-", hint=f"textpipe similar {wanted[0]}")


def _write(records: Iterable[Mapping[str, Any]], kind: str, destination: Destination, inputs: Sequence[str]) -> None:
    with (
        destination.open(inputs) as write,
        record_writer(kind, write, columns=("word", "neighbour", "score"), rows=_rows) as add,
    ):
        for record in records:
            add({"id": record["word"], **record} if kind == "table" else record)


def _tell(wanted: Sequence[str], unknown: Sequence[str], *, quiet: bool) -> None:
    if unknown and not quiet:
        note(f"no vector for {len(unknown):,} of {len(wanted):,} words (first: {unknown[0]})")


def _graph(vectors: Vectors, words: Sequence[str], *, k: int, quiet: bool) -> Search:
    from textpipe.embeddings.approximate import PAYS_FROM_QUERIES, ApproximateSearch

    graph = ApproximateSearch(vectors)
    if not quiet:
        share = graph.recall(words, k)
        sampled = min(len(words), 100)
        note(f"approximate search: {share:.1%} of the {k} nearest are found (exact search of {sampled} words)")
        if len(words) < PAYS_FROM_QUERIES:
            note(f"exact search is faster for fewer than {PAYS_FROM_QUERIES:,} words: leave out --approximate")
    return graph.similar_to_each


def _rows(record: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
    for one in record["neighbours"]:
        yield record["word"], one["word"], one["score"]
