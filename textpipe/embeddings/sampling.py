"""What chance decides in word2vec: which tokens are left out, and which words are drawn as negatives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from textpipe.vocabulary import Vocabulary

Doubles = npt.NDArray[np.float64]


def keep_probabilities(vocabulary: Vocabulary, sample: float) -> Doubles:
    """With which probability a token of each word is kept: float64[words].

    word2vec.c's and gensim's formula, (sqrt(n / t) + 1) · t / n with t = sample · all counts, 1 at most.
    """
    counts = np.array(vocabulary.counts, dtype=np.float64)
    if not sample:
        return np.ones(len(counts))
    threshold = sample * counts.sum()
    kept: Doubles = np.minimum((np.sqrt(counts / threshold) + 1) * threshold / counts, 1.0)
    return kept


def noise(vocabulary: Vocabulary, power: float) -> Doubles:
    """With which probability each word is drawn as a negative, count ** power over the sum of them: float64[words]."""
    weights = np.array(vocabulary.counts, dtype=np.float64) ** power
    shares: Doubles = weights / weights.sum()
    return shares


def cumulative(shares: Doubles) -> Doubles:
    """What `searchsorted(…, a number below 1, right)` finds ids in, each as often as its share; the last is 1."""
    sums: Doubles = np.cumsum(shares)
    sums[-1] = 1.0
    return sums
