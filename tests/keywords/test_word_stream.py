"""Tokens to words and marks: what joins, what ends, what counts."""

from __future__ import annotations

import pytest

from textpipe.keywords.word_stream import (
    CHINESE_KINDS,
    ENDING_KINDS,
    ENGLISH_KINDS,
    KIND_OF_TAG,
    LONGEST_WORD,
    NO_KIND,
    Mark,
    Word,
    WordStream,
    chinese_kind,
)
from textpipe.segment.tokenizer import Tokenizer

TOKENIZER = Tokenizer()


def stream(
    *pieces: str, chinese: bool = True, stopwords: tuple[str, ...] = (), pos: tuple[str, ...] | None = None
) -> list[Word | Mark]:
    reading = WordStream(chinese, stopwords, pos)
    return [item for piece in pieces for item in reading.of(TOKENIZER.tag(piece))]


def shown(items: list[Word | Mark]) -> str:
    """Words with + before those that go on, ( for marks that open, ) that close, | for the rest."""
    signs = []
    for item in items:
        if isinstance(item, Word):
            signs.append(("+" if item.joined else " ") + item.text)
        else:
            signs.append("(" if item.opens else ")" if item.closes else "|")
    return "".join(signs).strip()


def test_every_tag_of_jieba_has_a_place() -> None:
    assert TOKENIZER.known_tags() == KIND_OF_TAG.keys() | NO_KIND
    assert not KIND_OF_TAG.keys() & NO_KIND
    assert sum(map(len, CHINESE_KINDS.values())) == len(KIND_OF_TAG)
    assert {*CHINESE_KINDS, *ENGLISH_KINDS} >= ENDING_KINDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电池模型的性能", "电池+模型| 性能"),
        ("电池模型，性能", "电池+模型| 性能"),
        ("电池 模型", "电池 模型"),
        ("电池\n模型", "电池 模型"),
        ("电池“模型”", "电池( 模型)"),
        ("用deep learning方法", "| deep+learning+方法"),
        ("deep\nlearning", "deep+learning"),
        ("deep\n\nlearning", "deep learning"),
        ("deep\n \nlearning", "deep learning"),
        ("deep, learning", "deep| learning"),
        ("TGF-β与e-commerce", "TGF-β| e-commerce"),
        ("C++与c#", "C++| c#"),
        ("R&D部门", "R&D+部门"),
        ("node.js", "node.js"),
        ("A - B", "A| B"),
        ("2024年", "| 年"),
        ("3.5公里", "| 公里"),
        ("😀电池", "| 电池"),
    ],
)
def test_what_joins_and_what_ends(text: str, expected: str) -> None:
    assert shown(stream(text)) == expected


def test_words_of_letters_have_their_place() -> None:
    words = [item for item in stream("用 TGF-β 与C++") if isinstance(item, Word)]
    assert [(word.text, word.key, word.kind, word.offset) for word in words] == [
        ("TGF-β", "tgf-β", "english", 2),
        ("C++", "c++", "english", 9),
    ]


def test_offsets_and_positions_go_on_over_pieces() -> None:
    whole, parts = stream("电池模型，deep learning模型"), stream("电池", "模型，deep ", "learning模型")
    assert parts == whole
    assert [item.position for item in whole if isinstance(item, Word)] == [0, 1, 3, 4, 5]


def test_stop_words_and_parts_of_speech_end_phrases() -> None:
    assert shown(stream("电池模型性能")) == "电池+模型+性能"
    assert shown(stream("电池模型性能", stopwords=("模型",))) == "电池| 性能"
    assert shown(stream("Deep Learning", stopwords=("deep",))) == "| Learning"
    assert shown(stream("电池模型发展", pos=("n",))) == "电池+模型|"
    assert shown(stream("电池deep", pos=("n",))) == "电池|"
    assert shown(stream("电池deep", pos=("n", "eng"))) == "电池+deep"


def test_words_of_the_user_s_count() -> None:
    """Without a tag jieba says x, and a tag of one's own says nothing to it."""
    assert chinese_kind("云鹊手表", "x") == chinese_kind("云鹊手表", "brand") == "name"
    assert chinese_kind("烯", "x") == ""
    assert chinese_kind("手表", "n") == "noun"


def test_what_is_too_long_is_data() -> None:
    for length, words in ((LONGEST_WORD, 1), (LONGEST_WORD + 1, 0)):
        for chinese in (True, False):
            found = stream("q" * length, chinese=chinese)
            assert sum(isinstance(item, Word) for item in found) == words


def test_english_words_have_classes_and_no_plural() -> None:
    items = stream("We show that deep neural networks learn.", chinese=False)
    assert [(item.key, item.kind) if isinstance(item, Word) else item.opens for item in items] == [
        False,
        False,
        False,
        ("deep", "noun"),
        ("neural", "adjectival"),
        ("network", "noun"),
        ("learn", "verb"),
        False,
    ]


def test_a_word_after_a_bracket_is_told_of() -> None:
    (_, mark, word, _) = stream("模型（电池）")
    assert mark == Mark(opens=True)
    assert isinstance(word, Word)
    assert word.opened
    assert stream('"')[0] == Mark(opens=True, closes=True)
