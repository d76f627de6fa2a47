"""What training tells: every step, every epoch; and the folder where it may keep state to go on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class StepReport(NamedTuple):
    """One step: step and epoch from 1, steps of the whole run, examples of the batch, their mean loss before the
    update, the learning rate, the norm of all gradients before they were clipped."""

    step: int
    steps: int
    epoch: int
    examples: int
    loss: float
    learning_rate: float
    gradient_norm: float


class EpochReport(NamedTuple):
    """One epoch that has ended: its number from 1, the mean loss of its examples, the scores on held-back data (none:
    empty), whether its weights are kept so far, and the seconds it took."""

    epoch: int
    loss: float
    scores: Mapping[str, float]
    best: bool
    seconds: float


@dataclass
class TrainingLog:
    """Where a model tells how its training goes.

    share: how much is done, 0 to 1, and in words how it stands: for models that have no steps
    work: a folder that outlives an interruption, None for none
    facts: for the manifest: scores on held-back data, what was chosen, seconds
    """

    step: Callable[[StepReport], None] = field(default=lambda _report: None)
    epoch: Callable[[EpochReport], None] = field(default=lambda _report: None)
    share: Callable[[float, str], None] = field(default=lambda _share, _state: None)
    note: Callable[[str], None] = field(default=lambda _message: None)
    work: Path | None = None
    facts: dict[str, object] = field(default_factory=dict)
