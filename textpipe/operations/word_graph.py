"""The co-occurrence graph of a text's words, as a record."""

from __future__ import annotations

from typing import TypedDict

from textpipe.keywords.extract import KeywordSettings, graph_of
from textpipe.keywords.textrank import rank


class NodeRecord(TypedDict):
    """A word, what TextRank gives it, and how often it was counted."""

    text: str
    score: float
    count: int


class EdgeRecord(TypedDict):
    """How often two words stand near each other; source and target count the nodes from 0."""

    source: int
    target: int
    weight: int


class GraphRecord(TypedDict):
    """A text's words, the best first, and which of them stand near to which."""

    nodes: list[NodeRecord]
    edges: list[EdgeRecord]


def graph_record(text: str, settings: KeywordSettings) -> GraphRecord:
    """The `settings.k` best words, and the edges among them, the heaviest first. settings: of textrank"""
    graph = graph_of((text,), settings)
    best = rank(graph, k=settings.k, converge=settings.converge)
    number = {one.text: place for place, one in enumerate(best)}
    edges = [
        EdgeRecord(source=number[left], target=number[right], weight=weight)
        for (left, right), weight in graph.edges().items()
        if left != right and left in number and right in number
    ]
    edges.sort(key=lambda edge: -edge["weight"])
    return GraphRecord(nodes=[NodeRecord(text=one.text, score=one.score, count=one.count) for one in best], edges=edges)
