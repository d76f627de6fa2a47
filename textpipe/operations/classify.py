"""Documents to labels, in batches, in the order of the input."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

from textpipe.corpus.document import Document, Piece, whole_documents
from textpipe.errors import TextpipeError
from textpipe.models import Classifier
from textpipe.models.label_sets import chosen, thresholds_in_use

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FIRST, _MOST = 8, 2_048  # texts of a batch: the first results come soon
_CHARACTERS = 1 << 20  # of a batch, so that memory does not grow with long texts


class LabelScore(TypedDict):
    """A label and its probability."""

    label: str
    score: float


class ClassifyRecord(TypedDict):
    """A document's likeliest label and its probability; label is None when that is below the threshold.

    labels: the likeliest ones, the best first; where a text may have several, those that are not below theirs, and
    label is the first of them, with the probability of the likeliest of all where there is none
    """

    id: str
    label: str | None
    score: float
    labels: list[LabelScore]


def classify_documents(
    pieces: Iterable[Piece], classifier: Classifier, *, k: int | None = None, threshold: float | None = None
) -> Generator[tuple[ClassifyRecord, str | None]]:
    """(record, source) for each document.

    k: labels of a record, at most; None is 1, or all where a text may have several; threshold: below it there is no
    label; None is 0, or each label's own where a text may have several
    """
    size = _FIRST
    batch: list[Document] = []
    characters = 0
    try:
        for document in whole_documents(pieces):
            batch.append(document)
            characters += len(document.text)
            if len(batch) >= size or characters >= _CHARACTERS:
                yield from _records(batch, classifier, k, threshold)
                batch, characters, size = [], 0, min(2 * size, _MOST)
    except TextpipeError:  # what was read before the error still comes out
        yield from _records(batch, classifier, k, threshold)
        raise
    yield from _records(batch, classifier, k, threshold)


def classify_records(
    documents: Sequence[Document],
    probabilities: npt.NDArray[np.float32],
    classifier: Classifier,
    *,
    k: int | None = None,
    threshold: float | None = None,
) -> Iterator[tuple[ClassifyRecord, str | None]]:
    """(record, source) of each document, of its probabilities, float32[documents, labels]; else as above."""
    thresholds = thresholds_in_use(classifier)
    if thresholds is not None:
        yield from _sets(documents, probabilities, classifier.labels, k, thresholds if threshold is None else threshold)
        return
    k, threshold = k or 1, threshold or 0.0
    best = (-probabilities).argsort(axis=1, kind="stable")[:, :k]
    for document, row, places in zip(documents, probabilities, best.tolist(), strict=True):
        labels = [LabelScore(label=classifier.labels[place], score=round(float(row[place]), 6)) for place in places]
        score = labels[0]["score"]
        label = labels[0]["label"] if float(row[places[0]]) >= threshold else None
        yield ClassifyRecord(id=document.id, label=label, score=score, labels=labels), document.source


def _records(
    batch: Sequence[Document], classifier: Classifier, k: int | None, threshold: float | None
) -> Iterator[tuple[ClassifyRecord, str | None]]:
    if batch:
        probabilities = classifier.predict_proba([document.text for document in batch])
        yield from classify_records(batch, probabilities, classifier, k=k, threshold=threshold)


def _sets(
    documents: Sequence[Document],
    probabilities: npt.NDArray[np.float32],
    names: Sequence[str],
    k: int | None,
    thresholds: Sequence[float] | float,
) -> Iterator[tuple[ClassifyRecord, str | None]]:
    """The records where a text may have several labels."""
    given = chosen(probabilities, thresholds)
    order = (-probabilities).argsort(axis=1, kind="stable")
    for document, row, own, places in zip(documents, probabilities, given.tolist(), order.tolist(), strict=True):
        kept = [place for place in places if own[place]][:k]
        labels = [LabelScore(label=names[place], score=round(float(row[place]), 6)) for place in kept]
        score = round(float(row[places[0]]), 6) if not labels else labels[0]["score"]
        label = labels[0]["label"] if labels else None
        yield ClassifyRecord(id=document.id, label=label, score=score, labels=labels), document.source
