"""The graph's places: inside the frame, apart, the same each time."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from textpipe.report.layout import place
from textpipe.report.network import MOST_NODES, Word, draw


def sizes(count: int) -> list[tuple[float, float]]:
    return [(40.0 + 37 * number % 90, 22.0 + number % 9) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 20, 60])
@pytest.mark.parametrize("width", [960.0, 360.0])
def test_boxes_lie_apart_inside_the_frame(count: int, width: float) -> None:
    edges = {(a, b): 1 + (a * b) % 5 for a, b in combinations(range(count), 2) if (a * 7 + b) % 6 == 0}
    boxes, height = place(sizes(count), edges, width=width, height=360.0)
    assert place(sizes(count), edges, width=width, height=360.0) == (boxes, height)
    assert len(boxes) == count
    for box in boxes:
        assert box.width / 2 <= box.x <= width - box.width / 2
        assert box.height / 2 <= box.y <= height - box.height / 2
    for box, other in combinations(boxes, 2):
        across = (box.width + other.width) / 2 - abs(box.x - other.x)
        down = (box.height + other.height) / 2 - abs(box.y - other.y)
        assert across <= 0 or down <= 0


def test_links_draw_together() -> None:
    """Two groups, each linked inside: distances inside are shorter than across."""
    edges = {pair: 3 for group in (range(6), range(6, 12)) for pair in combinations(group, 2)}
    boxes, _ = place([(40.0, 20.0)] * 12, edges, width=900.0, height=500.0)
    distances = {
        (a, b): abs(complex(boxes[a].x - boxes[b].x, boxes[a].y - boxes[b].y)) for a, b in combinations(range(12), 2)
    }
    inside = [distances[pair] for pair in edges]
    across = [distance for pair, distance in distances.items() if pair not in edges]
    assert sum(inside) / len(inside) < 0.7 * sum(across) / len(across)


def test_as_wide_as_the_frame() -> None:
    boxes, _ = place([(350.0, 20.0)] * 5, {}, width=360.0, height=100.0)
    rows = sorted(box.y for box in boxes)
    assert all(second - first >= 20 for first, second in pairwise(rows))


def word(number: int, *, weight: float = 0.5) -> Word:
    return Word(number, f"w{number}", weight, 1, "#a")


def test_linked_words_are_drawn_first() -> None:
    words = [word(number, weight=1.0 if number < 100 else 0.1) for number in range(200)]
    network = draw(words, {(150, 160): 2, (150, 170): 1})
    assert network.left_out == 200 - MOST_NODES
    wide, narrow = network.pictures
    assert {node.word.number for node in wide.nodes} == {*range(MOST_NODES - 3), 150, 160, 170}
    assert [node.word for node in wide.nodes] == [node.word for node in narrow.nodes]
    ends = [{wide.nodes[edge.first].word.number, wide.nodes[edge.second].word.number} for edge in wide.edges]
    assert ends == [{150, 160}, {150, 170}]
    assert wide.edges[0].thickness > wide.edges[1].thickness


def test_few_links_and_every_linked_word() -> None:
    words = [word(number) for number in range(40)]
    network = draw(words, {pair: 1 + (pair == (38, 39)) for pair in combinations(range(40), 2)})
    edges = network.pictures[0].edges
    assert 120 <= len(edges) <= 160
    assert {end for edge in edges for end in (edge.first, edge.second)} == set(range(40))


def test_no_words() -> None:
    network = draw([], {})
    assert [picture.nodes for picture in network.pictures] == [[], []]


def test_long_and_blank_labels() -> None:
    network = draw([Word(0, "长" * 100, 1.0, 1, None), Word(1, "a\n b", 0.5, 1, None)], {})
    assert [node.label for node in network.pictures[0].nodes] == ["长" * 16 + "…", "a b"]
    assert all(node.width <= 360 for node in network.pictures[1].nodes)
