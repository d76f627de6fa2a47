"""Training that is stopped at several steps and goes on, beside training that is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tests.models.texts import trained
from textpipe.store import checkpoint
from textpipe.training.log import StepReport, TrainingLog

_STOPS = (3, 4, 11)


class Stopped(Exception):
    """The end of a process."""


def resumed(kind: Any, folder: Path, monkeypatch: Any, **settings: Any) -> bool:
    """Whether all weights are equal to the last bit."""
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    whole = trained(kind, **settings)
    folder.mkdir(exist_ok=True)
    for stop in _STOPS:

        def step(report: StepReport, stop: int = stop) -> None:
            if report.step == stop:
                raise Stopped

        try:
            trained(kind, log=TrainingLog(step=step, work=folder), **settings)
        except Stopped:
            continue
        raise AssertionError("it was not stopped")
    notes: list[str] = []
    again = trained(kind, log=TrainingLog(note=notes.append, work=folder), **settings)
    assert any("goes on after step 10" in note for note in notes), notes
    weights = [model._fitted.network.state_dict() for model in (whole, again)]
    return all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
