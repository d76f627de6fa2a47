"""New words: statistics as computed naively, thresholds, what is left out, independence of room and threads."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from textpipe.corpus.document import Document, Piece
from textpipe.discover.newwords import Found, NewWordSettings
from textpipe.discover.newwords_columns import Room
from textpipe.discover.newwords_patterns import is_plausible
from textpipe.errors import UsageError
from textpipe.operations.newwords import Read, dictionary_entries, dictionary_text, discover_new_words
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.jieba_tables import base_tags
from textpipe.segment.tokenizer import Tokenizer

NEW = ("赵小沐", "氤氲峰", "5G基站", "鸢栖酪")


def collection() -> list[str]:
    """Documents of words drawn by chance, with some that no dictionary has."""
    chance = random.Random(7)
    words = [
        word
        for word, tag in base_tags().items()
        if len(word) == 2 and tag in {"n", "v"} and not re.search("[A-Za-z]", word)
    ]
    words = chance.sample(words, 400)
    texts = []
    for number in range(60):
        sentences = []
        for _ in range(8):
            sentence = chance.choices(words, k=6)
            if chance.random() < 0.3:
                sentence.insert(chance.randrange(7), chance.choice(NEW))
            sentences.append("".join(sentence) + chance.choice("，。！"))
        texts.append(f"鹇汀，{''.join(sentences)}" if number else "no Chinese here")
    return texts


def pieces(texts: list[str]) -> Iterator[Piece]:
    return (Piece(Document(str(number), text)) for number, text in enumerate(texts))


def discover(texts: list[str], *, jobs: int = 1, **settings: Any) -> Found:
    return discover_new_words(pieces(texts), NewWordSettings(**settings), jobs=jobs)


def test_unknown_words_are_found() -> None:
    found = discover(collection())
    assert {word["text"] for word in found.words} == set(NEW)
    assert found.letterheads == ["鹇汀"]
    assert found.min_count == 5
    assert found.plausible == len(NEW)
    assert found.candidates >= found.known + found.plausible
    scores = [word["score"] for word in found.words]
    assert scores == sorted(scores, reverse=True)
    assert discover(collection(), k=2).words == found.words[:2]


def test_statistics_are_those_of_the_definition() -> None:
    texts = collection()
    marked = "\n".join(texts)
    single = marked.replace("5G", "Ｇ")  # one character, as it is one unit
    han = [c for c in single if "\u4e00" <= c <= "\u9fff" or c == "Ｇ"]
    for word in discover(texts).words:
        text = word["text"].replace("5G", "Ｇ")
        places = [at for at in range(len(single)) if single.startswith(text, at)]
        assert word["count"] == len(places) == marked.count(word["text"])
        assert word["documents"] == sum(word["text"] in document for document in texts)
        expected = min(
            math.log2(len(places) * len(han) / (single.count(text[:at]) * single.count(text[at:])))
            for at in range(1, len(text))
        )
        assert word["pmi"] == pytest.approx(expected, abs=1e-4)
        for side, offset in (("left_entropy", -1), ("right_entropy", len(text))):
            beside = [single[at + offset] if single[at + offset] in han else at for at in places]  # a break is itself
            shares = [count / len(places) for count in Counter(beside).values()]
            assert word[side] == pytest.approx(-sum(p * math.log2(p) for p in shares), abs=1e-4)  # type: ignore[literal-required]
        least = min(word["left_entropy"], word["right_entropy"])
        assert word["score"] == pytest.approx((word["pmi"] + least) * math.log2(len(places)), abs=1e-2)


@pytest.mark.parametrize("room", [Room(block=50, keys=20), Room(block=997, keys=100_000), Room(block=1 << 20, keys=1)])
@pytest.mark.parametrize("jobs", [1, 3])
def test_the_result_depends_on_the_text_alone(room: Room, jobs: int) -> None:
    chance = random.Random(3)
    texts = ["".join(chance.choices("氤氲鸢栖酪榛岫NBA，。", k=400)) for _ in range(12)]
    settings: dict[str, Any] = {"min_pmi": -2.0, "min_entropy": 0.5, "min_hold": 0.0, "min_count": 2, "k": 10_000}
    expected = discover(texts, **settings)
    assert len(expected.words) > 100
    assert discover(texts, jobs=jobs, room=room, **settings) == expected


def test_known_words_are_left_out() -> None:
    found = discover(collection(), dictionary=Dictionary().add_word("赵小沐").add_word("氤氲峰"))
    assert {word["text"] for word in found.words} == {"5G基站", "鸢栖酪"}
    everything = [Entry(word) for word in (*NEW, "鹇汀")]
    assert discover(collection(), dictionary=Dictionary(everything)).words == []


def test_thresholds() -> None:
    texts = collection()
    words = discover(texts).words
    count = sorted(word["count"] for word in words)[1]
    assert [w for w in words if w["count"] >= count] == discover(texts, min_count=count).words
    assert discover(texts, min_pmi=50.0).words == []
    assert discover(texts, min_entropy=50.0).words == []
    assert {word["text"] for word in discover(texts, max_length=2).words} == set()


def test_nothing_to_find() -> None:
    for texts in (["一"], [""], ["好" * 5000], ["words alone"], ["，。" * 100]):
        assert discover(texts).words == []
    read = Read()
    discover_new_words(pieces(["a", "", "字"]), NewWordSettings(), read=read)
    assert read == Read(documents=3, without_han=2)


def test_long_documents_come_in_pieces() -> None:
    whole = collection()
    parts = [
        Piece(Document("x", text[start : start + 40]), start, start + 40 >= len(text))
        for text in whole
        for start in range(0, len(text), 40)
    ]
    assert discover_new_words(parts, NewWordSettings()) == discover(whole)


@pytest.mark.parametrize(
    "settings",
    [{"k": 0}, {"min_count": 0}, {"max_length": 1}, {"max_length": 21}, {"min_pmi": math.nan}, {"min_hold": math.inf}],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        NewWordSettings(**settings)
    assert replace(NewWordSettings(), k=3).k == 3


@pytest.mark.parametrize(
    ("string", "plausible"),
    [
        ("丁/nr 薛/nr 祥/nr", True),
        ("数字/n 经济/n", True),
        ("充电/vn 桩/n", True),
        ("可/v 再生能源/l", True),
        ("文化/n 和/c 旅游部/n", True),
        ("的/uj 发展/vn", False),
        ("在/p 北京/ns", False),
        ("将/d 于/p", False),
        ("12/m 日/m", False),
        ("亿元/m 债券/n", False),
        ("三名/m 学生/n", False),
        ("推动/v 发展/vn", False),
        ("会议/n 强调/v", False),
        ("受/v 委托/n", False),
        ("重要/a 共识/n", False),
        ("我们/r 企业/n", False),
        ("江西/ns 南昌/ns", False),
        ("意大利/ns 总理/n 德/ns 拉吉/nr", False),
        ("陈/nr 同志/n", False),
        ("有关部门/n 文件/n", False),
    ],
)
def test_patterns(string: str, plausible: bool) -> None:
    pieces = [(piece, tag) for piece, _, tag in (part.partition("/") for part in string.split())]
    assert is_plausible(pieces, hold=0.95) is plausible


def test_conjunctions_need_hold() -> None:
    pieces = [("智慧", "n"), ("和", "c"), ("力量", "n")]
    assert is_plausible(pieces, hold=0.95)
    assert not is_plausible(pieces, hold=0.6)


def test_dictionary_entries_keep_words_whole() -> None:
    words = ["高质量发展", "质量发", "发展战", "赵小沐", "5G基站", "㐂野家", "一带一路", "带一路", "的了"]
    entries = dictionary_entries(words, Dictionary())
    assert [entry.word for entry in entries] == [word for word in words if word != "㐂野家"]
    tokenizer = Tokenizer(dictionary=Dictionary(entries))
    for entry in entries:
        assert tokenizer.tokenize(entry.word) == [entry.word]
    lines = dictionary_text(entries).splitlines()
    assert all(line.split(" ")[1].isdigit() and len(line.split(" ")) == 3 for line in lines)
    assert dictionary_entries([], Dictionary()) == []
