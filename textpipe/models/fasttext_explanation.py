"""What each character of a text adds to a decision of fastText's classifier, which is a mean and so a sum of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from textpipe.features.characters import Integers
from textpipe.features.contributions import character_values
from textpipe.models.explanation import Parts

if TYPE_CHECKING:
    from textpipe.models.fasttext import Fitted


def explained(fitted: Fitted, texts: Sequence[str], labels: Integers) -> list[Parts]:
    """See FastText.explain. labels: of each text the place of one among the classifier's"""
    asked, columns = np.unique(labels, return_inverse=True)
    values = character_values(fitted.vectorizer, texts, fitted.scores(asked), columns)
    bounds, _, counts = fitted.vectorizer.rows(texts)
    texts_of = np.repeat(np.arange(len(texts)), np.diff(bounds))
    totals = np.bincount(texts_of, counts, minlength=len(texts))
    decisions, _ = fitted.decisions(texts)
    found = []
    for place, label in enumerate(labels.tolist()):
        ends = np.arange(1, len(texts[place]) + 1, dtype=np.int32)
        base, score = float(fitted.bias[label]), float(decisions[place, label])
        found.append(Parts(np.stack([ends - 1, ends], axis=1), values[place] / (totals[place] or 1), base, score))
    return found
