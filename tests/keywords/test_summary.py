"""Key sentences: every method against a plain one, places in the text, bad settings."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.conftest import DATA
from textpipe.keywords.sentence_graph import maximal_marginal_relevance, textrank
from textpipe.keywords.summary import DEFAULT_SENTENCES, SUMMARY_METHODS, key_sentences, summary_settings
from textpipe.segment.idf import chinese_idf
from textpipe.segment.sentences import sentence_spans

ARTICLE = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
ENGLISH = (DATA / "articles" / "word-vectors.en.txt").read_text("utf-8")
WORDS = st.lists(st.lists(st.sampled_from("a b c d e f g h".split()), max_size=6), min_size=1, max_size=12)  # noqa: SIM905


def pagerank_of(words: Sequence[Sequence[str]]) -> list[float]:
    """The paper's graph, a pair at a time, ranked by networkx; 1 on average."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(words)))
    for a, b in combinations(range(len(words)), 2):
        shared = len(set(words[a]) & set(words[b]))
        if shared:
            logarithms = math.log(max(2, len(words[a]))) + math.log(max(2, len(words[b])))
            graph.add_edge(a, b, weight=shared / logarithms)
    ranks = networkx.pagerank(graph, tol=1e-13, max_iter=2000)
    return [ranks[number] * len(words) for number in range(len(words))]


def cosine(left: dict[str, float], right: dict[str, float]) -> float:
    product = sum(weight * right.get(word, 0.0) for word, weight in left.items())
    norms = math.sqrt(sum(w * w for w in left.values())) * math.sqrt(sum(w * w for w in right.values()))
    return product / norms if norms else 0.0


def greedy(vectors: Sequence[dict[str, float]], relevance: Sequence[float], k: int) -> list[tuple[int, float]]:
    """Maximal marginal relevance, as it is written down."""
    chosen: list[tuple[int, float]] = []
    while len(chosen) < min(k, len(vectors)):
        values = {
            number: 0.7 * relevance[number]
            - 0.3 * max((cosine(vectors[number], vectors[other]) for other, _ in chosen), default=0.0)
            for number in range(len(vectors))
            if number not in dict(chosen)
        }
        best = min(values, key=lambda number: (-round(values[number], 12), number))
        chosen.append((best, values[best]))
    return chosen


@given(WORDS)
@settings(deadline=None)
def test_textrank_is_the_papers(words: list[list[str]]) -> None:
    expected = pagerank_of(words)
    assert textrank(words) == pytest.approx(expected, abs=1e-7)
    assert textrank(words, few=0) == pytest.approx(expected, abs=1e-7)  # as long documents are ranked


def test_textrank_of_a_long_document() -> None:
    words = [[f"w{(7 * n + m * m) % 97}" for m in range(n % 23)] for n in range(400)]
    assert textrank(words) == pytest.approx(textrank(words, few=1000), abs=1e-6)
    assert textrank(words) == pytest.approx(pagerank_of(words), abs=1e-6)


def test_textrank_keeps_no_graph() -> None:
    """Every pair of thirty thousand sentences shares a word: as a matrix that would be seven gigabytes."""
    code = (
        "from pathlib import Path\n"
        "from textpipe.keywords.sentence_graph import textrank\n"
        "scores = textrank([['all', f'w{n % 50}'] for n in range(30_000)])\n"
        "assert abs(sum(scores) / 30_000 - 1) < 1e-9\n"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 500 * 1024  # kB at its highest; ru_maxrss would begin with that of this process


@given(WORDS, st.integers(1, 12))
@settings(deadline=None)
def test_marginal_relevance_is_the_papers(words: list[list[str]], k: int) -> None:
    vectors = [{word: float(count) for word, count in Counter(sentence).items()} for sentence in words]
    relevance = [len(vector) / 8 for vector in vectors]
    found = maximal_marginal_relevance(vectors, relevance, k=k)
    expected = greedy(vectors, relevance, k)
    assert [number for number, _ in found] == [number for number, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])
    scores = [score for _, score in found]
    assert all(later <= earlier + 1e-15 for earlier, later in pairwise(scores))  # sums round by an ulp or so


def test_combined_is_centrality_shortness_and_position() -> None:
    text = "大桥今天通车。大桥全长三公里，大桥连接两岸。天气很好。"
    tokenizer = textpipe.Tokenizer()
    table, median = chinese_idf()[:2]
    spans = sentence_spans(text)
    vectors = [
        {
            word: count * table.get(word, median)
            for word, count in Counter(t for t in tokenizer.tokenize(text[a:b]) if len(t) > 1).items()
        }
        for a, b in spans
    ]
    centre: dict[str, float] = {}
    for vector in vectors:
        for word, weight in vector.items():
            centre[word] = centre.get(word, 0.0) + weight
    mean = sum(b - a for a, b in spans) / len(spans)
    expected = [
        cosine(vector, centre) * math.sqrt(mean / (b - a)) / number
        for number, (vector, (a, b)) in enumerate(zip(vectors, spans, strict=True), start=1)
    ]
    found = textpipe.summarize(text, ratio=1.0)
    assert [sentence.score for sentence in found] == pytest.approx(expected)


