"""Text to keywords: defaults by language, long texts, settings that make no sense."""

from __future__ import annotations

import pytest

import textpipe
from tests import jieba_reference
from tests.conftest import DATA
from textpipe.keywords.extract import METHODS, KeywordSettings, extract, keywords_of
from textpipe.text import split_pieces

ENGLISH = "The Model learns. A model is what the data made of it, and models differ."


def names(text: str, **options: object) -> list[str]:
    return [keyword.text for keyword in extract(text, **{"method": "tfidf", **options})]  # type: ignore[arg-type]


def test_chinese_is_as_in_jieba() -> None:
    text = (DATA / "articles" / "mixed-release-notes.txt").read_text("utf-8")
    expected = jieba_reference.analyse().extract_tags(text, topK=None)
    assert set(names(text, k=None)) == set(expected)
    assert "Python" in names(text, k=None)


def test_english_is_lower_case_without_stop_words() -> None:
    assert names(ENGLISH)[0] == "model"
    assert not {"The", "the", "what"} & set(names(ENGLISH))
    assert "The" not in names(ENGLISH, lowercase=False)
    assert "Model" in names(ENGLISH, lowercase=False)
    assert "the" in names(ENGLISH, stopwords=["none"])


def test_english_textrank_finds_something() -> None:
    assert jieba_reference.analyse().textrank(ENGLISH) == []
    assert "model" in names(ENGLISH, method="textrank")
    assert "model" not in names("这个 " + ENGLISH, method="textrank"), "with a Han character it is jieba's"


def test_a_late_han_character_decides() -> None:
    text = "Hello World The THE. " * 4000 + "北京大学的 GPU 训练"
    assert len(list(split_pieces(iter([text])))) > 1
    assert set(names(text, k=None)) == set(jieba_reference.analyse().extract_tags(text, topK=None))
    assert names("Hello World The THE. " * 4000) == ["hello", "world"]


def test_names_as_one_string() -> None:
    text = "北京的模型训练"
    assert names(text, pos="ns") == names(text, pos=["ns"]) == ["北京"]
    assert names(text, stopwords={"北京", "训练"}) == ["模型"]


def test_stop_words() -> None:
    assert "我们" in names("我们的模型")
    assert names("我们的模型", stopwords=["zh"]) == ["模型"]


def test_long_text_is_one_document() -> None:
    sentence = "北京的模型训练需要数据。"
    text = sentence * 12_000
    assert len(list(split_pieces(iter([text])))) > 1
    for method in METHODS:
        found = extract(text, method=method)
        assert {keyword.count for keyword in found} == {12_000}
        assert all(text.startswith(keyword.text, keyword.first) for keyword in found)
    expected = jieba_reference.analyse().extract_tags(text, withWeight=True)
    assert [(k.text, pytest.approx(k.score, abs=1e-9)) for k in extract(text, method="tfidf")] == expected


def test_pieces_do_not_change_scores() -> None:
    text = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")
    for method in METHODS:
        settings = KeywordSettings(method=method)
        whole = keywords_of([text], settings)
        assert keywords_of(split_pieces(iter([text]), limit=100), settings) == whole


@pytest.mark.parametrize(
    "options",
    [
        {"method": "tf"},
        {"k": 0},
        {"converge": True},
        {"tokenizer": textpipe.Tokenizer("search")},
        {"foo": 1},
        {"stopwords": [1]},
        {"pos": "nn,zz"},
        {"pos": ""},
    ],
)
def test_settings_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(textpipe.UsageError):
        extract("x", **options)  # type: ignore[arg-type]


def test_user_dictionary() -> None:
    text = "我们研究石墨烯，石墨烯很薄"
    words = textpipe.Tokenizer(dictionary=textpipe.Dictionary().add_word("石墨烯"))
    assert names(text, tokenizer=words, k=1) == ["石墨烯"]


def test_the_kernel_refuses_what_makes_no_sense() -> None:
    """It is called with checked settings only; a slip must end in an exception all the same."""
    from textpipe.keywords._kernel import Extractor
    from textpipe.keywords.candidates import Keyword
    from textpipe.segment._core import Engine
    from textpipe.segment.engine import compiled_table

    engine = Engine(compiled_table(), ())
    extractor = Extractor(engine, Keyword, frozenset({"的"}), None, True)
    with pytest.raises(ValueError, match="a number of keywords from 0"):
        extractor.tfidf(["文"], -1)
    with pytest.raises(ValueError, match="a window of one token"):
        extractor.textrank(["文"], 5, 0)
    with pytest.raises(TypeError, match="a text is needed"):
        extractor.tfidf([b"x"], 5)  # type: ignore[list-item]
    with pytest.raises(TypeError, match="frozenset or None"):
        Extractor(engine, Keyword, frozenset(), ["n"], True)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="keywords are tuples"):
        Extractor(engine, list, frozenset(), None, True)  # type: ignore[arg-type]
    assert extractor.tfidf([], 5) == extractor.textrank([], 5, 5) == []
