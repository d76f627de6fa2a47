"""Documents to what carried their classification, in batches, in the order of the input."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypedDict

from textpipe.corpus.document import Document, Piece, whole_documents
from textpipe.errors import TextpipeError
from textpipe.models import Classifier
from textpipe.models.explanation import Explanation, Method, TokenValue, Unit, explain, is_multi_label

_MOST, _CHARACTERS = 256, 1 << 18  # texts of a batch, and characters
_DIGITS = 6


class TokenValueRecord(TypedDict):
    """A token, from where to where it stands (code points), and what it adds to the decision."""

    text: str
    start: int
    end: int
    value: float


class ExplainRecord(TypedDict):
    """Why a document has, or has not, a label: base + rest + the tokens' values = decision.

    score: the label's probability; against: the label whose decision is taken off, None for none
    method: exact, gradients or occlusion; check: how far the sum of all parts is from the decision
    rest: of the tokens that are left out; tokens: in the order of the text
    """

    id: str
    label: str
    against: str | None
    score: float
    decision: float
    base: float
    method: str
    check: float
    rest: float
    tokens: list[TokenValueRecord]


class Explained(NamedTuple):
    """A document, why it has a label, and that as a record."""

    document: Document
    explanation: Explanation
    record: ExplainRecord


class ExplainSettings(NamedTuple):
    """label: of all documents, None for those that are predicted; top: the strongest tokens of a record, None for all;
    the others as of textpipe.models.explanation.explain"""

    label: str | None = None
    against: str | None = None
    method: Method = "auto"
    unit: Unit = "word"
    top: int | None = None


def explain_documents(
    pieces: Iterable[Piece], classifier: Classifier, settings: ExplainSettings
) -> Generator[Explained]:
    """What carried the classification of each document; where it has several labels, one after the other."""
    batch: list[Document] = []
    characters = 0
    try:
        for document in whole_documents(pieces):
            batch.append(document)
            characters += len(document.text)
            if len(batch) >= _MOST or characters >= _CHARACTERS:
                yield from _explained(batch, classifier, settings)
                batch, characters = [], 0
    except TextpipeError:  # what was read before the error still comes out
        yield from _explained(batch, classifier, settings)
        raise
    yield from _explained(batch, classifier, settings)


def strongest(tokens: Sequence[TokenValue], top: int | None) -> list[TokenValue]:
    """Those that add or take off most, the strongest first, of equally strong ones the first in the text."""
    return sorted(tokens, key=lambda token: -abs(token.value))[:top]


def _explained(batch: Sequence[Document], classifier: Classifier, settings: ExplainSettings) -> Iterator[Explained]:
    if not batch:
        return
    documents, labels = _asked(batch, classifier, settings.label)
    texts = [document.text for document in documents]
    found = explain(classifier, texts, labels, against=settings.against, method=settings.method, unit=settings.unit)
    for document, explanation in zip(documents, found, strict=True):
        yield Explained(document, explanation, _record(document.id, explanation, settings.top))


def _asked(
    batch: Sequence[Document], classifier: Classifier, label: str | None
) -> tuple[list[Document], list[str] | None]:
    """The documents, each as often as it has labels, and these; None for the likeliest of each."""
    if label is not None:
        return list(batch), [label] * len(batch)
    if not is_multi_label(classifier):
        return list(batch), None
    model: Any = classifier
    texts = [document.text for document in batch]
    predicted: list[tuple[str, ...]] = model.predict_labels(texts)
    likeliest = [classifier.labels[place] for place in classifier.predict_proba(texts).argmax(axis=1).tolist()]
    pairs = [
        (document, label)
        for document, labels, best in zip(batch, predicted, likeliest, strict=True)
        for label in labels or (best,)
    ]
    return [document for document, _ in pairs], [label for _, label in pairs]


def _record(identity: str, found: Explanation, top: int | None) -> ExplainRecord:
    kept = sorted(strongest(found.tokens, top), key=lambda token: token.start)
    rest = math.fsum(token.value for token in found.tokens) - math.fsum(token.value for token in kept)
    return ExplainRecord(
        id=identity,
        label=found.label,
        against=found.against,
        score=round(found.probability, _DIGITS),
        decision=_rounded(found.decision),
        base=_rounded(found.base),
        method=found.method,
        check=_rounded(found.check),
        rest=_rounded(rest),
        tokens=[
            TokenValueRecord(text=token.text, start=token.start, end=token.end, value=_rounded(token.value))
            for token in kept
        ],
    )


def _rounded(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # no -0.0
