"""Documents counted part by part have the keywords that they have when they are counted at once."""

from __future__ import annotations

import pytest

import textpipe
from tests.conftest import DATA
from textpipe.keywords import extract, long
from textpipe.keywords.extract import KeywordSettings, keywords_of
from textpipe.keywords.idf import document_frequencies
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import split_pieces

CHINESE = "".join(document.text for document in textpipe.read(str(DATA / "news.tsv")))
ENGLISH = (DATA / "articles" / "word-vectors.en.txt").read_text("utf-8")
IDF = document_frequencies([["模型", "数据", "the"], ["模型", "word", "GPU"], ["训练"]])
SETTINGS = {
    "default": KeywordSettings("tfidf"),
    "all": KeywordSettings("tfidf", k=None),
    "parts of speech": KeywordSettings("tfidf", pos=("n", "eng")),
    "stop words": KeywordSettings("tfidf", stopwords=frozenset({"手机", "公司", "word"}), only=True),
    "lower case": KeywordSettings("tfidf", lowercase=True),
    "case kept": KeywordSettings("tfidf", lowercase=False),
    "terms with control characters": KeywordSettings(
        "tfidf", tokenizer=Tokenizer(protect=("手机\t型号", "\x0b\x00，"))
    ),
    "own weights": KeywordSettings("tfidf", idf=IDF.idf()),
}


@pytest.mark.parametrize(
    "text",
    [CHINESE, ENGLISH, ENGLISH + "模型", "手机\t型号\x0b\x00，手机型号" * 90, "", "，"],
    ids=["zh", "en", "late", "control", "empty", "none"],
)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_as_at_once(text: str, settings: KeywordSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = keywords_of(split_pieces(iter((text,)), limit=200), settings)
    monkeypatch.setattr(extract, "_LONG", 3)
    monkeypatch.setattr(long, "MEMORY", 3000)
    monkeypatch.setattr(long, "_TOGETHER", 2)
    found = keywords_of(split_pieces(iter((text,)), limit=200), settings)
    assert found == expected


def test_the_rows_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = KeywordSettings("tfidf", k=None, idf=IDF.idf("sklearn"))
    text = CHINESE + "模型和训练，模型和数据。GPU"
    expected = {one.text: one.score for one in keywords_of((text,), settings)}
    monkeypatch.setattr(extract, "_LONG", 3)
    monkeypatch.setattr(long, "_TOGETHER", 2)
    found = {one.text: one.score for one in keywords_of(split_pieces(iter((text,)), limit=500), settings)}
    assert found == pytest.approx(expected, abs=1e-12)
    assert {"模型", "训练", "数据", "GPU"} == found.keys()
