"""The graph of words that occur together, as a picture for wide and one for narrow screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple
from unicodedata import east_asian_width

from textpipe.report.layout import place

MOST_NODES = 60
_EDGES_A_NODE = 3
_LONGEST = 17.0  # of a label, in the width of a Chinese character: as wide as a phone in the largest letters


class Word(NamedTuple):
    """A node: its number in the report, what it is called, how much it weighs (1 for the heaviest), where it leads."""

    number: int
    text: str
    weight: float
    count: int  # type: ignore[assignment]  # a tuple's method of the same name gives way
    href: str | None


class Node(NamedTuple):
    """A node in its place, in units of the picture."""

    word: Word
    label: str
    x: float
    y: float
    width: float
    height: float
    size: float


class Edge(NamedTuple):
    """A line between two nodes."""

    first: int
    second: int
    weight: int
    x1: float
    y1: float
    x2: float
    y2: float
    thickness: float


class Picture(NamedTuple):
    """A graph laid out in a frame."""

    name: str
    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]


class Network(NamedTuple):
    """The same graph laid out for each width of screen. left_out: words beyond the most that are drawn."""

    pictures: list[Picture]
    left_out: int


# name, width, height, smallest and largest letters
_FRAMES = (("wide", 960.0, 520.0, 14.0, 24.0), ("narrow", 360.0, 360.0, 13.0, 18.0))


def draw(words: Sequence[Word], pairs: Mapping[tuple[int, int], int]) -> Network:
    """The words of the strongest links, then the heaviest ones. pairs: weights by the numbers of two words."""
    weights = {word.number: word.weight for word in words}
    order = sorted(pairs, key=lambda pair: (-pairs[pair], -weights[pair[0]] - weights[pair[1]], pair))
    numbers = _chosen(order, sorted(weights, key=lambda number: (-weights[number], number)))
    chosen = sorted((word for word in words if word.number in numbers), key=lambda word: (-word.weight, word.number))
    positions = {word.number: position for position, word in enumerate(chosen)}
    links = {
        (positions[pair[0]], positions[pair[1]]): pairs[pair]
        for pair in _strongest([pair for pair in order if numbers.issuperset(pair)], _EDGES_A_NODE * len(chosen))
    }
    pictures = [_picture(frame, chosen, links) for frame in _FRAMES]
    return Network(pictures, len(words) - len(chosen))


def _chosen(links: Sequence[tuple[int, int]], words: Sequence[int]) -> set[int]:
    """So many words as are drawn: those of the first links, then the first ones."""
    chosen: set[int] = set()
    for link in (*links, *((word, word) for word in words)):
        if len(chosen.union(link)) <= MOST_NODES:
            chosen.update(link)
    return chosen


def _strongest(links: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """The first links, and the first one of each word that these leave out."""
    kept = list(links[:most])
    linked = {end for link in kept for end in link}
    for link in links[most:]:
        if not linked.issuperset(link):
            kept.append(link)
            linked.update(link)
    return kept


def _picture(
    frame: tuple[str, float, float, float, float], words: Sequence[Word], links: Mapping[tuple[int, int], int]
) -> Picture:
    name, width, height, smallest, largest = frame
    labels = [shortened(word.text) for word in words]
    letters = [round(smallest + (largest - smallest) * word.weight, 1) for word in words]
    sizes = [
        (round(min(width - 10, ems(label) * letter + letter), 1), round(letter * 1.6, 1))
        for label, letter in zip(labels, letters, strict=True)
    ]
    boxes, height = place(sizes, links, width=width, height=height)
    nodes = [
        Node(word, label, round(box.x, 1), round(box.y, 1), box.width, box.height, letter)
        for word, label, box, letter in zip(words, labels, boxes, letters, strict=True)
    ]
    heaviest = max(links.values(), default=1)
    edges = [
        Edge(a, b, weight, nodes[a].x, nodes[a].y, nodes[b].x, nodes[b].y, round(1 + 3 * sqrt(weight / heaviest), 1))
        for (a, b), weight in links.items()
    ]
    return Picture(name, width, round(height, 1), nodes, edges)


def shortened(text: str) -> str:
    """A word as a label: one line, with an ellipsis where it is too long."""
    shown = " ".join(text.split())
    if ems(shown) <= _LONGEST:
        return shown
    while ems(shown) > _LONGEST - 1:
        shown = shown[:-1]
    return f"{shown}…"


def ems(label: str) -> float:
    """The width of a label in the width of a Chinese character; letters are taken for wider than most are."""
    return sum(map(_em, label))


def _em(character: str) -> float:
    if east_asian_width(character) in "WF":
        return 1.0
    return 0.75 if character.isupper() else 0.6
