"""Traditional text: cut as its simplified reading is, tokens and spans those of the text, whatever the text."""

from __future__ import annotations

import pickle
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.segment.test_tokenizer import mixed
from textpipe.errors import UsageError
from textpipe.segment import traditional
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.tokenizer import MODES, Tokenizer
from textpipe.segment.traditional import EitherScript, simplified_words, simplify

TEXT = "後來的皇后在圖書館裡讀書，頭髮乾淨，乾隆皇帝看著瞭望塔。"
traditional_text = st.lists(
    st.one_of(mixed, st.sampled_from([TEXT, "頭髮", "乾隆", "卡爾·馬克思", "\ufa0c", "⿰土頭", "𠮷", "\ud800"])),
    max_size=6,
).map("".join)


def test_cut_as_simplified() -> None:
    assert Tokenizer(traditional=True).tokenize(TEXT)[:7] == ["後來", "的", "皇后", "在", "圖書館", "裡", "讀書"]
    assert Tokenizer(traditional=True).tag("圖書館")[0] == ("圖書館", "n")
    tokens = Tokenizer("search", traditional=True).tokenize("中國科學院計算所")
    assert tokens == ["中國", "科學", "學院", "科學院", "中國科學院", "計算", "計算所"]
    assert Tokenizer("full", traditional=True).tokenize("計算所") == ["計算", "計算所"]
    words = Dictionary().add_word("馬克思").add_word("马克思传", 10, "nz")
    assert Tokenizer(dictionary=words, traditional=True).tag("馬克思傳") == [("馬克思傳", "nz")]


@settings(max_examples=300, deadline=None)
@given(traditional_text)
def test_lossless_spans_and_the_simplified_reading(text: str) -> None:
    read = simplify(text)
    assert len(read) == len(text)
    for mode in MODES:
        tokenizer = Tokenizer(mode, traditional=True)
        tokens, spans = tokenizer.tokenize(text), tokenizer.spans(text).tolist()
        assert [text[start:end] for start, end in spans] == tokens
        assert spans == Tokenizer(mode).spans(read).tolist()
    tokenizer = Tokenizer(traditional=True)
    assert "".join(tokenizer.tokenize(text)) == text
    pairs = tokenizer.tag(text)
    assert "".join(token for token, _ in pairs) == text
    assert [tag for _, tag in pairs] == [tag for _, tag in Tokenizer().tag(read)]


def test_every_character_has_its_place() -> None:
    every = "".join(map(chr, range(0x110000)))
    read = simplify(every)
    assert len(read) == len(every)
    assert all(len(simplify(character)) == 1 for character in "頭\ud800\udfff\ufa0c𠮷\0")
    assert [a for a, b in zip(every, read, strict=True) if a != b and a.isascii()] == []


class Lengthening:
    """A converter that changes lengths: no such entry is in OpenCC's tables, and none may do harm."""

    def convert(self, text: str) -> str:
        return text.replace("頭髮", "头").replace("髮", "发").replace("頭", "头").replace("裡", "里面")


def test_lengths_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traditional, "_converter", Lengthening)
    assert simplify("長頭，頭髮，裡，頭") == "長头，头发，裡，头", "also where the lengths of the whole are equal"
    assert simplify("頭，裡，頭") == "头，裡，头"
    assert "".join(Tokenizer(traditional=True).tokenize("長頭髮\ud800裡頭")) == "長頭髮\ud800裡頭"


def test_ascii_needs_no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    def converter() -> object:
        raise AssertionError("not needed")

    monkeypatch.setattr(traditional, "_converter", converter)
    assert Tokenizer(traditional=True).tokenize("plain text") == ["plain", " ", "text"]


def test_terms_in_either_script() -> None:
    text = "卡爾·馬克思讀卡尔·马克思和頭髮 A"
    expected = ["卡爾·馬克思", "讀", "卡尔·马克思", "和", "頭髮 A"]
    for terms in (("卡爾·馬克思", "卡尔·马克思", "頭髮 A"), ("卡尔·马克思", "头发 A"), ("卡爾·馬克思", "頭髮 A")):
        tokenizer = Tokenizer(protect=terms, traditional=True)
        found = tokenizer.tokenize(text)
        assert found == expected
        assert dict(tokenizer.tag(text))["卡爾·馬克思"] == "nz"
        assert [text[a:b] for a, b in tokenizer.spans(text).tolist()] == found
    tagged = Tokenizer(protect=("圖書館",), traditional=True).tag("在圖書館")
    assert tagged[-1] == ("圖書館", "n"), "the tag of the simplified word"
    assert Tokenizer("search", protect=("圖書館 A",), traditional=True).tokenize("圖書館 A") == [
        "圖書", "書館", "圖書館", "圖書館 A",
    ]  # fmt: skip
    assert "MAIL" in Tokenizer(protect=("AI", "图书"), traditional=True).tokenize("圖書MAIL")


def test_a_term_as_written_is_found_though_its_reading_depends_on_its_neighbours() -> None:
    assert simplify("乾") != simplify("乾隆")[0]
    assert Tokenizer(protect=("乾",), traditional=True).tokenize("乾隆") == ["乾", "隆"]


def test_words_by_themselves() -> None:
    assert simplified_words(["頭髮", "", "乾"]) == ["头发", "", "干"]
    words = EitherScript(frozenset({"我们"}))
    assert "我們" in words
    assert "我们" in words
    assert "他們" not in words
    assert (list(words), len(words)) == (["我们"], 1)


def test_keywords_know_traditional_words() -> None:
    text = "我們討論圖書館的未來，因為我們的圖書館是大家的圖書館。"
    tokenizer = Tokenizer(traditional=True)
    found = textpipe.keywords(text, tokenizer=tokenizer, stopwords=["zh"])
    simplified = textpipe.keywords(simplify(text), stopwords=["zh"])
    assert [(simplify(one.text), one.score, one.count, one.first) for one in found] == [
        (one.text, one.score, one.count, one.first) for one in simplified
    ]
    assert found[0].text == "圖書館"
    ranked = textpipe.keywords(text, tokenizer=tokenizer, method="textrank", stopwords=["zh"])
    assert [simplify(one.text) for one in ranked] == [
        one.text for one in textpipe.keywords(simplify(text), method="textrank", stopwords=["zh"])
    ]


def test_value() -> None:
    tokenizer = Tokenizer(traditional=True)
    assert tokenizer == Tokenizer(traditional=True) != Tokenizer()
    tokenizer.tokenize(TEXT)
    assert pickle.loads(pickle.dumps(tokenizer)) == tokenizer


def test_without_opencc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traditional, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="reading traditional text needs OpenCC") as raised:
        Tokenizer(traditional=True)
    assert raised.value.hint == "pip install 'textpipe-zh[traditional]'"
    assert Tokenizer().tokenize("圖書館") is not None


def test_threads_agree() -> None:
    tokenizer = Tokenizer(traditional=True, protect=("卡尔·马克思",))
    text = (TEXT + "卡爾·馬克思") * 20
    expected = tokenizer.tag(text)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.extend(tokenizer.tag(text) == expected for _ in range(3)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 18
