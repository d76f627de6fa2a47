"""Places for the words of a graph: springs and repulsion (Fruchterman and Reingold 1991), then boxes moved apart.

No chance is involved, and nothing but additions, multiplications, divisions and square roots, which round alike
everywhere: the same graph lies the same way on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

Edges = Mapping[tuple[int, int], int]
_STEPS = 150
_SWEEPS = 300
_GAP = 7.0  # between boxes
_EDGE = 4.0  # between a box and the frame
_SPREAD = 0.7  # of the room that a word has, the distance that repulsion keeps
_GRAVITY = 1.5  # so much that unlinked words come to rest inside the frame
_ROOM = 2.2  # times what the boxes cover
_GROWTH = 1.15
_GROWTHS = 30  # 66 times the height: more than any boxes need
_GOLDEN = (-0.7373688780783197, 0.6754902942615238)  # cosine and sine of the golden angle


@dataclass
class Box:
    """A word's box: its middle, its width and its height."""

    x: float
    y: float
    width: float
    height: float


def place(
    sizes: Sequence[tuple[float, float]], edges: Edges, *, width: float, height: float
) -> tuple[list[Box], float]:
    """(boxes, height of the frame): the boxes do not overlap, for which the frame grows in height as far as needed.

    sizes: width and height of each box, the most important first; edges: weights by numbers of two boxes.
    """
    room = sum((across + _GAP) * (down + _GAP) for across, down in sizes)
    height = max(height, _ROOM * room / width)
    points = _filling(_springs(len(sizes), edges, width, height), width, height)
    for _ in range(_GROWTHS):
        boxes = [Box(x, y, *size) for (x, y), size in zip(points, sizes, strict=True)]
        if _separate(boxes, width, height):
            break
        points = [(x, y * _GROWTH) for x, y in points]
        height *= _GROWTH
    return boxes, height


def _springs(count: int, edges: Edges, width: float, height: float) -> list[tuple[float, float]]:
    points = _spiral(count, width, height)
    if count < 2:
        return points
    distance = sqrt(width * height / count) * _SPREAD
    # repulsion from n words at distance r sums to about n * distance ** 2 / r; at half the frame it is outweighed
    across, down = (4 * _GRAVITY * _SPREAD**2 * other / along for along, other in ((width, height), (height, width)))
    heaviest = max(edges.values(), default=1)
    strengths = {pair: 0.3 + 0.7 * sqrt(weight / heaviest) for pair, weight in edges.items()}
    for step in range(_STEPS):
        forces = [[(width / 2 - x) * across, (height / 2 - y) * down] for x, y in points]
        _repel(points, forces, distance)
        _attract(points, forces, distance, strengths)
        warmth = width / 8 * (1 - step / _STEPS) ** 2 + 0.5
        for number, (x, y) in enumerate(points):
            fx, fy = forces[number]
            length = sqrt(fx * fx + fy * fy)
            share = min(1.0, warmth / length) if length else 0.0
            points[number] = (min(width, max(0.0, x + fx * share)), min(height, max(0.0, y + fy * share)))
    return points


def _filling(points: list[tuple[float, float]], width: float, height: float) -> list[tuple[float, float]]:
    """The points stretched to the middle nine tenths of the frame."""
    for axis, length in ((0, width), (1, height)):
        values = [point[axis] for point in points]
        low, high = min(values, default=0.0), max(values, default=0.0)
        scale = 0.9 * length / (high - low) if high > low else 0.0
        moved = [length / 2 + (value - (low + high) / 2) * scale for value in values]
        points = [(place, y) if axis == 0 else (x, place) for place, (x, y) in zip(moved, points, strict=True)]
    return points


def _spiral(count: int, width: float, height: float) -> list[tuple[float, float]]:
    """The seeds of a sunflower: spread evenly, the first in the middle."""
    points = []
    cosine, sine = 1.0, 0.0
    for number in range(count):
        radius = sqrt(number / max(1, count)) * 0.45
        points.append((width * (0.5 + radius * cosine), height * (0.5 + radius * sine)))
        cosine, sine = cosine * _GOLDEN[0] - sine * _GOLDEN[1], cosine * _GOLDEN[1] + sine * _GOLDEN[0]
    return points


def _repel(points: list[tuple[float, float]], forces: list[list[float]], distance: float) -> None:
    square = distance * distance
    for first, (x, y) in enumerate(points):
        mine = forces[first]
        for second in range(first + 1, len(points)):
            dx, dy = x - points[second][0], y - points[second][1]
            push = square / (dx * dx + dy * dy + 0.01)
            mine[0] += dx * push
            mine[1] += dy * push
            forces[second][0] -= dx * push
            forces[second][1] -= dy * push


def _attract(
    points: list[tuple[float, float]],
    forces: list[list[float]],
    distance: float,
    strengths: Mapping[tuple[int, int], float],
) -> None:
    for (first, second), strength in strengths.items():
        dx, dy = points[first][0] - points[second][0], points[first][1] - points[second][1]
        pull = sqrt(dx * dx + dy * dy) / distance * strength
        forces[first][0] -= dx * pull
        forces[first][1] -= dy * pull
        forces[second][0] += dx * pull
        forces[second][1] += dy * pull


def _separate(boxes: list[Box], width: float, height: float) -> bool:
    """Push boxes apart that overlap, inside the frame; whether that came to an end."""
    for _ in range(_SWEEPS):
        moved = False
        for first, box in enumerate(boxes):
            for other in boxes[first + 1 :]:
                moved = _push(box, other, width) or moved
        for box in boxes:
            _keep_inside(box, width, height)
        if not moved:
            return True
    return False


def _push(box: Box, other: Box, width: float) -> bool:
    across = (box.width + other.width) / 2 + _GAP - abs(box.x - other.x)
    down = (box.height + other.height) / 2 + _GAP - abs(box.y - other.y)
    if across <= 0.01 or down <= 0.01:
        return False
    beside = box.width + other.width + _GAP + 2 * _EDGE <= width  # whether there is room for both
    if beside and across < down:
        step = across / 2 if box.x >= other.x else -across / 2
        box.x += step
        other.x -= step
    else:
        step = down / 2 if box.y >= other.y else -down / 2
        box.y += step
        other.y -= step
    return True


def _keep_inside(box: Box, width: float, height: float) -> None:
    box.x = min(max(box.x, box.width / 2 + _EDGE), max(width / 2, width - box.width / 2 - _EDGE))
    box.y = min(max(box.y, box.height / 2 + _EDGE), max(height / 2, height - box.height / 2 - _EDGE))
