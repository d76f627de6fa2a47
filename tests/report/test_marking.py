"""Where keywords stand, and texts in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from textpipe.report.marking import Finder, Mark, pairs_in_sentences, stretches


def test_tokens_have_borders() -> None:
    text = "大学生在大学学习"
    assert Finder(text).spans("大学", count=1) == [(0, 2), (4, 6)]
    found = Finder(text, tokenize=lambda _: ["大学生", "在", "大学", "学习"])
    assert found.spans("大学", count=1) == [(4, 6)]
    assert found.spans("大学学习", count=1) == [(4, 8)]  # a phrase of two tokens
    assert found.spans("学生", count=1) == [(1, 3)]  # better somewhere than nowhere
    assert found.spans("没有", count=1) == []
    assert found.spans(" ", count=1) == []


def test_case_and_line_ends() -> None:
    finder = Finder("Word vectors. A word\n vector; WORD")
    assert finder.spans("word", count=3) == [(0, 4), (16, 20), (30, 34)]
    assert finder.spans("word", count=1) == [(16, 20)]
    assert finder.spans("Word", count=3) == [(0, 4)]
    assert finder.spans("word vector", count=2) == [(0, 11), (16, 28)]
    assert Finder("İİ word").spans("word", count=1) == [(3, 7)]


def test_stretches_overlap() -> None:
    found = stretches("abcdef", [Mark(0, 0, 4), Mark(1, 2, 6), Mark(0, 4, 5)])
    assert [tuple(stretch) for stretch in found] == [
        ("ab", (0,), (0,)),
        ("cd", (0, 1), (1,)),
        ("e", (0, 1), ()),
        ("f", (1,), ()),
    ]
    assert stretches("", []) == []


@given(st.text(), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30), st.integers(1, 9))))
def test_stretches_are_the_text(text: str, drawn: list[tuple[int, int, int]]) -> None:
    marks = [
        Mark(number, start, min(len(text), start + length)) for number, start, length in drawn if start < len(text)
    ]
    found = stretches(text, marks)
    assert "".join(stretch.text for stretch in found) == text
    covered = [stretch.keywords for stretch in found for _ in stretch.text]
    naive = [tuple(sorted({m.keyword for m in marks if m.start <= place < m.end})) for place in range(len(text))]
    assert covered == naive
    begins = [keyword for stretch in found for keyword in stretch.begins]
    assert sorted(set(begins)) == sorted({mark.keyword for mark in marks})


def test_pairs_of_a_sentence() -> None:
    text = "茶叶好。水好，茶叶也好。水。"
    marks = [Mark(0, 0, 2), Mark(1, 4, 5), Mark(0, 7, 9), Mark(1, 12, 13)]
    assert pairs_in_sentences(text, marks, among={0, 1}) == {(0, 1): 1}
    assert pairs_in_sentences(text, marks, among={0}) == {}


def test_a_word_of_a_phrase_is_no_neighbour_of_it() -> None:
    text = "隐马尔可夫模型很快。隐马尔可夫模型是一种模型。"
    marks = [Mark(0, 0, 7), Mark(1, 5, 7), Mark(0, 10, 17), Mark(1, 15, 17), Mark(1, 20, 22)]
    assert pairs_in_sentences(text, marks, among={0, 1}) == {(0, 1): 1}  # the second sentence alone


SPANS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 6)))


@given(SPANS)
def test_pairs_stand_apart_somewhere(drawn: list[tuple[int, int, int]]) -> None:
    marks = [Mark(number, start, start + length) for number, start, length in drawn]
    naive = {
        (a.keyword, b.keyword): 1
        for a in marks
        for b in marks
        if a.keyword < b.keyword and (a.end <= b.start or b.end <= a.start)
    }
    assert pairs_in_sentences("x" * 30, marks, among={0, 1, 2, 3}) == naive
