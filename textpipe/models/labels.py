"""The labels of documents, as every architecture takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.errors import InputError


def counted_labels(documents: Sequence[Document]) -> dict[str, int]:
    """label → how many documents have it, sorted. Raises InputError for fewer than two labels."""
    counts = Counter(document.label or "" for document in documents)
    if len(counts) < 2:
        message = f"only one label: {next(iter(counts))!r}" if counts else "no labels"
        raise InputError(message, hint="a classifier needs documents of two labels at least")
    return dict(sorted(counts.items()))


def label_places(documents: Sequence[Document], labels: Sequence[str]) -> npt.NDArray[np.int64]:
    """int64[documents]: where each one's label is among `labels`."""
    places = {label: place for place, label in enumerate(labels)}
    return np.array([places[document.label or ""] for document in documents], np.int64)
