"""The labels of documents, as every architecture takes them: one each, or with a separator several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import check_separator, labels_of
from textpipe.errors import InputError, UsageError

Gold = npt.NDArray[Any]  # int64[documents], the place of each label; or bool[documents, labels], which each has


def counted_labels(documents: Sequence[Document], separator: str = "") -> dict[str, int]:
    """label → how many documents have it, sorted. Raises InputError for fewer than two labels.

    separator: what stands between several labels of a document, empty for one each
    """
    if separator:
        counts = Counter(label for document in documents for label in labels_of(document, separator))
    else:
        counts = Counter(document.label or "" for document in documents)
    if len(counts) < 2:
        message = f"only one label: {next(iter(counts))!r}" if counts else "no labels"
        raise InputError(message, hint="a classifier needs documents of two labels at least")
    return dict(sorted(counts.items()))


def label_places(documents: Sequence[Document], labels: Sequence[str]) -> npt.NDArray[np.int64]:
    """int64[documents]: where each one's label is among `labels`."""
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[document.label or ""] for document in documents], np.int64)


def label_matrix(documents: Sequence[Document], labels: Sequence[str], separator: str) -> npt.NDArray[np.bool_]:
    """bool[documents, labels]: which labels each one has; others are passed over."""
    places = {label: place for place, label in enumerate(labels)}
    found = np.zeros((len(documents), len(labels)), np.bool_)
    for row, document in zip(found, documents, strict=True):
        row[[places[label] for label in labels_of(document, separator) if label in places]] = True
    return found


def gold_of(documents: Sequence[Document], labels: Sequence[str], separator: str) -> Gold:
    """`label_places`, or with a separator `label_matrix`."""
    return label_matrix(documents, labels, separator) if separator else label_places(documents, labels)


def gold_counts(gold: Gold, labels: int) -> npt.NDArray[np.int64]:
    """int64[labels]: documents of each."""
    found: npt.NDArray[np.int64] = gold.sum(axis=0) if gold.ndim == 2 else np.bincount(gold, minlength=labels)
    return found


def judged_by(valid: Sequence[Document], labels: Sequence[str], separator: str) -> list[Document]:
    """The held-back documents that say something of these labels: with a separator all whose labels are known, of one
    label each those that have one of these."""
    if separator:
        return [document for document in valid if document.label is not None]
    return [document for document in valid if document.label in labels]


def check_label_settings(config: Any) -> None:
    """Of `label_sep` and `metric`. Raises UsageError for what does not go together."""
    check_separator(config.label_sep)
    if config.metric == "mean_average_precision" and not config.label_sep:
        raise UsageError("metric: mean_average_precision is of several labels a text", hint="metric=accuracy")
