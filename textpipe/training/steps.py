"""steps.jsonl: what every step and every epoch of a training came to. Without torch: reports and the lab read it.

{"step": 1, "epoch": 1, "examples": 64, "loss": 2.3, "learning_rate": 2e-05, "gradient_norm": 1.7}
{"epoch": 1, "loss": 1.2, "scores": {"accuracy": 0.8}, "best": true}
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.errors import REMAKE, ArtifactError
from textpipe.training.log import EpochReport

STEP_FIELDS = ("step", "epoch", "examples", "loss", "learning_rate", "gradient_norm")
_EPOCH_FIELDS = {"epoch", "loss", "scores", "best"}


@dataclass(frozen=True)
class History:
    """steps: float64[steps, fields of STEP_FIELDS], as in StepReport; epochs: the reports of those that ended."""

    steps: npt.NDArray[np.float64]
    epochs: tuple[EpochReport, ...]

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """One field of all steps."""
        return self.steps[:, STEP_FIELDS.index(name)]


def write_steps(path: Path, history: History) -> None:
    """A line a step, and after the last step of an epoch one of the epoch; nothing of clocks. A norm that was not
    finite (a step that float16 left out) is null."""
    reports = {report.epoch: report for report in history.epochs}
    rows = history.steps.tolist()
    with open(path, "w", encoding="utf-8") as stream:
        for place, row in enumerate(rows):
            stream.write(_step_line(row))
            epoch = int(row[1])
            if (place + 1 == len(rows) or rows[place + 1][1] != epoch) and epoch in reports:
                stream.write(_epoch_line(reports[epoch]))


def read_steps(path: Path) -> History:
    """What `write_steps` wrote, but for the seconds of epochs, which are 0. Raises ArtifactError for anything else."""
    steps: list[list[float]] = []
    epochs: list[EpochReport] = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            content = json.loads(line)
            if content.keys() == _EPOCH_FIELDS:
                epochs.append(_epoch(content))
            else:
                steps.append(_step(content))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ArtifactError("not a step of a training", where=path, line=number, hint=REMAKE) from None
    return History(np.array(steps, dtype=np.float64).reshape(-1, len(STEP_FIELDS)), tuple(epochs))


def _lines(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise ArtifactError("the steps of the training are missing", where=path, hint=REMAKE)
    with open(path, "rb") as stream:
        yield from stream


def _step_line(row: list[float]) -> str:
    counts = [int(number) for number in row[:3]]
    figures = [number if math.isfinite(number) else None for number in row[3:]]
    return json.dumps(dict(zip(STEP_FIELDS, [*counts, *figures], strict=True))) + "\n"


def _epoch_line(report: EpochReport) -> str:
    scores = {name: value if math.isfinite(value) else None for name, value in report.scores.items()}
    content = {"epoch": report.epoch, "loss": report.loss, "scores": scores, "best": report.best}
    return json.dumps(content, ensure_ascii=False) + "\n"


def _step(content: dict[str, Any]) -> list[float]:
    if content.keys() != set(STEP_FIELDS):
        raise KeyError
    return [_number(content[name]) for name in STEP_FIELDS]


def _epoch(content: dict[str, Any]) -> EpochReport:
    scores = {str(name): _number(value) for name, value in content["scores"].items()}
    return EpochReport(int(content["epoch"]), _number(content["loss"]), scores, content["best"] is True, 0.0)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
