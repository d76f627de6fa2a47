"""States come back as they were saved, and saving takes little of the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from textpipe.store.checkpoint import Arrays, Kind, checkpoints, kinds_of


def new(kinds: Mapping[str, Kind]) -> Arrays:
    return {name: np.empty(kind.shape, dtype=kind.dtype) for name, kind in kinds.items()}


def test_arrays_of_all_kinds(tmp_path: Path) -> None:
    kept: Arrays = {
        "量": np.array(3.5, dtype=np.float32),
        "nothing": np.zeros((0, 4), dtype=np.int64),
        "flags": np.array([True, False, True]),
        "half": np.arange(6, dtype=np.float16).reshape(2, 3),
        "wide": np.array([np.nan, -0.0, np.pi]),
    }
    with checkpoints(tmp_path, "mark", arrays=lambda: kept, room=new) as (saving, saved):
        assert saved is None
        saving.save((3, 1), {"so": ["far", 0.1]})
    with checkpoints(tmp_path, "mark", arrays=dict, room=new) as (_, saved):
        assert saved is not None
        assert (saved.place, saved.state) == ((3, 1), {"so": ["far", 0.1]})
        assert kinds_of(saved.arrays) == kinds_of(kept)
        assert {name: array.tobytes() for name, array in saved.arrays.items()} == {
            name: array.tobytes() for name, array in kept.items()
        }


def test_the_furthest_state_wins(tmp_path: Path) -> None:
    for step in (4, 10, 7):
        kept = {"a": np.array([step])}
        with checkpoints(tmp_path / str(step), "mark", arrays=kept.copy, room=new) as (saving, _):
            saving.save((step,), {})
    work = tmp_path / "work"
    work.mkdir()
    for folder in tmp_path.glob("[0-9]*/*"):
        folder.rename(work / folder.name)
    with checkpoints(work, "mark", arrays=dict, room=new) as (_, saved):
        assert saved is not None
        assert saved.arrays["a"].tolist() == [10]
    assert len(list(work.iterdir())) == 1


@pytest.mark.parametrize(("mark", "fits"), [("other", True), ("mark", False)])
def test_states_that_are_of_no_use(tmp_path: Path, mark: str, fits: bool) -> None:
    with checkpoints(tmp_path, "mark", arrays=lambda: {"a": np.zeros(3)}, room=new) as (saving, _):
        saving.save((1,), {})
    with checkpoints(tmp_path, mark, arrays=dict, room=new if fits else lambda _: None) as (_, saved):
        assert saved is None


@pytest.mark.parametrize(("seconds", "pause"), [(0.01, 5.0), (0.25, 5.0), (2.0, 40.0)])
def test_a_twentieth_of_the_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, pause: float
) -> None:
    times = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: times.pop(0) if len(times) > 1 else times[0])

    def due(now: float) -> bool:
        times[:] = [now]
        return saving.due

    with checkpoints(tmp_path, "mark", arrays=lambda: {"a": np.zeros(3)}, room=new) as (saving, _):
        assert [due(104.9), due(105.0)] == [False, True]
        times[:] = [105.0, 105.0 + seconds]
        saving.save((1,), {})
        after = 105.0 + seconds + pause
        assert [due(after - 0.01), due(after + 0.01)] == [False, True]


def test_nowhere_to_save() -> None:
    with checkpoints(None, "mark", arrays=dict, room=new) as (saving, saved):
        assert saved is None
        assert not saving.due
        saving.save((1,), {})
