"""When phrases are the same: by hand, and by what must hold for all."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.errors import UsageError
from textpipe.metrics import matching
from textpipe.metrics.matching import distinct, folded, occurs


@pytest.mark.parametrize(
    ("text", "exact", "stemmed"),
    [
        ("Decision  Support\tSystems", "decision support systems", "decis support system"),
        ("ＬＤＡ　模型", "lda 模型", "lda 模型"),
        ("  神经网络\n", "神经网络", "神经网络"),
        ("Straße", "strasse", "strass"),
        ("ﬁnite-state machines", "finite-state machines", "finit-state machin"),
        ("①级", "1级", "1级"),
        ("基于GANs的方法", "基于gans的方法", "基于gan的方法"),
        ("ponies caresses cats ties", "ponies caresses cats ties", "poni caress cat ti"),  # as in Porter's paper
        (" \u3000", "", ""),
    ],
)
def test_folding(text: str, exact: str, stemmed: str) -> None:
    assert folded(text) == exact
    assert folded(text, stem=True) == stemmed


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(text.upper().lower()) == folded(text.upper())


def test_duplicates_keep_the_first_place() -> None:
    assert distinct(["Tea", " ", "green tea", "TEA", "green  tea", "teas"]) == ["tea", "green tea", "teas"]
    assert distinct(["Teas", "water", "tea"], stem=True) == ["tea", "water"]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("art", "the art of war", True),
        ("art", "start", False),
        ("art", "arts", False),
        ("art", "start art", True),
        ("art", "art", True),
        ("art", "", False),
        ("c++", "in c++, say", True),
        ("网络", "神经网络模型", True),
        ("lda", "用lda模型", True),
        ("lda模型", "用lda模型", True),
        ("5", "15", False),
        ("5g", "在5g时代", True),
        ("state of the art", "a state of the art, yes", True),
    ],
)
def test_occurrence(phrase: str, text: str, expected: bool) -> None:
    assert occurs(phrase, text) is expected


def test_a_missing_stemmer(monkeypatch: pytest.MonkeyPatch) -> None:
    matching._stemmer.cache_clear()
    monkeypatch.setattr(matching, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="stemming needs snowballstemmer") as caught:
        folded("unheardofword", stem=True)
    assert caught.value.hint == "pip install snowballstemmer, or match exactly"
    assert importlib.util.find_spec("snowballstemmer") is not None, "the other tests need it"
