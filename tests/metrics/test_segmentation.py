"""Scores, by hand and by what must hold for all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.errors import InputError
from textpipe.metrics.segmentation import SegmentationScore, score_segmentation


def pair(gold: str, words: str) -> tuple[list[str], list[str]]:
    return gold.split(), words.split()


def test_counts_and_ratios_by_hand() -> None:
    lines = [
        pair("市长 林 建华 说", "市长 林建华 说"),  # 2 of 4, 2 of 3
        pair("", ""),
        pair("研究 所 需", "研究所 需"),  # 1 of 3, 1 of 2
    ]
    score = score_segmentation(lines, vocabulary={"市长", "说", "研究", "所", "林"})
    assert score == SegmentationScore(gold_words=7, words=5, correct=3, lines=2, oov_words=2, oov_correct=1)
    assert score.precision == pytest.approx(3 / 5)
    assert score.recall == pytest.approx(3 / 7)
    assert score.f1 == pytest.approx(2 * (3 / 5) * (3 / 7) / (3 / 5 + 3 / 7))
    assert score.oov_rate == pytest.approx(2 / 7)  # 建华, 需
    assert score.oov_recall == pytest.approx(1 / 2)  # 需
    assert score.iv_recall == pytest.approx(2 / 5)  # 市长, 说


def test_without_a_vocabulary() -> None:
    score = score_segmentation([pair("a b", "ab")])
    assert (score.precision, score.recall, score.f1) == (0, 0, 0)
    assert (score.oov_words, score.oov_rate, score.oov_recall, score.iv_recall) == (None, None, None, None)


def test_no_such_words() -> None:
    known = score_segmentation([pair("a b", "a b")], vocabulary={"a", "b"})
    assert (known.oov_rate, known.oov_recall, known.iv_recall) == (0, None, 1)
    unknown = score_segmentation([pair("a b", "a b")], vocabulary=set())
    assert (unknown.oov_rate, unknown.oov_recall, unknown.iv_recall) == (1, 1, None)
    nothing = score_segmentation([], vocabulary=set())
    assert nothing == SegmentationScore(0, 0, 0, 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.oov_rate) == (None, None, None, None)


def test_the_same_word_elsewhere_is_not_correct() -> None:
    assert score_segmentation([pair("哈 哈哈", "哈哈 哈")]).correct == 0
    assert score_segmentation([pair("天 天天 天", "天 天 天 天")]).correct == 2


@pytest.mark.parametrize(
    ("gold", "words", "message"),
    [
        ("我 在 北京", "我 在 东京", "'东京' in place of '北京', from character 3 on (x.txt:2)"),
        ("我 在", "我", "'' in place of '在', from character 2 on (x.txt:2)"),
        ("", "我", "'我' in place of '', from character 1 on (x.txt:2)"),
    ],
)
def test_other_characters(gold: str, words: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        score_segmentation([pair("好", "好"), pair(gold, words)], where="x.txt")
    assert str(caught.value) == f"not the text of the gold line: {message}"


@st.composite
def two_segmentations(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    text = draw(st.text(alphabet="天地人", min_size=1, max_size=12))

    def cut() -> list[str]:
        places = sorted(draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
        return [text[start:end] for start, end in pairwise(places)]

    return cut(), cut()


@given(st.lists(two_segmentations(), min_size=1))
def test_identical_segmentations_score_one(lines: list[tuple[list[str], list[str]]]) -> None:
    score = score_segmentation([(gold, gold) for gold, _ in lines])
    assert (score.precision, score.recall, score.f1) == (1, 1, 1)
    assert score.lines == len(lines)


@given(st.lists(two_segmentations(), min_size=1), st.sets(st.sampled_from(["天", "地", "天地", "人人"])))
def test_swapped_sides_swap_precision_and_recall(
    lines: list[tuple[list[str], list[str]]], vocabulary: set[str]
) -> None:
    score = score_segmentation(lines, vocabulary=vocabulary)
    swapped = score_segmentation([(words, gold) for gold, words in lines])
    assert (score.precision, score.recall, score.f1) == (swapped.recall, swapped.precision, swapped.f1)
    assert score.oov_words is not None
    assert score.oov_correct is not None
    assert 0 <= score.oov_correct <= min(score.oov_words, score.correct)
    assert score.correct - score.oov_correct <= score.gold_words - score.oov_words
