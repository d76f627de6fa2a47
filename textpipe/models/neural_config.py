"""The settings that all networks have: what they read, and where their embeddings begin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from textpipe.errors import UsageError
from textpipe.models.inputs import Unit
from textpipe.models.labels import check_label_settings
from textpipe.settings import check_numbers
from textpipe.training.config import Initialisation, Metric, TrainingConfig

_STEPS_WANTED, _LEAST_BATCH = 32, 8  # an epoch, of few documents


@dataclass(frozen=True, kw_only=True)
class NeuralConfig(TrainingConfig):
    """Those of training, of which few documents have smaller batches: 32 an epoch, but of 8 at least; and:

    unit: what is read: `word`, `char`, or `both` (characters, each with the word it lies in)
    min_count: occurrences that a unit needs, 0 for 2 (of fewer than 1,000 documents 1); max_size: units at most
    max_length: units of a text that are read; dim: of embeddings, of given vectors theirs; freeze: they do not learn
    pretrain: epochs of word2vec over the training texts that embeddings begin with where no vectors are given; 0: at
        random
    deviation: of the numbers of embeddings as they begin, given vectors are scaled to it
    unit_dropout: share of units that are read as unknown in training; embedding_dropout: of their numbers; dropout: of
        what goes into the last layer
    initialisation: of weights that are no embeddings, `default` is torch's own
    label_sep: what stands between several labels of a text, each of which is a decision of its own; empty: it has one
    relearn: whether, once the best epoch is known, all is learned anew from the held-back documents as well (where
        they are no others' judge: `--valid 0.1`); twice the time
    """

    epochs: int = 5
    batch_size: int = 128
    lr: float = 3e-3
    unit: Unit = "both"
    min_count: int = 0
    max_size: int = 100_000
    max_length: int = 256
    dim: int = 200
    pretrain: int = 15
    freeze: bool = False
    deviation: float = 0.1
    unit_dropout: float = 0.1
    embedding_dropout: float = 0.2
    dropout: float = 0.5
    initialisation: Initialisation = "default"
    relearn: bool = False
    label_sep: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_label_settings(self)
        check_numbers(
            self,
            min_count=(0, 1_000_000),
            max_size=(1, 10_000_000),
            max_length=(1, 100_000),
            dim=(1, 4_096),
            pretrain=(0, 1_000),
            deviation=(0.0, 100.0),
            unit_dropout=(0.0, 0.9),
            embedding_dropout=(0.0, 0.9),
            dropout=(0.0, 0.9),
        )


def with_size(config: NeuralConfig, size: int) -> NeuralConfig:
    """The settings with the size of given vectors. Raises UsageError where another one was asked for."""
    if config.dim not in (size, type(config)().dim):
        raise UsageError(f"dim: the vectors that are given have {size} numbers, not {config.dim}", hint="leave out dim")
    return replace(config, dim=size)


def metric_of(config: Any) -> Metric:
    """Whose gain counts: of several labels a text no accuracy, which has next to none to give in the first epochs."""
    metric: Metric = config.metric
    return "mean_average_precision" if config.label_sep and metric == "accuracy" else metric


def batch_size_for(config: NeuralConfig, documents: int) -> int:
    """Examples a step, fewer of few documents."""
    return min(config.batch_size, max(documents // _STEPS_WANTED, _LEAST_BATCH))
