"""The page of `textpipe map`: words in a plane, to be searched, zoomed and moved; a still picture without a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from textpipe.embeddings.projection import Floats, WordMap
from textpipe.report.characters import displayed, language_of
from textpipe.report.network import ems, shortened
from textpipe.report.page import json_island, make_page

_GRID = 10_000  # steps of a coordinate
# name, width, height at most, size of letters, most labels, radius of a dot
_FRAMES = (("wide", 960.0, 720.0, 16.0, 90, 2.8), ("narrow", 360.0, 400.0, 13.0, 30, 1.4))
_EDGE = 12.0  # between points and the frame
_FLATTEST = 0.4  # a frame's height, of its width
_APART = 2.0  # between labels


class Label(NamedTuple):
    """A word in the picture, by the middle of its letters."""

    text: str
    x: float
    y: float
    cluster: int


class Picture(NamedTuple):
    """The map in a frame; `dots` has a path for each cluster, of lines without length."""

    name: str
    width: float
    height: float
    letters: float
    radius: float
    dots: list[str]
    labels: list[Label]


class Row(NamedTuple):
    """A word of the list, with its nearest ones. count: None where nothing is known of it."""

    text: str
    count: int | None  # type: ignore[assignment]  # a tuple's method of the same name gives way
    cluster: int
    neighbours: list[str]


class Group(NamedTuple):
    """A cluster of the legend."""

    size: int
    words: list[str]


def wordmap_page(found: WordMap, *, title: str, total: int) -> bytes:
    """A page of the map; `total` is how many words the embedding has.

    Raises UsageError when Jinja2 is not installed.
    """
    words = [displayed(word) for word in found.words]
    counts = [None] * len(words) if found.counts is None else found.counts.tolist()
    clusters = found.cluster.tolist()
    neighbours = found.neighbours.tolist()
    points = _squared(found.places)
    order = _by_count(counts)
    data = {
        "words": words,
        "counts": None if found.counts is None else counts,
        "x": np.rint(points[:, 0] * _GRID).astype(int).tolist(),
        "y": np.rint(points[:, 1] * _GRID).astype(int).tolist(),
        "clusters": clusters,
        "neighbours": neighbours,
        "similarities": np.rint(found.similarities * 1000).astype(int).tolist(),
        "order": order,
    }
    return make_page(
        "wordmap.html",
        scripts=("wordmap.js",),
        styles=("report.css", "wordmap.css"),
        title=f"Map of {title}",
        language=language_of("".join(words)),
        found=found,
        total=total,
        pictures=[_picture(frame, words, points, clusters, order) for frame in _FRAMES],
        groups=[Group(group.size, [shortened(words[number]) for number in group.central]) for group in found.clusters],
        rows=[
            Row(word, counts[number], clusters[number] + 1, [words[near] for near in neighbours[number]])
            for number, word in enumerate(words)
        ],
        data=json_island(data),
    )


def _squared(places: Floats) -> Floats:
    """The places moved and scaled to 0 to 1 along their longer extent, y downwards, centred along the other."""
    low, high = places.min(axis=0), places.max(axis=0)
    extent = float((high - low).max()) or 1.0
    points: Floats = (places - (low + high) / 2) / extent
    points[:, 1] *= -1
    return points + 0.5


def _by_count(counts: Sequence[int | None]) -> list[int]:
    """Numbers of words, most frequent first; in their order where counts are not known."""
    return sorted(range(len(counts)), key=lambda number: -(counts[number] or 0))


def _picture(
    frame: tuple[str, float, float, float, int, float],
    words: Sequence[str],
    points: Floats,
    clusters: Sequence[int],
    order: Sequence[int],
) -> Picture:
    name, width, height, letters, most, radius = frame
    low, high = points.min(axis=0), points.max(axis=0)
    room, over = np.array([width, height]) - 2 * _EDGE, letters * 1.5  # a label stands over its dot
    scale = float(((room - np.array([0.0, over])) / np.maximum(high - low, 1e-9)).min())
    height = round(max(width * _FLATTEST, float(high[1] - low[1]) * scale + 2 * _EDGE + over), 1)
    middle = np.array([width, height + over]) / 2
    placed = ((points - (low + high) / 2) * scale + middle).round(1).tolist()
    dots = [""] * (max(clusters) + 1)
    for (x, y), cluster in zip(placed, clusters, strict=True):
        dots[cluster] += f"M{x:g} {y:g}h0"
    labels = []
    for number, (x, y) in _labelled(words, placed, order, (width, height, letters, radius))[:most]:
        labels.append(Label(shortened(words[number]), round(x, 1), round(y, 1), clusters[number]))
    return Picture(name, width, height, letters, radius, dots, labels)


def _labelled(
    words: Sequence[str],
    placed: Sequence[Sequence[float]],
    order: Sequence[int],
    frame: tuple[float, float, float, float],
) -> list[tuple[int, tuple[float, float]]]:
    """(number, middle of the label) of the words that have room above their dots, most frequent first."""
    width, height, letters, radius = frame
    taken: list[tuple[float, float, float, float]] = []
    found = []
    for number in order:
        across, down = ems(shortened(words[number])) * letters, letters * 1.2
        x = min(max(placed[number][0], across / 2 + _APART), width - across / 2 - _APART)
        y = placed[number][1] - radius - down / 2
        box = (x - across / 2 - _APART, y - down / 2, x + across / 2 + _APART, y + down / 2)
        if box[1] < 0 or box[3] > height or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        found.append((number, (x, y)))
        if len(found) == _MOST_LABELS:
            break
    return found


_MOST_LABELS = max(frame[4] for frame in _FRAMES)


def _overlap(box: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
