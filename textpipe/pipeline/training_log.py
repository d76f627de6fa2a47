"""How training is told: a bar with speed and loss, a note an epoch, and what the manifest keeps."""

from __future__ import annotations

import time
from typing import Any

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog
from textpipe.pipeline.stage import StageLog
from textpipe.training import log as training

_SECONDS_A_NOTE = 2.0
_SHOWN = ("accuracy", "mean_average_precision", "macro_f1")  # of scores on held-back texts


class Telling:
    """epochs: a record of each one that ended: epoch, loss, pairs, tokens_per_second."""

    def __init__(self, config: EmbeddingConfig, log: StageLog) -> None:
        self.epochs: list[dict[str, Any]] = []
        self._config = config
        self._stage_log = log
        self._last: tuple[float, int] | None = None  # when, and tokens done
        self._speed = 0.0
        self._noted = time.monotonic()
        self.log = TrainingLog(progress=self._progress, epoch=self._epoch, note=log.note, work=log.work)

    def _progress(self, now: Progress) -> None:
        moment = time.monotonic()
        if self._last is None:
            self._last = moment, now.done
        elif moment - self._last[0] > 0.5:
            speed = (now.done - self._last[1]) / (moment - self._last[0])
            self._speed = speed if not self._speed else 0.7 * self._speed + 0.3 * speed
            self._last = moment, now.done
        self._stage_log.advance(now.done / max(now.total, 1), self._state(now))

    def _state(self, now: Progress) -> str:
        speed = f"{self._speed / 1e6:.2f} M words/s" if self._speed else ""
        loss = "" if now.loss is None else f"loss {now.loss:.4f}"
        return "  ".join(part for part in (f"epoch {now.epoch}/{self._config.epochs}", speed, loss) if part)

    def _epoch(self, report: EpochReport) -> None:
        speed = report.tokens / report.seconds if report.seconds > 0 else 0.0
        self.epochs.append(
            {"epoch": report.epoch, "loss": report.loss, "pairs": report.pairs, "tokens_per_second": round(speed)}
        )
        now, last = time.monotonic(), report.epoch == self._config.epochs
        if now - self._noted < _SECONDS_A_NOTE and not last:
            return  # a hundred epochs over a small text are no hundred lines
        self._noted = now
        loss = "" if report.loss is None else f"loss {report.loss:.4f}, "
        self._stage_log.note(f"epoch {report.epoch} of {self._config.epochs}: {loss}{speed / 1e6:.2f} M words/s")


class ClassifierTelling:
    """epochs: a record of each one that ended: epoch, loss, scores on held-back texts, best, seconds."""

    def __init__(self, log: StageLog) -> None:
        self.epochs: list[dict[str, Any]] = []
        self._stage_log = log
        self._noted = time.monotonic()
        self._loss: float | None = None
        self.log = training.TrainingLog(
            step=self._step, epoch=self._epoch, share=log.advance, note=log.note, work=log.work
        )

    def _step(self, report: training.StepReport) -> None:
        self._loss = report.loss if self._loss is None else 0.98 * self._loss + 0.02 * report.loss
        self._stage_log.advance(report.step / max(report.steps, 1), f"epoch {report.epoch}  loss {self._loss:.4f}")

    def _epoch(self, report: training.EpochReport) -> None:
        known = [one["epoch"] for one in self.epochs]
        if report.epoch in known:  # told again after a stop
            del self.epochs[known.index(report.epoch) :]
        scores = {name: float(value) for name, value in report.scores.items()}
        self.epochs.append(
            {
                "epoch": report.epoch,
                "loss": _finite(report.loss),
                "scores": {name: _finite(value) for name, value in scores.items()},
                "best": report.best,
                "seconds": round(report.seconds, 3),
            }
        )
        now = time.monotonic()
        if now - self._noted < _SECONDS_A_NOTE:
            return
        self._noted = now
        shown = [f"{name.replace('_', ' ')} {scores[name]:.4f}" for name in _SHOWN if name in scores]
        held = f"; held back: {', '.join(shown)}{', kept so far' if report.best else ''}" if shown else ""
        self._stage_log.note(f"epoch {report.epoch}: loss {report.loss:.4f}{held}")


def _finite(value: float) -> float | None:
    """A number as JSON can say it."""
    return float(value) if abs(value) < float("inf") else None
