"""Bars, curves, clouds."""

from __future__ import annotations

from itertools import combinations

import pytest

from textpipe.report.charts import Dot, bars, cloud, curve, share, short_number
from textpipe.report.network import ems


def test_bars() -> None:
    found = bars([("a", 4, ("4",)), ("b", 1, ("1",)), ("c", -1, ("-1",))])
    assert [bar.share for bar in found] == [1.0, 0.25, 0.0]
    assert bars([]) == []
    assert [bar.share for bar in bars([("a", 0, ())])] == [0.0]
    assert share(float("inf"), 1.0) == 1.0


@pytest.mark.parametrize("most", [0, 1, 3, 7, 10, 11, 99, 1234, 10_094, 5_000_000, 0.003])
def test_axes_reach_round_numbers(most: float) -> None:
    plot = curve([Dot(most, most / 2, "", "")], x_title="x", y_title="y")
    for ticks in (plot.x_ticks, plot.y_ticks):
        assert 2 <= len(ticks) <= 8
        assert ticks[0].text == "0"
        assert len({tick.text for tick in ticks}) == len(ticks)
    last = plot.points[-1]
    assert plot.left <= last.x <= plot.right
    assert plot.top <= last.y <= plot.bottom
    assert plot.line == f"{plot.left},{plot.bottom} {last.x},{last.y}"


def test_below_zero() -> None:
    plot = cloud([Dot(-3, 1, "a", ""), Dot(5, 2, "b", "")], x_title="x", y_title="y")
    assert float(plot.x_ticks[0].text) <= -3
    assert float(plot.y_ticks[0].text) == 1
    assert plot.left <= plot.points[0].x < plot.points[1].x <= plot.right


def test_labels_cover_no_other() -> None:
    dots = [Dot(number % 7, number % 5, f"新词{number}", "", size=0.5) for number in range(120)]
    plot = cloud(dots, x_title="x", y_title="y")
    named = [point for point in plot.points if point.label is not None]
    assert 5 < len(named) <= 16
    for one, other in combinations(named, 2):
        assert one.label is not None
        assert other.label is not None
        apart = (
            one.label_x + 12 * ems(one.label) <= other.label_x or other.label_x + 12 * ems(other.label) <= one.label_x
        )
        assert apart or abs(one.y - other.y) >= 12
    assert cloud([], x_title="x", y_title="y").points == []


def test_short_numbers() -> None:
    assert [short_number(n) for n in (0, 0.25, 7, 1500, 20_000, 1_500_000, 2e9)] == [
        "0", "0.25", "7", "1.5k", "20k", "1.5M", "2G",
    ]  # fmt: skip
