"""Bars, curves and clouds of points as places in a picture; the templates write them as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10
from typing import NamedTuple

from textpipe.report.network import ems

_WIDTH, _HEIGHT = 380.0, 280.0  # little more than a phone is wide, so that letters stay legible there
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 14.0, 12.0, 40.0
_LETTER = 12.0
_TICKS = 6
_MOST_LABELS = 16


class Bar(NamedTuple):
    """A row of a table with a bar: its name, the bar's length (0 to 1), and what its further columns say."""

    name: str
    share: float
    cells: tuple[str, ...]
    href: str | None = None


class Tick(NamedTuple):
    """A mark on an axis."""

    place: float
    text: str


class Point(NamedTuple):
    """A point of a plot. title: what a pointer over it shows; label: what stands beside it, at label_x."""

    x: float
    y: float
    radius: float
    title: str
    href: str | None = None
    label: str | None = None
    label_x: float = 0.0


class Plot(NamedTuple):
    """A plot in its frame, in units of the picture."""

    x_ticks: list[Tick]
    y_ticks: list[Tick]
    x_title: str
    y_title: str
    points: list[Point]
    line: str
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    right: float = _WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = _HEIGHT - _BOTTOM


class Dot(NamedTuple):
    """What a point stands for. size: 0 to 1."""

    x: float
    y: float
    name: str
    title: str
    size: float = 0.0
    href: str | None = None


def share(value: float, largest: float) -> float:
    """The length of a bar, 0 to 1; a negative value has none."""
    return min(1.0, max(0.0, value / largest)) if largest > 0 else 0.0


def bars(rows: Iterable[tuple[str, float, tuple[str, ...]]]) -> list[Bar]:
    """Rows of (name, value, cells), their bars as long as the values are to the largest."""
    found = list(rows)
    largest = max((value for _, value, _ in found), default=0.0)
    return [Bar(name, share(value, largest), cells) for name, value, cells in found]


def curve(dots: Sequence[Dot], *, x_title: str, y_title: str) -> Plot:
    """Points joined by a line, from zero on both axes."""
    zero = Dot(0, 0, "", "")
    return _plot([zero, *dots], x_title=x_title, y_title=y_title, joined=True)


def cloud(dots: Sequence[Dot], *, x_title: str, y_title: str) -> Plot:
    """Points by themselves; the first ones get their names where these cover nothing."""
    return _plot(dots, x_title=x_title, y_title=y_title, joined=False)


def _plot(dots: Sequence[Dot], *, x_title: str, y_title: str, joined: bool) -> Plot:
    x_axis = _Axis([dot.x for dot in dots], _LEFT, _WIDTH - _RIGHT)
    y_axis = _Axis([dot.y for dot in dots], _HEIGHT - _BOTTOM, _TOP)
    points = [
        Point(x_axis.place(dot.x), y_axis.place(dot.y), round(2.5 + 6.5 * dot.size, 1), dot.title, dot.href)
        for dot in dots
    ]
    line = " ".join(f"{point.x},{point.y}" for point in points) if joined else ""
    if not joined:
        points = _labelled(points, [dot.name for dot in dots])
    return Plot(x_axis.ticks(), y_axis.ticks(), x_title, y_title, points, line)


class _Axis:
    """Values to places, from one round number to another."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        low, high = min(values, default=0.0), max(values, default=0.0)
        self._step = _round_step((high - low) / _TICKS)
        self._low = floor(low / self._step) * self._step
        self._count = max(1, _ceiling((high - self._low) / self._step))
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        part = (value - self._low) / (self._count * self._step)
        return round(self._start + part * (self._end - self._start), 1)

    def ticks(self) -> list[Tick]:
        values = [self._low + number * self._step for number in range(self._count + 1)]
        return [Tick(self.place(value), short_number(value)) for value in values]


def _ceiling(value: float) -> int:
    return -floor(-value + 1e-9)


def _round_step(rough: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def short_number(value: float) -> str:
    """As it stands at an axis: 20k, 1.5M, 0.25."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{letter}"
    return f"{value:.3g}" if value else "0"


def _labelled(points: Sequence[Point], names: Sequence[str]) -> list[Point]:
    """The points, the first ones with names right or left of them, wherever there is room."""
    taken: list[tuple[float, float, float, float]] = []
    found = []
    for point, name in zip(points, names, strict=True):
        width = ems(name) * _LETTER
        for start in (point.x + point.radius + 2, point.x - point.radius - 2 - width):
            box = (start, point.y - _LETTER / 2, start + width, point.y + _LETTER / 2)
            inside = start >= _LEFT and box[2] <= _WIDTH and point.y >= _TOP
            if inside and len(taken) < _MOST_LABELS and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found.append(point._replace(label=name, label_x=round(start, 1)))
                break
        else:
            found.append(point)
    return found


def _overlap(box: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
