"""`textpipe --server URL COMMAND …`: files are read and results written here, a running service does the work."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from textpipe.errors import UsageError

if TYPE_CHECKING:
    from textpipe.client.client import Client, Record
    from textpipe.corpus.document import Document, Piece
    from textpipe.operations.tokenize import Cut

# what of a command's options goes to the service, by their names in code
_CUTTING = ("hmm", "traditional")
TAKEN = {
    "tokenize": {"mode", "tags", "spans", *_CUTTING},
    "keywords": {"top", "method", "pos", "stopwords", "lowercase", "mmr", "converge", "idf", "vectors", "explain"}
    | {*_CUTTING},
    "summarize": {"method", "sentences", "ratio", "by_score", "stopwords", *_CUTTING},
    "similar": {"model", "top"},
    "classify": {"model", "top", "threshold"},
    "explain": {"label", "against", "top", "method", "unit"},
}
# what is done here, whoever answers
_HERE = (
    {"paths", "words", "name", "text", "jobs"} | {"format", "output", "force", "bom"} | {"quiet", "verbose", "strict"}
)
_HERE |= {"input_format", "lines", "encoding", "errors", "text_col", "label_col", "id_col", "sheet"}
_HERE |= {"limit", "sample", "seed", "fold"}
_HERE_TOO = {"summarize": {"html"}}
_OF_THE_MACHINE = {"store", "device"}  # refused on the command line; a setting of this machine is not meant
_SHIPPED = ("zh", "en", "none")  # stop words
_PIECE = 16_000  # characters: below what a service takes of a text by default
_SERVER = "textpipe.server"
_MANY = 1 << 30  # labels, where the service does not say how many


class Server(NamedTuple):
    """Which service the command line, or the environment, means."""

    url: str
    token: str | None


def set_server(context: click.Context, url: str | None, token: str | None) -> None:
    """Take note of --server. Raises UsageError where the command that follows does not ask services."""
    if not url:
        if token is not None and context.get_parameter_source("server_token") == ParameterSource.COMMANDLINE:
            raise UsageError("--server-token without --server", hint="textpipe --server URL --server-token TOKEN …")
        return
    named = context.get_parameter_source("server") == ParameterSource.COMMANDLINE
    command = context.invoked_subcommand
    if named and command not in TAKEN:
        raise UsageError(f"{command} does not go with --server", hint=f"these do: {', '.join(TAKEN)}")
    context.meta[_SERVER] = Server(url, token)


def client_of(context: click.Context) -> Client | None:
    """The service that is to answer, None where this process is. Raises UsageError for what is no URL."""
    server: Server | None = context.meta.get(_SERVER)
    if server is None:
        return None
    from textpipe.client.client import Client

    client = Client(server.url, server.token)
    context.call_on_close(client.close)
    return client


def fields_of(context: click.Context) -> dict[str, Any]:
    """The fields of requests that the command's options say; those left at their defaults are the service's as well.

    Raises UsageError for options that the service does not take.
    """
    command = str(context.command.name)
    taken, here = TAKEN[command], _HERE | _HERE_TOO.get(command, set())
    fields: dict[str, Any] = {}
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name in here or name not in context.params or source == ParameterSource.DEFAULT:
            continue
        off = context.params[name] is False and name not in taken  # a flag that asks for nothing
        if name in taken:
            fields[name] = _value(name, context.params[name])
        elif not off and (name not in _OF_THE_MACHINE or source == ParameterSource.COMMANDLINE):
            raise _refused(parameter.opts[-1])
    return fields


def _value(name: str, given: Any) -> Any:
    if name == "stopwords":
        lists = [one for names in given for one in ([names] if os.path.exists(names) else names.split(","))]
        for one in lists:
            if one not in _SHIPPED:
                raise _refused(f"--stopwords {one}", "shipped lists only: zh, en, none")
        return lists
    if name == "vectors" and os.path.lexists(given):
        raise _refused(f"--vectors {given}", "vectors of its own store only, by their name")
    return given


def _refused(what: str, hint: str = "leave it out") -> UsageError:
    return UsageError(f"{what} does not go with --server", hint=f"{hint}; or work here: textpipe --server '' …")


def labels_of(client: Client, model: str, fields: dict[str, Any]) -> tuple[int, str]:
    """(how many labels a classifier has, what separates those of a text), the latter empty where it has one each.

    Raises for what the service refuses, before anything is read.
    """
    client.ask("classify", [], fields)
    manifest = client.artifact(model if "/" in model else f"classifier/{model}")["manifest"]
    separator = manifest.get("params", {}).get("settings", {}).get("label_sep", "")
    return len(manifest.get("metrics", {}).get("data", {}).get("labels", ())) or _MANY, separator


def records_of(
    client: Client, endpoint: str, pieces: Iterable[Piece], fields: dict[str, Any], *, jobs: int | None = None
) -> Generator[tuple[Record, str | None]]:
    """(record, source) for each document, in input order. jobs: requests at once; 0 for as many as there are cores"""
    for document, record in answers(client, endpoint, pieces, fields, jobs=jobs):
        yield record, document.source


def answers(
    client: Client, endpoint: str, pieces: Iterable[Piece], fields: dict[str, Any], *, jobs: int | None = None
) -> Generator[tuple[Document, Record]]:
    """(document, record) in input order, as `records_of`."""
    from textpipe.corpus.document import Piece, whole_documents

    for piece, record in _asked(client, endpoint, map(Piece, whole_documents(pieces)), fields, jobs=jobs):
        yield piece.document, record


def cuts_of(
    client: Client, pieces: Iterable[Piece], fields: dict[str, Any], *, jobs: int | None = None
) -> Generator[tuple[Piece, Cut]]:
    """The tokens of every piece, in input order, as `cut_pieces` has them: documents may be of any length."""
    from textpipe.operations.tokenize import Cut

    for piece, record in _asked(client, "tokenize", _smaller(pieces), fields, jobs=jobs):
        spans = record.get("spans")
        if spans is not None and piece.offset:
            spans = [[start + piece.offset, end + piece.offset] for start, end in spans]
        yield piece, Cut(record["tokens"], record.get("tags"), spans)


def neighbours_of(client: Client, words: Sequence[str], fields: dict[str, Any], *, needed: bool) -> list[Record]:
    """The record of each word, without neighbours for one that has no vector. needed: then it is an error

    Raises InputError, with words of near spelling, as the service has them.
    """
    records = list(client.similar_records(words, **fields))
    for record in records:
        if needed and not record["neighbours"]:
            record |= client.similar(record["word"], **fields)
    return records


def _smaller(pieces: Iterable[Piece]) -> Generator[Piece]:
    """The same texts in pieces that a service takes, cut where sentences end."""
    from dataclasses import replace

    from textpipe.text import split_pieces

    for piece in pieces:
        if len(piece.document.text) <= _PIECE:
            yield piece
            continue
        parts = list(split_pieces(iter((piece.document.text,)), limit=_PIECE))
        offset = piece.offset
        for number, text in enumerate(parts, start=1):
            last = piece.last and number == len(parts)
            yield piece._replace(document=replace(piece.document, text=text), offset=offset, last=last)
            offset += len(text)


def _asked(
    client: Client, endpoint: str, pieces: Iterable[Piece], fields: dict[str, Any], *, jobs: int | None
) -> Generator[tuple[Piece, Record]]:
    """Each piece with what it is answered, in order; in threads where several requests at once are wanted."""
    from textpipe.client.batches import LIMIT, LIMITS, batches, characters

    requests = batches(pieces, size=characters, limit=LIMITS.get(endpoint, LIMIT))
    if jobs is None or jobs == 1:
        for request in requests:
            yield from client.ask(endpoint, request, fields)
        return
    from textpipe.operations.parallel import Item, ordered_map

    items = (Item(None, request, sum(map(characters, request))) for request in requests)
    for _, found in ordered_map(
        lambda request: client.ask(endpoint, request, fields), items, jobs=jobs, in_threads=True
    ):
        yield from found
