"""The co-occurrence graph for other programs: networkx, GraphML (Gephi, Cytoscape, yEd)."""

from __future__ import annotations

import io
from typing import Any

from textpipe.keywords.textrank import CooccurrenceGraph, rank


def to_networkx(graph: CooccurrenceGraph, *, converge: bool = False) -> Any:
    """A networkx.Graph: nodes with `count` and `score`, edges with `weight` (a loop counts from both its ends)."""
    import networkx

    result = networkx.Graph()
    for keyword in rank(graph, k=None, converge=converge):
        result.add_node(keyword.text, count=keyword.count, score=keyword.score)
    result.add_weighted_edges_from((left, right, weight) for (left, right), weight in graph.edges().items())
    return result


def to_graphml(graph: CooccurrenceGraph, *, converge: bool = False) -> bytes:
    """The graph as GraphML, UTF-8."""
    import networkx

    target = io.BytesIO()
    networkx.write_graphml_xml(to_networkx(graph, converge=converge), target, encoding="utf-8")
    return target.getvalue()
