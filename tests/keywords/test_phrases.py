"""Key phrases: what is found, the settings, maximal marginal relevance, the bars on development sets."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.conftest import DATA, Run
from textpipe.errors import UsageError
from textpipe.keywords import extract as extract_module
from textpipe.keywords.candidate_phrases import Candidate
from textpipe.keywords.candidates import Keyword
from textpipe.keywords.extract import KeywordSettings, keyword_settings, keywords_of
from textpipe.keywords.idf import document_frequencies
from textpipe.keywords.phrases import PhraseReading, WeighedPhrase, chosen
from textpipe.metrics.keywords import score_keywords
from textpipe.metrics.matching import folded
from textpipe.segment.tokenizer import Tokenizer

ARTICLES = sorted(path for path in (DATA / "articles").glob("*.txt") if "gb18030" not in path.name)
SPEED_RAIL = (DATA / "articles" / "high-speed-rail.txt").read_text("utf-8")
ENGLISH = (DATA / "articles" / "word-vectors.en.txt").read_text("utf-8")


def names(text: str, **options: Any) -> list[str]:
    return [keyword.text for keyword in textpipe.keywords(text, **options)]


def check(text: str, found: Sequence[Keyword], *, lowercase: bool) -> None:
    """What holds of keywords whatever the text."""
    assert len({one.text for one in found}) == len(found)
    assert list(found) == sorted(found, key=lambda one: (-one.score, one.first))
    for one in found:
        assert 0 < one.score <= 1
        assert one.count > 0
        assert len(one.text) > 1
        there = text[one.first :]
        place = 0
        for part in one.text.split(" "):
            place += len(there[place:]) - len(there[place:].lstrip())
            assert there.startswith(part, place) or lowercase, (one, there[:40])
            place += len(part)


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.name)
def test_of_articles(path: Path) -> None:
    text = path.read_text("utf-8")
    lowercase = ".en." in path.name
    found = textpipe.keywords(text, k=None)
    assert found
    check(text, found, lowercase=lowercase)
    for k in (1, 2, 5, 20, 10**9):
        assert textpipe.keywords(text, k=k) == found[:k]
    assert textpipe.keywords(text, method="phrases") == textpipe.keywords(text) == found[:20]


def test_phrases_and_words() -> None:
    assert "电池模型训练" in names("电池模型训练的方法。电池模型训练很快。", k=3)
    text = "Neural networks learn. A recurrent neural network is a neural network with memory."
    assert "neural networks" in names(text, k=5)
    assert "a neural" not in names(text, k=None)
    assert names("") == names("的") == names("。") == names("the of") == names("一") == []


def test_case_is_kept_in_chinese_alone() -> None:
    assert "Python" in names("用Python训练模型，Python很快。", k=None)
    assert "python" in names("用Python训练模型，python很快。", k=None, lowercase=True)
    assert "python code" in names("Python code is read.", k=None)
    assert "Python code" in names("Python code is read.", k=None, lowercase=False)
    (count,) = {one.count for one in textpipe.keywords("Python，python，PYTHON：模型", k=None) if one.text == "Python"}
    assert count == 3


def test_a_document_is_weighed_alone() -> None:
    texts = [document.text for document in textpipe.read(str(DATA / "news.tsv"))][:40]
    first = [textpipe.keywords(text) for text in texts]
    assert [textpipe.keywords(text) for text in reversed(texts)] == first[::-1]
    assert [textpipe.keywords(text) for text in texts] == first
    fresh = keyword_settings()
    assert [keywords_of((text,), fresh) for text in texts[:3]] == first[:3]


def test_words_of_the_user_s_are_keywords() -> None:
    text = "云鹊手表卖得好，云鹊手表很轻。"
    for tag in (None, "n", "brand"):
        tokenizer = Tokenizer(dictionary=textpipe.Dictionary().add_word("云鹊手表", 5, tag))
        assert names(text, k=1, tokenizer=tokenizer) == ["云鹊手表"]


def test_protected_terms_are_keywords(tmp_path: Path, run: Run) -> None:
    (tmp_path / "terms.txt").write_text("Node.js\nC++ 标准库\n")
    (tmp_path / "a.txt").write_text("服务器用Node.js写，Node.js快。C++ 标准库好，C++ 标准库全。")
    out = run("keywords", tmp_path / "a.txt", "--protect", tmp_path / "terms.txt").out
    assert {"Node.js", "C++ 标准库"} <= {one["text"] for one in json.loads(out)["keywords"]}


def test_traditional_characters() -> None:
    text = "電池模型的訓練，電池模型"
    found = textpipe.keywords(text, k=None, tokenizer=Tokenizer(traditional=True))
    plain = textpipe.keywords("电池模型的训练，电池模型", k=None)
    assert [one.score for one in found] == [one.score for one in plain]
    check(text, found, lowercase=False)


def test_weights_of_one_s_own() -> None:
    text = "电池模型，数据训练。"
    rare = document_frequencies([["电池"], ["电池", "模型"], ["电池", "数据", "训练"], ["电池"]]).idf()
    before = {one.text: one.score for one in textpipe.keywords(text, k=None)}
    after = {one.text: one.score for one in textpipe.keywords(text, k=None, idf=rare)}
    assert before.keys() == after.keys()
    assert before != after
    english = {one.text: one.score for one in textpipe.keywords(ENGLISH, k=None)}
    idf = document_frequencies([["vector", "word"], ["word"]]).idf()
    assert {one.text for one in textpipe.keywords(ENGLISH, k=None, idf=idf)} == english.keys()


def test_what_reads_alike_is_one() -> None:
    """一 个 月 and 一个 月 are two sequences of words."""
    made = PhraseReading(chinese=True, stopwords=())
    for words in (("新", "电池"), ("新电", "池"), ("新电池",)):
        made.add_pairs([*((word, "n") for word in words), ("，", "x")])
    assert sorted(one.candidate.text for one in made.ranked()) == ["新电", "新电池", "电池"]
    for most in range(5):
        assert made.ranked(most=most) == made.ranked()[:most]


@pytest.mark.parametrize("white", [" ", "\n", "\t", "\r\n", "\u3000", " \n  "], ids=ascii)
def test_white_space_inside_is_one_space(white: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a line ends inside a name: what is found, compiled or not, is the name."""
    text = f"新电池由 deep{white}learning 设计，deep learning 算得快。"
    usual = keyword_settings(k=None)
    compiled = keywords_of((text,), usual)
    assert ("deep learning", 2) in {(one.text, one.count) for one in compiled}
    monkeypatch.setattr(extract_module, "is_compiled", lambda: False)
    assert compiled == keywords_of((text,), replace(usual))


