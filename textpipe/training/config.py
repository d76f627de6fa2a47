"""The settings of training by gradient descent, the same for every torch model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from textpipe.settings import check_choices, check_numbers

Optimizer = Literal["adamw", "adam", "sgd", "adagrad", "rmsprop"]
Schedule = Literal["cosine", "linear", "constant", "plateau"]
LossName = Literal["cross_entropy", "focal", "hinge", "squared"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
ClassWeights = Literal["none", "balanced"]
Metric = Literal["accuracy", "macro_f1", "micro_f1", "mean_average_precision", "loss"]
Initialisation = Literal["default", "xavier", "kaiming", "orthogonal", "normal", "identity"]
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
LOSSES: tuple[LossName, ...] = get_args(LossName)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
METRICS: tuple[Metric, ...] = get_args(Metric)
INITIALISATIONS: tuple[Initialisation, ...] = get_args(Initialisation)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained.

    epochs: times over the data at most; batch_size: examples a step
    lr: the learning rate at its highest; warmup: share of the steps in which it rises to that
    schedule: what it does then: falls to 0 as a `cosine` or a line (`linear`), stays (`constant`), or halves when the
        metric has not gained for an epoch (`plateau`)
    momentum: of sgd; weight_decay: decoupled with adamw (Loshchilov and Hutter 2019), a part of the gradient with the
        others; not on biases, norms and embeddings; l1: weight of the sum of absolute weights, on the same weights
    loss: of the classes; focal_gamma: of the focal loss (Lin et al. 2017); label_smoothing: of cross_entropy
    class_weights: `balanced` weighs an example by the rarity of its class
    clip: the norm that gradients are scaled down to, 0 for never
    patience: epochs without a gain after which training stops, 0 for never; metric: whose gain (accuracy where a text
        has one label, mean_average_precision where it has several)
    ema: decay of the moving average of weights that is evaluated and kept instead of the last ones; 0 for none
    precision: `auto` is bfloat16 on a GPU and float32 on a CPU
    seed: of everything that is drawn

    Raises UsageError for settings that make no sense.
    """

    epochs: int = 10
    batch_size: int = 64
    lr: float = 1e-3
    optimizer: Optimizer = "adamw"
    schedule: Schedule = "cosine"
    warmup: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 0.01
    l1: float = 0.0
    loss: LossName = "cross_entropy"
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    class_weights: ClassWeights = "none"
    clip: float = 5.0
    patience: int = 3
    metric: Metric = "accuracy"
    ema: float = 0.0
    precision: Precision = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        check_choices(self)
        check_numbers(
            self,
            epochs=(1, 10_000),
            batch_size=(1, 1 << 16),
            lr=(0.0, 100.0),
            warmup=(0.0, 1.0),
            momentum=(0.0, 1.0),
            weight_decay=(0.0, 10.0),
            l1=(0.0, 10.0),
            focal_gamma=(0.0, 20.0),
            label_smoothing=(0.0, 0.99),
            clip=(0.0, 1e6),
            patience=(0, 10_000),
            ema=(0.0, 0.99999),
            seed=(0, (1 << 63) - 1),
        )
