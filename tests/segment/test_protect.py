"""Protected terms: whole whatever they hold, leftmost then longest, the rest cut as before; nothing when off."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.conftest import DATA
from tests.segment.test_tokenizer import mixed
from textpipe.errors import DictionaryError, InputError, UsageError
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.protect import ProtectedTerms, read_terms
from textpipe.segment.tokenizer import MODES, Tokenizer

WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
TERMS = ("C++ 标准库", "标准库", "卡尔·马克思", "让-雅克·卢梭", "AI", "AI 助手", "#话题", "😀", "2.0 版")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用C++ 标准库。", "用|C++ 标准库|。"),
        ("标准库和C++ 标准", "标准库|和|C++| |标准"),
        ("卡尔·马克思和让-雅克·卢梭", "卡尔·马克思|和|让-雅克·卢梭"),
        ("AI 助手，AI，AI助手", "AI 助手|，|AI|，|AI|助手"),
        ("MAIL AIR 3AI AI3 AI", "MAIL| |AIR| |3AI| |AI3| |AI"),
        ("#话题#话题", "#话题|#话题"),
        ("😀😀北京", "😀|😀|北京"),
        ("12.0 版 2.0 版本", "12.0| |版| |2.0 版|本"),
        ("", ""),
    ],
)
def test_terms_come_out_whole(text: str, expected: str) -> None:
    tokens = Tokenizer(protect=TERMS).tokenize(text)
    assert "|".join(tokens) == expected


def naive(text: str, terms: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """The rule itself, one place after the other."""
    start = rest = 0
    while start < len(text):
        for end in range(len(text), start, -1):
            before = start > 0 and text[start - 1] in WORD and text[start] in WORD
            after = end < len(text) and text[end - 1] in WORD and text[end] in WORD
            if text[start:end] in terms and not before and not after:
                if rest < start:
                    yield text[rest:start], False
                yield text[start:end], True
                start = rest = end
                break
        else:
            start += 1
    if rest < start:
        yield text[rest:], False


@settings(max_examples=500, deadline=None)
@given(
    st.text("aA0 ·的-[]^\\", max_size=20), st.frozensets(st.text("aA0 ·的-[]^\\", min_size=1, max_size=4), max_size=8)
)
def test_leftmost_then_longest(text: str, terms: frozenset[str]) -> None:
    assert list(ProtectedTerms(terms).split(text)) == list(naive(text, terms))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(mixed, st.sampled_from(TERMS)), max_size=6).map("".join))
def test_lossless_and_spans(text: str) -> None:
    for mode in MODES:
        tokenizer = Tokenizer(mode, protect=TERMS)
        tokens, spans = tokenizer.tokenize(text), tokenizer.spans(text).tolist()
        assert [text[start:end] for start, end in spans] == tokens
    tokenizer = Tokenizer(protect=TERMS)
    assert "".join(tokenizer.tokenize(text)) == text
    assert "".join(token for token, _ in tokenizer.tag(text)) == text


def test_what_is_between_is_cut_by_itself() -> None:
    text = "我来到北京清华大学" * 3
    joined = "，卡尔·马克思".join([text] * 3)
    plain = [token for number in range(3) for token in (*Tokenizer().tokenize(text), "，", "卡尔·马克思")][:-2]
    assert Tokenizer(protect=TERMS).tokenize(joined) == plain
    for path in (DATA / "articles").glob("*.txt"):
        (document,) = textpipe.read(str(path))
        for mode in MODES:
            assert Tokenizer(mode, protect=("不在文中",)).tokenize(document.text) == Tokenizer(mode).tokenize(
                document.text
            )


def test_other_modes() -> None:
    text = "学C++ 标准库的中国科学院"
    assert Tokenizer("search", protect=TERMS).tokenize(text) == [
        "学", "标准", "C++", "C++ 标准库", "的", "中国", "科学", "学院", "科学院", "中国科学院",
    ]  # fmt: skip
    assert Tokenizer("full", protect=("C++ 标准库", "国科学")).tokenize("C++ 标准库的中国科学院") == [
        "C++ 标准库", "的", "中", "国科学", "院",
    ]  # fmt: skip
    assert Tokenizer("full", protect=TERMS).spans(text).tolist()[1] == [1, 8]


def test_tags() -> None:
    dictionary = Dictionary().add_word("C++ 标准库", 3, "n").add_word("AI", 3).add_word("北京", 3, "xx")
    tokenizer = Tokenizer(dictionary=dictionary, protect=(*TERMS, "来到", "北京"))
    text = "他来到北京，用C++ 标准库，读卡尔·马克思，AI"
    tags = dict(tokenizer.tag(text))
    assert tags["C++ 标准库"] == "n", "a user dictionary's, though jieba never finds the word"
    assert tags["来到"] == "v", "jieba's dictionary's"
    assert tags["北京"] == "xx", "the user's before jieba's"
    assert tags["卡尔·马克思"] == tags["AI"] == "nz", "those that have none"
    assert tags["他"] == "r"
    assert "nz" in tokenizer.known_tags()
    with pytest.raises(UsageError, match="no parts of speech"):
        Tokenizer("full", protect=TERMS).tag("AI")


def test_value() -> None:
    one, other = Tokenizer(protect=TERMS), Tokenizer(protect=(*reversed(TERMS), "AI"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Tokenizer()
    assert Tokenizer(protect=list(TERMS)) == one
    assert hash(Tokenizer(protect=[])) == hash(Tokenizer())
    one.tokenize("AI")
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert len(pickle.dumps(one)) < 500, "what finds the terms does not travel"
    assert again.tokenize("用 AI 助手") == ["用", " ", "AI 助手"]


@pytest.mark.parametrize("term", ["", " \t", "a\nb", "长" * 201])
def test_unusable_terms(term: str) -> None:
    with pytest.raises(DictionaryError) as raised:
        Tokenizer(protect=("AI", term))
    assert raised.value.hint == "a term has 1 to 200 characters and no line feed"
    assert len(str(raised.value)) < 100
    with pytest.raises(UsageError, match="not one text"):
        Tokenizer(protect="AI 助手")


def test_the_longest_term() -> None:
    term = "长" * 199 + "。"
    assert Tokenizer(protect=(term,)).tokenize("很" + term * 2) == ["很", term, term]


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes("\ufeff  C++ 标准库\t\r\n\r\n#话题\n\u3000让-雅克·卢梭\n".encode())
    assert read_terms(str(path)) == ["C++ 标准库", "#话题", "让-雅克·卢梭"]
    path.write_bytes("卡尔·马克思\r\n".encode("gb18030"))
    assert read_terms(str(path), encoding="gb18030") == ["卡尔·马克思"]
    path.write_text("\n\n")
    assert read_terms(str(path)) == []
    path.write_text("好\n\n" + "长" * 201)
    with pytest.raises(DictionaryError, match="more than 200 characters") as raised:
        read_terms(str(path))
    assert raised.value.line == 3
    with pytest.raises(InputError, match="no such list of protected terms"):
        read_terms(str(tmp_path / "none.txt"))


def test_many_terms_in_a_long_text() -> None:
    """A hundred thousand terms and a megabyte; counted, as time is not to be relied on."""
    generator = random.Random(5)
    characters = [chr(code) for code in range(0x4E00, 0x5E00)]
    terms = {"".join(generator.choices(characters, k=generator.randint(2, 8))) + "·" for _ in range(100_000)}
    chosen = generator.sample(sorted(terms), 3000)
    filler = "，这里什么也没有 AI MAIL"
    text = "".join(filler * 8 + term for term in chosen)
    assert len(text.encode()) > 700_000
    found = [piece for piece, protected in ProtectedTerms(terms).split(text) if protected]
    assert found == chosen


def test_looked_up_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where two characters fit: a long text of other characters takes no lookup at all."""
    looked_up = 0
    inner = ProtectedTerms._length_at

    def counting(self: ProtectedTerms, text: str, start: int, lengths: tuple[int, ...]) -> int:
        nonlocal looked_up
        looked_up += 1
        return inner(self, text, start, lengths)

    monkeypatch.setattr(ProtectedTerms, "_length_at", counting)
    terms = ProtectedTerms(["卡尔·马克思", "AI"])
    assert len(list(terms.split("卡" * 100_000 + "的尔" * 100_000 + "卡尔·马克思"))) == 2
    assert looked_up == 1


def test_nothing_is_loaded_when_off() -> None:
    code = """
import sys
import textpipe
tokenizer = textpipe.Tokenizer("search")
tokenizer.tokenize("北京大学"), tokenizer.spans("北京大学"), textpipe.Tokenizer().tag("北京大学")
print([name for name in sys.modules if name.endswith((".protect", ".prepare", ".traditional", "opencc"))])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
