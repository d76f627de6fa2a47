"""Embeddings that have read the training texts before any label is looked at: word2vec on what is at hand.

Skip-gram (Mikolov et al. 2013) learns which units stand for each other, which labels alone tell of frequent units only.
What it brings is in docs/classification.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors

_MOST = 30_000_000  # units that are read in all epochs together; where there are more, there is enough to learn from


def vectors_of_texts(
    texts: Sequence[Sequence[str]], *, dim: int, epochs: int, seed: int, log: TrainingLog
) -> Vectors | None:
    """Vectors of the units of texts, each a sequence of units; None of fewer than two different ones.

    epochs: at most; over many texts there are fewer. One thread on a CPU learns, so that they are the same every time.
    Raises UsageError when no engine of `train_embeddings` is installed.
    """
    units = sum(len(text) for text in texts)
    if len({unit for text in texts for unit in text}) < 2:
        return None
    from textpipe.embeddings.train import train_embeddings

    epochs = max(1, min(epochs, _MOST // units))
    log.share(0.0, f"word vectors of {units:,} units, {epochs} epochs")
    return train_embeddings(texts, dim=dim, epochs=epochs, min_count=1, seed=seed, workers=1, device="cpu")
