"""Signals by hand on small texts, and the weights that are shipped."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.keywords.candidate_phrases import Candidate, CandidatePhrases
from textpipe.keywords.phrase_signals import (
    SIGNALS,
    PhraseModel,
    logistic,
    may_be_keyword,
    phrase_models,
    signals,
)
from textpipe.keywords.word_stream import CHINESE_KINDS, ENDING_KINDS, ENGLISH_KINDS, WordStream

# 电池模型，电池（电池 模型）好
PAIRS = [
    *(("电池", "n"), ("模型", "n"), ("，", "x"), ("电池", "n"), ("（", "x")),
    *(("电池", "n"), ("模型", "n"), ("）", "x"), ("好", "a")),
]
LENGTH = 14
IDF = {"电池": 5.0, "模型": 3.0, "好": 1.0}


def found() -> tuple[CandidatePhrases, dict[str, Candidate]]:
    phrases = CandidatePhrases(3)
    phrases.add(WordStream(True, ()).of(PAIRS))
    return phrases, {candidate.text: candidate for candidate in phrases.finish()}


def signals_of(text: str) -> dict[str, float]:
    phrases, candidates = found()
    idf = [IDF[word] for word in phrases.words]
    return signals(candidates[text], phrases, length=LENGTH, idf=idf)


def test_by_hand() -> None:
    assert sum(len(token) for token, _ in PAIRS) == LENGTH
    assert set(found()[1]) == {"电池", "模型", "电池模型", "好"}
    phrase = signals_of("电池模型")
    assert list(phrase) == list(SIGNALS)
    assert phrase == {
        "frequency": math.log(2),
        "first": 0.0,
        "spread": 12 / 14,  # to the closing bracket
        "rarity": 3.0,
        "graph": math.log(1 + 1),  # 电池 and 模型 stand near each other; 好 is a single character
        "nested": 0.0,
        "freedom": 2.0,
        "bracketed": 1.0,
        "characters": math.log(4),
    }
    word = signals_of("电池")
    assert word["frequency"] == math.log(3)
    assert word["freedom"] == pytest.approx(1 + 1 / 3), "always free before it, once behind it"
    assert word["nested"] == 0.0
    assert word["bracketed"] == 1.0, "it stands before one that opens"
    last = signals_of("模型")
    assert last["nested"] == 1.0, "it never stands without 电池"
    assert last["freedom"] == 1.0
    assert last["first"] == 2 / 14
    assert signals_of("好")["spread"] == 0.0, "it stands once"


def test_a_keyword_has_two_characters() -> None:
    assert {text for text, candidate in found()[1].items() if may_be_keyword(candidate)} == {
        "电池",
        "模型",
        "电池模型",
    }


def test_the_sum_is_of_everything() -> None:
    model = PhraseModel(
        longest=3,
        in_characters=True,
        bias=1.0,
        weights={name: 10.0**number for number, name in enumerate(SIGNALS)},
        lengths=(0.1, 0.2, 0.3),
        first_kind={"noun": 0.01},
        last_kind={"noun": 0.001},
        similarity=1000.0,
    )
    _, candidates = found()
    ones = dict.fromkeys(SIGNALS, 1.0)
    assert model.total(candidates["电池"], ones) == pytest.approx(1.211 + 111_111_111)
    assert model.total(candidates["电池模型"], ones) == pytest.approx(1.311 + 111_111_111), "four are as three"


def test_lengths_are_of_characters_or_words() -> None:
    _, candidates = found()
    chinese, english = phrase_models()
    assert chinese.length_weight(candidates["电池模型"]) == chinese.lengths[3]
    assert english.length_weight(candidates["电池模型"]) == english.lengths[1]


def test_the_weights_name_what_the_code_names() -> None:
    stored = json.loads(files("textpipe").joinpath("resources/phrase_weights.json").read_text("utf-8"))
    assert list(stored) == ["chinese", "english"]
    for model, kinds, chinese in ((stored["chinese"], CHINESE_KINDS, True), (stored["english"], ENGLISH_KINDS, False)):
        assert tuple(model["weights"]) == SIGNALS
        assert tuple(model["first_kind"]) == tuple(model["last_kind"]) == tuple(kinds)
        assert model["in_characters"] is chinese
        assert 1 <= model["longest"] <= len(model["lengths"]) <= 16
        values = [model["bias"], *model["lengths"]]
        values += [value for part in ("weights", "first_kind", "last_kind") for value in model[part].values()]
        assert all(math.isfinite(value) and round(value, 2) == value for value in values)
    assert ENDING_KINDS - {"other"} <= set(ENGLISH_KINDS)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_a_score_is_a_probability(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 < logistic(low) <= logistic(high) <= 1


def test_scores_of_what_is_no_number() -> None:
    values = [math.nan, -math.inf, -1e308, -709.0, -1.0, 0.0, 1.0, 1e308, math.inf]
    scores = [logistic(value) for value in values]
    assert all(a <= b for a, b in pairwise(scores))
    assert scores[0] == scores[3]
    assert logistic(0.0) == 0.5
    assert logistic(1.0) == pytest.approx(math.e / (1 + math.e), abs=1e-15)
