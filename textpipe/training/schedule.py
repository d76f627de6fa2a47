"""The learning rate of a step: a pure function, so that nothing of it need be kept to go on."""

from __future__ import annotations

import math

from textpipe.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, steps: int, *, factor: float = 1.0) -> float:
    """Of step 1 to `steps`, as TrainingConfig says.

    factor: what `plateau` has come to, 1 for the others. It rises to the highest on the last step of the warm-up, and
    would be 0 on the first step after the last: no step is taken for nothing.
    """
    rising = round(config.warmup * steps)
    if step <= rising:
        return config.lr * factor * step / rising
    done = (step - rising) / (steps - rising + 1)
    if config.schedule == "cosine":
        return config.lr * 0.5 * (1.0 + math.cos(math.pi * done))
    if config.schedule == "linear":
        return config.lr * (1.0 - done)
    return config.lr * factor


def factor_after(config: TrainingConfig, factor: float, *, gained: bool) -> float:
    """What the learning rate is multiplied by after an epoch: `plateau` halves it when the metric has not gained."""
    return factor if gained or config.schedule != "plateau" else factor / 2
