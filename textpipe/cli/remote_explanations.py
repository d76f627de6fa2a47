"""What a service says of decisions, as `textpipe explain` writes it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from textpipe.cli.remote import answers

if TYPE_CHECKING:
    from textpipe.client.client import Client, Record
    from textpipe.corpus.document import Document, Piece

_OWN = ("label", "against", "decision", "base", "method", "check")
_TOLERANCE = 1e-3  # as of textpipe.models.explanation, which loads NumPy


class RemoteToken(NamedTuple):
    """As `textpipe.models.explanation.TokenValue`."""

    text: str
    start: int
    end: int
    value: float


class RemoteExplanation(NamedTuple):
    """As `textpipe.models.explanation.Explanation`, with the digits of a record."""

    label: str
    against: str | None
    probability: float
    decision: float
    base: float
    method: str
    check: float
    tokens: list[RemoteToken]

    @property
    def is_sound(self) -> bool:
        """Whether the parts sum to what they should, to a thousandth of it."""
        return self.check <= _TOLERANCE * max(1.0, abs(self.decision - self.base))


class RemoteExplained(NamedTuple):
    """As `textpipe.operations.explain_decisions.Explained`."""

    document: Document
    explanation: RemoteExplanation
    record: Record


def explanations_of(client: Client, pieces: Iterable[Piece], fields: dict[str, Any]) -> Generator[RemoteExplained]:
    """What carried the classification of each document; where it has several labels, one after the other."""
    for document, record in answers(client, "explain", pieces, fields):
        own = {name: record[name] for name in _OWN}
        tokens = [RemoteToken(*(token[name] for name in RemoteToken._fields)) for token in record["tokens"]]
        yield RemoteExplained(document, RemoteExplanation(probability=record["score"], tokens=tokens, **own), record)


def address_of(client: Client, name: str) -> str:
    """`kind/id` of a classifier."""
    manifest = client.artifact(name if "/" in name else f"classifier/{name}")["manifest"]
    return f"{manifest['kind']}/{manifest['id']}"