# ---------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "tfidf", "mmr": 0.5}, "--mmr belongs to phrases"),
        ({"method": "textrank", "mmr": 1.0}, "--mmr belongs to phrases"),
        ({"mmr": 0}, "mmr is 0, but a share above 0 and up to 1 is needed"),
        ({"mmr": 1.5}, "mmr is 1.5, but"),
        ({"mmr": -0.1}, "mmr is -0.1, but"),
        ({"mmr": math.nan}, "mmr is nan, but"),
        ({"k": 0}, "k is 0, but"),
        ({"converge": True}, "--converge belongs to textrank"),
        ({"idf": document_frequencies([["a"]]).idf("sklearn")}, "an IDF of scikit-learn's formula belongs to tfidf"),
        ({"method": "phrase"}, "unknown method 'phrase'"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        textpipe.keywords("电池模型", **options)
    assert caught.value.hint
    with pytest.raises(UsageError, match=message):
        KeywordSettings(**options)


@pytest.mark.parametrize("share", ["0", "1.5", "nan", "-1", "much"])
def test_shares_on_the_command_line(run: Run, share: str) -> None:
    outcome = run("keywords", ARTICLES[0], "--mmr", share)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")


def test_mmr_on_the_command_line(run: Run) -> None:
    article = DATA / "articles" / "high-speed-rail.txt"
    plain = run("keywords", article)
    assert run("keywords", article, "--mmr", "1").out == plain.out
    other = run("keywords", article, "--mmr", "0.3")
    expected = textpipe.keywords(article.read_text("utf-8"), mmr=0.3)
    assert other.out != plain.out
    assert [one["text"] for one in json.loads(other.out)["keywords"]] == [one.text for one in expected]
    wrong = run("keywords", ARTICLES[0], "--mmr", "0.5", "--method", "tfidf")
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "error: --mmr belongs to phrases")


# ---------------------------------------------------------------------------------------------- repetition


def weighed(words: Sequence[int], score: float, first: int) -> WeighedPhrase:
    candidate: Candidate | None = None
    for word in words:
        candidate = Candidate(candidate, None, word)
    assert candidate is not None
    candidate.first = first
    return WeighedPhrase(candidate, {}, score)


