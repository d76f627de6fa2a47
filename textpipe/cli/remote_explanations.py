"""What a service says of decisions, as `textpipe explain` writes it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from textpipe.cli.remote import answers
from textpipe.models.explained import Explanation, TokenValue

if TYPE_CHECKING:
    from textpipe.client.client import Client, Record
    from textpipe.corpus.document import Document, Piece

_OWN = ("label", "against", "decision", "base", "method", "check")


class RemoteExplained(NamedTuple):
    """As `textpipe.operations.explain_decisions.Explained`; numbers have the digits of a record."""

    document: Document
    explanation: Explanation
    record: Record


def explanations_of(client: Client, pieces: Iterable[Piece], fields: dict[str, Any]) -> Generator[RemoteExplained]:
    """What carried the classification of each document; where it has several labels, one after the other."""
    for document, record in answers(client, "explain", pieces, fields):
        own = {name: record[name] for name in _OWN}
        tokens = [TokenValue(*(token[name] for name in TokenValue._fields)) for token in record["tokens"]]
        yield RemoteExplained(document, Explanation(probability=record["score"], tokens=tokens, **own), record)


def address_of(client: Client, name: str) -> str:
    """`kind/id` of a classifier."""
    manifest = client.artifact(name if "/" in name else f"classifier/{name}")["manifest"]
    return f"{manifest['kind']}/{manifest['id']}"
