"""Stop words: the shipped lists, files, and what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import jieba_reference
from textpipe.errors import InputError
from textpipe.keywords.candidates import JIEBA_STOPWORDS, WordFilter, chosen_stopwords, shipped_stopwords
from textpipe.segment.tokenizer import Tokenizer


def test_the_small_list_is_that_of_jieba() -> None:
    assert JIEBA_STOPWORDS == jieba_reference.jieba("jieba.analyse.tfidf").KeywordExtractor.STOP_WORDS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_shipped_lists(language: str) -> None:
    words = shipped_stopwords(language)
    assert len(words) > 300
    assert all(word == word.strip().lower() != "" for word in words)


def test_english_list_extends_that_of_jieba() -> None:
    assert shipped_stopwords("en") > JIEBA_STOPWORDS


def test_every_shipped_word_can_be_met() -> None:
    """A stop word that the tokenizer never gives does nothing."""
    tokenizer = Tokenizer(hmm=False)
    assert [
        word for word in shipped_stopwords("zh") | shipped_stopwords("en") if tokenizer.tokenize(word) != [word]
    ] == []


def test_loading(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_bytes("阅览室\r\n\r\nNASA\r\n#\r\n".encode("gb18030"))
    assert chosen_stopwords(str(tmp_path / "own.txt")) == (frozenset({"阅览室", "nasa", "#"}), False)
    assert chosen_stopwords(["zh", "en"]) == (shipped_stopwords("zh") | shipped_stopwords("en"), False)
    assert chosen_stopwords("none") == (frozenset(), True)
    assert chosen_stopwords(["none", "zh"]) == (shipped_stopwords("zh"), True)
    assert chosen_stopwords({"The", "的"}) == (frozenset({"the", "的"}), False)
    with pytest.raises(InputError, match="no such stop-word list"):
        chosen_stopwords(["de"])


def test_occurrences() -> None:
    tokens = ["The", " ", "北京", "的", "\r\n", "GPU", "北京"]
    found = list(WordFilter().words(tokens))
    assert [(item.word, item.offset, item.position) for item in found] == [
        ("北京", 4, 2),
        ("GPU", 9, 5),
        ("北京", 12, 6),
    ]
    assert [item.word for item in WordFilter(lowercase=True).words(tokens)] == ["北京", "gpu", "北京"]


def test_occurrences_in_parts() -> None:
    tokens = ["北京", "的", "GPU", "模型"]
    parts = WordFilter()
    assert [*parts.words(tokens[:2]), *parts.words(tokens[2:])] == list(WordFilter().words(tokens))