def overlap(one: WeighedPhrase, other: WeighedPhrase) -> float:
    words, others = set(one.candidate.words()), set(other.candidate.words())
    return len(words & others) / len(words | others)


def plain_mmr(ranked: Sequence[WeighedPhrase], *, k: int | None, mmr: float) -> list[WeighedPhrase]:
    """As the formula says it."""
    left = list(ranked if k is None else ranked[: 4 * k])
    result: list[WeighedPhrase] = []
    while left and (k is None or len(result) < k):

        def worth(one: WeighedPhrase) -> float:
            return mmr * one.score - (1 - mmr) * max((overlap(one, other) for other in result), default=0.0)

        result.append(max(left, key=worth))
        left.remove(result[-1])
    return result


RANKED = st.lists(
    st.tuples(st.lists(st.integers(0, 6), min_size=1, max_size=3), st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.9])),
    max_size=25,
).map(
    lambda rows: sorted(
        (weighed(words, score, place) for place, (words, score) in enumerate(rows)), key=lambda one: -one.score
    )
)


@settings(max_examples=300, deadline=None)
@given(RANKED, st.none() | st.integers(1, 8), st.sampled_from([0.05, 0.3, 0.5, 0.8, 1.0]))
def test_maximal_marginal_relevance(ranked: list[WeighedPhrase], k: int | None, mmr: float) -> None:
    found = chosen(ranked, k=k, mmr=mmr)
    expected = plain_mmr(ranked, k=k, mmr=mmr)
    assert list(map(id, found)) == list(map(id, expected))
    if k is None:
        assert set(map(id, found)) == set(map(id, ranked))
    if mmr == 1:
        assert found == ranked[:k] == chosen(ranked, k=k)


def test_a_smaller_share_repeats_no_more() -> None:
    """Over the articles: the mean overlap of the ten chosen falls with the share."""
    means = []
    for mmr in (1.0, 0.8, 0.5, 0.2):
        total = 0.0
        for path in ARTICLES:
            text = path.read_text("utf-8")
            reading = PhraseReading(chinese=".en." not in path.name, stopwords=())
            reading.add_pairs(Tokenizer().tag(text))
            found = reading.best(k=10, mmr=mmr)
            assert len(found) == 10
            total += sum(overlap(one, other) for one in found for other in found if one is not other)
        means.append(total)
    assert means == sorted(means, reverse=True)
    assert means[-1] < means[0]


def test_what_is_chosen_does_not_depend_on_how_it_is_kept() -> None:
    def reading() -> PhraseReading:
        made = PhraseReading(chinese=True, stopwords=())
        made.add_pairs(Tokenizer().tag(SPEED_RAIL))
        return made

    every = [(one.candidate.text, one.score, one.signals) for one in reading().ranked()]
    for most in (0, 1, 7, 10**6):
        assert [(one.candidate.text, one.score, one.signals) for one in reading().ranked(most=most)] == every[:most]
    for mmr in (None, 0.4):
        some = reading().best(k=7, mmr=mmr)
        expected = chosen(reading().ranked(), k=7, mmr=mmr)
        assert [one.candidate.text for one in some] == [one.candidate.text for one in expected]


# ---------------------------------------------------------------------------------------------- development sets


def f1(folder: Path, *, method: str, k: int, stem: bool) -> float:
    documents = [json.loads(line) for line in (folder / "dev.jsonl").read_text("utf-8").splitlines()]
    gold = [[folded(word, stem=stem) for word in document["keywords"]] for document in documents]
    found = [
        [folded(name, stem=stem) for name in names(document["text"], method=method, k=k)] for document in documents
    ]
    return score_keywords(gold, found, k=k).f1_micro


def test_the_bars_of_chinese(evaluation: Path) -> None:
    folder = evaluation / "keywords" / "csl"
    found, tfidf, textrank = (f1(folder, method=name, k=5, stem=False) for name in ("phrases", "tfidf", "textrank"))
    assert found >= 1.5 * tfidf > 0.2
    assert found >= 2 * textrank > 0.2


def test_the_bar_of_english(evaluation: Path) -> None:
    pytest.importorskip("snowballstemmer")
    assert f1(evaluation / "keywords" / "inspec", method="phrases", k=10, stem=True) > 0.365