@pytest.mark.parametrize("method", SUMMARY_METHODS)
@pytest.mark.parametrize("text", [ARTICLE, ENGLISH], ids=["zh", "en"])
def test_sentences_stand_in_the_text(method: Any, text: str) -> None:
    every = textpipe.summarize(text, method=method, ratio=1.0)
    assert [(found.start, found.end) for found in every] == sentence_spans(text)
    assert [found.position for found in every] == list(range(1, len(every) + 1))
    assert all(text[found.start : found.end] == found.text for found in every)
    few = textpipe.summarize(text, method=method)
    assert len(few) == DEFAULT_SENTENCES
    assert few == sorted(few, key=lambda found: found.position)
    best = textpipe.summarize(text, method=method, by_score=True)
    assert best == sorted(few, key=lambda found: (-found.score, found.position))
    assert textpipe.summarize(text, method=method, sentences=1) == best[:1]


@pytest.mark.parametrize("method", SUMMARY_METHODS)
def test_documents_without_much_to_say(method: Any) -> None:
    def run(text: str, **options: Any) -> list[str]:
        return [found.text for found in textpipe.summarize(text, method=method, **options)]

    assert run("") == run("。。。！\n————\n…") == run(" \n\t") == []
    assert run("一句话。") == run("一句话。", sentences=100) == ["一句话。"]
    assert run("好。的。了。是。") == ["好。", "的。", "了。"]  # no words at all
    assert run("大桥通车。" * 5) == ["大桥通车。"] * 3
    assert [found.position for found in textpipe.summarize("大桥通车。" * 200, method=method)] == [1, 2, 3]
    assert run("👍\n大桥通车。\n***\n大桥很长。") == ["大桥通车。", "大桥很长。"]
    assert run("\x00a\ud800b。") == ["\x00a\ud800b。"]


def test_how_many() -> None:
    text = "".join(f"第{n}句。" for n in range(1, 11))
    for ratio, count in ((0.01, 1), (0.1, 1), (0.14, 1), (0.15, 2), (0.3, 3), (0.5, 5), (1.0, 10)):
        assert len(textpipe.summarize(text, ratio=ratio)) == count


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sentences": 0}, "at least one"),
        ({"sentences": -3}, "at least one"),
        ({"ratio": 0}, "not above 0"),
        ({"ratio": 2}, "not above 0"),
        ({"ratio": math.nan}, "not above 0"),
        ({"ratio": 0.5, "sentences": 1}, "both"),
        ({"method": "best"}, "unknown method"),
        ({"number": 3}, "no option 'number'"),
        ({"tokenizer": textpipe.Tokenizer(mode="search")}, "exact mode"),
        ({"stopwords": [3]}, "not a stop-word list"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(textpipe.UsageError, match=message):
        textpipe.summarize("好。", **options)


def test_a_text_is_needed() -> None:
    with pytest.raises(textpipe.UsageError, match="a text is needed"):
        textpipe.summarize(b"abc")  # type: ignore[arg-type]


def test_stop_words_and_case() -> None:
    text = "Bridges connect. The the of. BRIDGES connect towns. Rain fell over hills."
    ranked = textpipe.summarize(text, method="textrank", ratio=1.0)
    assert ranked[0].score > ranked[3].score == ranked[1].score  # one case, and stop words link nothing
    without = textpipe.summarize(text, method="textrank", ratio=1.0, stopwords={"bridges", "connect"})
    assert len({found.score for found in without}) == 1


def test_dictionary_and_traditional_characters() -> None:
    text = "雲鵲手錶上市。大家談雲鵲手錶。天氣很好。"
    plain = textpipe.Tokenizer(traditional=True)
    known = textpipe.Tokenizer(dictionary=textpipe.Dictionary().add_word("云鹊手表"), traditional=True)
    scores = [
        [found.score for found in key_sentences(text, summary_settings(ratio=1.0, tokenizer=tokenizer))]
        for tokenizer in (plain, known)
    ]
    assert scores[0] != scores[1]
    simplified = textpipe.summarize("云鹊手表上市。大家谈云鹊手表。天气很好。", ratio=1.0)
    assert [found.score for found in simplified] == scores[0]
