"""The settings of word2vec training (Mikolov et al. 2013), the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from textpipe.errors import UsageError
from textpipe.settings import check_choices, check_numbers

Architecture = Literal["skipgram", "cbow"]
Loss = Literal["negative", "hierarchical"]
Negatives = Literal["window", "pair"]
Engine = Literal["native", "gensim", "torch"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
LOSSES: tuple[Loss, ...] = get_args(Loss)
NEGATIVES: tuple[Negatives, ...] = get_args(Negatives)
ENGINES: tuple[Engine, ...] = get_args(Engine)
# least and most of every number; most is taken too
_BOUNDS: dict[str, tuple[float, float]] = {
    "dim": (1, 4096),
    "window": (1, 100),
    "negative": (1, 100),
    "min_count": (1, 1 << 62),
    "sample": (0.0, 1.0),
    "epochs": (1, 10_000),
    "lr": (0.0, 10.0),
    "final_lr": (0.0, 10.0),
    "power": (-2.0, 2.0),
    "seed": (0, (1 << 63) - 1),
    "min_n": (1, 32),
    "max_n": (1, 32),
    "buckets": (1, 1 << 26),
}


@dataclass(frozen=True)
class EmbeddingConfig:
    """What is learned, and how.

    arch: `skipgram` predicts the words around a word from it, `cbow` a word from the mean of those around it
    dim: length of a vector
    window: words to each side at most; each window's real size is drawn between 1 and it
    loss: `negative` sampling, or `hierarchical` softmax (gensim's engine alone)
    negative: words drawn against each pair of words
    negatives: whether the pairs of a `window` share them, or each `pair` has its own
    power: of a word's count, as its weight in drawing negatives
    min_count: rarer words have no vector
    sample: words with a larger share of all are left out now and then (subsampling); 0 for never
    lr: the learning rate at the start; final_lr: what it falls to, linearly
    subword: vectors of character n-grams too (fastText's scheme, Bojanowski et al. 2017), from min_n to max_n
        characters, hashed to so many buckets

    Raises UsageError for settings that make no sense.
    """

    arch: Architecture = "skipgram"
    dim: int = 100
    window: int = 5
    loss: Loss = "negative"
    negative: int = 5
    negatives: Negatives = "window"
    power: float = 0.75
    min_count: int = 5
    sample: float = 1e-3
    epochs: int = 5
    lr: float = 0.05
    final_lr: float = 1e-4
    seed: int = 0
    subword: bool = False
    min_n: int = 1
    max_n: int = 3
    buckets: int = 1 << 18

    def __post_init__(self) -> None:
        check_choices(self)
        check_numbers(self, **_BOUNDS)
        if self.min_n > self.max_n:
            raise UsageError(f"min_n ({self.min_n}) is larger than max_n ({self.max_n})")
        if self.subword and self.loss != "negative":
            raise UsageError("subwords go with negative sampling alone", hint="leave out --loss")
