"""How far a training has come and how well it went: what is known without any tensor, as JSON to go on from."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from textpipe.training.config import TrainingConfig
from textpipe.training.log import EpochReport, StepReport
from textpipe.training.schedule import factor_after
from textpipe.training.steps import STEP_FIELDS

Stopped = Literal["epochs", "patience", "not finite"]


@dataclass
class Standing:
    """step: the last one done; epochs: reports of those that ended; best_epoch: the number of the one whose weights are
    kept, 0 for none; factor: of the learning rate; seconds: of this epoch so far; stopped: why training has ended, None
    while it goes on.
    """

    step: int = 0
    epochs: list[EpochReport] = field(default_factory=list)
    best_epoch: int = 0
    factor: float = 1.0
    seconds: float = 0.0
    stopped: Stopped | None = None

    @property
    def best(self) -> EpochReport | None:
        return self.epochs[self.best_epoch - 1] if self.best_epoch else None

    @property
    def ended(self) -> bool:
        return self.stopped is not None

    @property
    def place(self) -> tuple[int, int]:
        """What grows as training goes on."""
        return self.step, 2 * len(self.epochs) + self.ended

    def close(
        self, loss: float, scores: Mapping[str, float], config: TrainingConfig, *, judged: int = 0
    ) -> EpochReport:
        """End an epoch: is it kept, does the learning rate fall, is it time to stop? judged: as Task has it"""
        epoch = len(self.epochs) + 1
        score = score_of(loss, scores, config)
        less = config.metric == "loss" or not scores
        top = self._top(config, less=less)
        gained = _gains(score, top, less=less)
        kept = gained or (judged > 0 and not less and top is not None and score >= top - _standard_error(top, judged))
        report = EpochReport(epoch, loss, scores, kept, self.seconds)
        self.epochs.append(report)
        self.best_epoch = epoch if kept else self.best_epoch
        self.factor = factor_after(config, self.factor, gained=gained)
        self.seconds = 0.0
        if epoch == config.epochs:
            self.stopped = "epochs"
        elif config.patience and epoch - self.best_epoch >= config.patience:
            self.stopped = "patience"
        return report

    def _top(self, config: TrainingConfig, *, less: bool) -> float | None:
        """The best score there was, None before any was finite."""
        found = [score_of(one.loss, one.scores, config) for one in self.epochs]
        finite = [one for one in found if math.isfinite(one)]
        return (min(finite) if less else max(finite)) if finite else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Standing:
        return cls(**{**content, "epochs": [EpochReport(*report) for report in content["epochs"]]})


def score_of(loss: float, scores: Mapping[str, float], config: TrainingConfig) -> float:
    """The metric of an epoch; without scores on held-back data it is the training loss."""
    return scores[config.metric] if scores else loss


def _gains(score: float, top: float | None, *, less: bool) -> bool:
    if top is None:
        return math.isfinite(score)
    return score < top if less else score > top


def _standard_error(share: float, judged: int) -> float:
    """Of a share of so many examples."""
    return math.sqrt(max(share * (1.0 - share), 0.0) / judged)


class StepFigures:
    """The figures of all steps so far."""

    def __init__(self) -> None:
        self._figures = array("d")

    def add(self, report: StepReport) -> None:
        self._figures.extend([getattr(report, name) for name in STEP_FIELDS])

    def put(self, rows: npt.NDArray[np.float64]) -> None:
        """Those of steps that were done before."""
        self._figures = array("d", rows.tobytes())

    def rows(self) -> npt.NDArray[np.float64]:
        """float64[steps, fields]"""
        return np.array(self._figures, dtype=np.float64).reshape(-1, len(STEP_FIELDS))

    def mean_loss(self, epoch: int) -> float:
        """Of the examples of an epoch."""
        rows = self.rows()
        rows = rows[rows[:, 1] == epoch]
        return float(np.average(rows[:, 3], weights=rows[:, 2]))
