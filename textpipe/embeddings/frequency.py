"""The words of vectors by how often they occurred."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.vectors import Vectors


def most_frequent(vectors: Vectors, number: int | None = None) -> npt.NDArray[np.int64]:
    """The rows of so many words, most frequent first, None for all; without counts the order of the rows says it."""
    rows = np.arange(len(vectors))
    if vectors.counts is not None:
        rows = np.argsort(-vectors.counts, kind="stable")
    return rows[:number]
