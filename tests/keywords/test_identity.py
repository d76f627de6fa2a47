"""TF-IDF and TextRank give what jieba.analyse gives: the same words, weights to 1e-9."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests import jieba_reference
from tests.conftest import DATA
from textpipe.keywords.candidates import JIEBA_STOPWORDS, Keyword, chosen_stopwords, shipped_stopwords
from textpipe.keywords.textrank import textrank
from textpipe.keywords.tfidf import tfidf, tfidf_tagged
from textpipe.segment.tokenizer import Tokenizer

TOKENIZER = Tokenizer()
POS = ("ns", "n", "vn", "v")


def differences(found: list[Keyword], expected: list[tuple[str, float]], *, k: int | None) -> str | None:
    """None when both hold the same words with the same weights; which of several equal ones is last is open."""
    weights = dict(expected)
    if len(found) != (len(expected) if k is None else min(k, len(expected))):
        return f"{len(found)} keywords"
    for keyword, (_, weight) in zip(found, expected, strict=False):
        if abs(weights.get(keyword.text, -1.0) - keyword.score) > 1e-9 or abs(weight - keyword.score) > 1e-9:
            return f"{keyword}: {weights.get(keyword.text)}, {weight}"
    if found != sorted(found, key=lambda keyword: (-keyword.score, keyword.first)):
        return "order"
    return None


def compare(text: str, *, k: int | None) -> list[str]:
    """What differs from jieba.analyse, over both methods and with parts of speech."""
    analyse = jieba_reference.analyse()
    tokens, pairs = TOKENIZER.tokenize(text), TOKENIZER.tag(text)
    both = (
        (tfidf(tokens, k=k), analyse.extract_tags(text, topK=None, withWeight=True)),
        (textrank(pairs, k=k), analyse.textrank(text, topK=None, withWeight=True)),
        (
            tfidf_tagged(pairs, pos=("n", "ns"), k=k),
            analyse.extract_tags(text, topK=None, withWeight=True, allowPOS=("n", "ns")),
        ),
        (
            textrank(pairs, pos=("n", "v", "eng"), k=k),
            analyse.textrank(text, topK=None, withWeight=True, allowPOS=("n", "v", "eng")),
        ),
    )
    found = [differences(ours, theirs, k=k) for ours, theirs in both]
    return [f"{text[:20]}: {difference}" for difference in found if difference]


def check_places(text: str, found: list[Keyword]) -> None:
    for keyword in found:
        assert text.startswith(keyword.text, keyword.first)
        assert 1 <= keyword.count <= text.count(keyword.text)


def test_bundled_text() -> None:
    for document in textpipe.read([str(DATA / "news.tsv"), str(DATA / "articles")]):
        assert compare(document.text, k=20) == []
        assert compare(document.text, k=None) == []
        check_places(document.text, tfidf(TOKENIZER.tokenize(document.text), k=None))
        check_places(document.text, textrank(TOKENIZER.tag(document.text), k=None))


pieces = st.sampled_from(
    [
        "模型",
        "训练",
        "数据",
        "的",
        "学习",
        "算法",
        "北京",
        "发展",
        "the",
        "GPU",
        "Python",
        "，",
        "。",
        "\n",
        "研究",
        "经济",
        "a1",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=40).map("".join))
def test_generated_text(text: str) -> None:
    assert compare(text, k=None) == []


def test_nothing_in_nothing_out() -> None:
    assert tfidf([]) == textrank([]) == tfidf(["的", "，"]) == textrank([("模型", "n")]) == []
    assert textrank([("模型", "n"), ("训练", "v")], pos=()) == []


def test_stop_words_and_case() -> None:
    tokens = TOKENIZER.tokenize("我们的模型，我们的GPU和gpu")
    assert {keyword.text for keyword in tfidf(tokens)} == {"我们", "模型", "GPU", "gpu"}
    found = tfidf(tokens, stopwords=shipped_stopwords("zh"), lowercase=True)
    assert {(keyword.text, keyword.count) for keyword in found} == {("模型", 1), ("gpu", 2)}


def test_1000_abstracts(evaluation: Path) -> None:
    """Top 20 of both methods, and with parts of speech: equal for 1,000 of 1,000."""
    lines = (evaluation / "keywords" / "csl" / "dev.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 1000
    assert [difference for line in lines for difference in compare(json.loads(line)["text"], k=20)] == []


@pytest.mark.parametrize("name", ["zh", "en"])
def test_own_stop_words_equal_those_of_jieba(name: str) -> None:
    """jieba with the same stop words (in a copy, so that its shared extractor stays as it is)."""
    extractor = copy.copy(jieba_reference.analyse().default_tfidf)
    extractor.stop_words = extractor.stop_words | shipped_stopwords(name)
    for document in textpipe.read(str(DATA / "articles")):
        found = tfidf(TOKENIZER.tokenize(document.text), stopwords=chosen_stopwords([name])[0] | JIEBA_STOPWORDS)
        assert differences(found, extractor.extract_tags(document.text, topK=None, withWeight=True), k=20) is None
