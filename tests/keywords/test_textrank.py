"""The co-occurrence graph, convergence against networkx, GraphML."""

from __future__ import annotations

import io
import threading

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.conftest import DATA
from textpipe.keywords.candidates import Occurrence, WordFilter
from textpipe.keywords.graph import to_graphml, to_networkx
from textpipe.keywords.textrank import DEFAULT_POS, CooccurrenceGraph, pagerank, textrank
from textpipe.segment.tokenizer import Tokenizer


def graph_of(text: str) -> CooccurrenceGraph:
    graph = CooccurrenceGraph()
    graph.add(WordFilter(pos=DEFAULT_POS).tagged(Tokenizer().tag(text)))
    return graph


def assert_equals_networkx(graph: CooccurrenceGraph) -> None:
    ours = pagerank(graph.edges())
    theirs = networkx.pagerank(to_networkx(graph), weight="weight", tol=1e-12, max_iter=1000)
    assert ours.keys() == theirs.keys()
    assert max((abs(ours[word] - theirs[word]) for word in ours), default=0.0) < 1e-8


def test_window() -> None:
    graph = CooccurrenceGraph()
    graph.add([Occurrence("a", 0, 0), Occurrence("b", 4, 4), Occurrence("c", 5, 5), Occurrence("a", 6, 6)])
    assert graph.pairs == {("a", "b"): 1, ("b", "c"): 1, ("b", "a"): 1, ("c", "a"): 1}
    assert graph.edges() == {("a", "b"): 2, ("b", "c"): 1, ("a", "c"): 1}
    assert graph.words.counts == {"a": 2, "b": 1, "c": 1}
    assert graph.words.firsts == {"a": 0, "b": 4, "c": 5}


@pytest.mark.parametrize(
    "document", list(textpipe.read(str(DATA / "articles"))), ids=lambda document: document.id[-20:]
)
def test_converges_to_networkx_on_articles(document: textpipe.Document) -> None:
    assert_equals_networkx(graph_of(document.text))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(2, 6))
def test_converges_to_networkx_on_any_graph(words: list[str], window: int) -> None:
    """Loops and separate parts included."""
    graph = CooccurrenceGraph(window)
    graph.add(Occurrence(word, n, n * (1 + n % 3)) for n, word in enumerate(words))
    assert_equals_networkx(graph)


def test_converged_scores_are_probabilities() -> None:
    text = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
    found = textrank(Tokenizer().tag(text), k=None, converge=True)
    assert sum(keyword.score for keyword in found) == pytest.approx(1.0)


def test_graphml_comes_back() -> None:
    graph = graph_of((DATA / "articles" / "tea-mountain.txt").read_text("utf-8"))
    again = networkx.read_graphml(io.BytesIO(to_graphml(graph)))
    assert set(again.nodes) == set(to_networkx(graph).nodes)
    assert again.nodes["鲜叶"]["count"] == graph.words.counts["鲜叶"]
    assert {frozenset(edge): again.edges[edge]["weight"] for edge in again.edges} == {
        frozenset(edge): weight for edge, weight in graph.edges().items()
    }


def test_merging_adds() -> None:
    one, two, both = graph_of("模型训练数据"), graph_of("训练数据质量"), CooccurrenceGraph()
    both.merge(one)
    both.merge(two)
    assert both.words.counts["训练"] == 2
    edge = ("数据", "训练")
    assert both.edges()[edge] == one.edges()[edge] + two.edges()[edge]


def test_threads_with_different_filters() -> None:
    """jieba.analyse.textrank mixes up the filters of threads."""
    pairs = Tokenizer().tag((DATA / "articles" / "high-speed-rail.txt").read_text("utf-8"))
    filters = [("n",), ("v",), ("n", "v"), ("vn",)]
    expected = [textrank(pairs, pos=pos) for pos in filters]
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            if textrank(pairs, pos=filters[number % 4]) != expected[number % 4]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
