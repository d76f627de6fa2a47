"""Explanations: the same tokens as the engine's, sources that are true, paths that add up."""

from __future__ import annotations

import random
import time
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests.conftest import DATA
from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.explain import LONGEST_WORD, Explanation, explain
from textpipe.segment.jieba_tables import dictionary_lines
from textpipe.segment.tokenizer import Tokenizer

KNOWN = random.Random(3).sample([line.split(" ")[0] for line in dictionary_lines()], 2000)

words = st.one_of(
    st.sampled_from(KNOWN), st.sampled_from(["中将", "云计算", "C++", "AT&T", "2.0T", "UTF-8", "##", "杭研"])
)
texts = st.lists(
    st.one_of(words, st.text(max_size=4), st.text("的中将云计算小明毕业aZ09+#&._%- \r\n，。", max_size=8)), max_size=8
).map("".join)
entries = st.builds(
    Entry,
    word=st.one_of(words, st.text("的中将云计算小明aZ9+.", min_size=1, max_size=4)),
    frequency=st.sampled_from((None, 0, 0, 1, 50, 100_000)),
    tag=st.none(),
)


def texts_of(explanation: Explanation) -> list[str]:
    return [token.text for token in explanation.tokens]


def check(text: str, tokenizer: Tokenizer) -> None:
    explanation = explain(text, tokenizer)
    assert texts_of(explanation) == tokenizer.tokenize(text)
    assert [[token.start, token.end] for token in explanation.tokens] == tokenizer.spans(text).tolist()
    frequency = (tokenizer.dictionary or Dictionary()).frequency
    for word in explanation.considered:
        assert text[word.start : word.end] == word.text
        assert frequency(word.text) == word.frequency
        assert word.frequency or len(word.text) == 1
    chosen = [word for word in explanation.considered if word.chosen]
    inside = [token for token in explanation.tokens if token.source != "other"]
    assert "".join(word.text for word in chosen) == "".join(token.text for token in inside), (
        "the path covers all blocks"
    )
    on_path = {(word.start, word.end): word for word in chosen}
    for token in explanation.tokens:
        if token.source in ("dictionary", "user"):
            assert token.frequency > 0
        if token.source in ("dictionary", "user", "single"):
            assert on_path[token.start, token.end].weight == token.weight


@pytest.mark.parametrize("hmm", [True, False])
@settings(max_examples=150, deadline=None)
@given(text=texts)
def test_the_tokens_are_those_of_the_tokenizer(text: str, hmm: bool) -> None:
    check(text, Tokenizer(hmm=hmm))


@settings(max_examples=100, deadline=None)
@given(text=st.lists(texts, min_size=5, max_size=5), changes=st.lists(entries, max_size=6), data=st.data())
def test_with_user_words_and_deleted_ones(text: list[str], changes: list[Entry], data: st.DataObject) -> None:
    mentioned = st.lists(st.sampled_from([entry.word for entry in changes] or [""]), max_size=4).map("".join)
    dictionary = Dictionary().with_entries(changes)
    for one in text:
        for hmm in (True, False):
            check(one + data.draw(mentioned), Tokenizer(hmm=hmm, dictionary=dictionary))


@pytest.mark.parametrize("hmm", [True, False])
def test_on_the_bundled_texts(hmm: bool) -> None:
    tokenizer = Tokenizer(hmm=hmm)
    for document in textpipe.read(
        [str(DATA / "articles"), str(DATA / "news.tsv")],
    ):
        assert texts_of(explain(document.text, tokenizer)) == tokenizer.tokenize(document.text)


def sources(text: str, tokenizer: Tokenizer) -> list[tuple[str, str]]:
    return [(token.text, token.source) for token in explain(text, tokenizer).tokens]


def test_sources() -> None:
    dictionary = Dictionary().add_word("云计算", 500).del_word("中将")
    text = "小明毕业，云计算，UTF\r\n将，中将，龘"
    assert sources(text, Tokenizer(dictionary=dictionary)) == [
        ("小明", "hmm"),
        ("毕业", "dictionary"),
        ("，", "other"),
        ("云计算", "user"),
        ("，", "other"),
        ("UTF", "latin"),
        ("\r\n", "other"),
        ("将", "dictionary"),
        ("，", "other"),
        ("中", "dictionary"),
        ("将", "dictionary"),
        ("，", "other"),
        ("龘", "single"),
    ]
    assert sources("小明 UTF a", Tokenizer(hmm=False)) == [
        ("小", "dictionary"),
        ("明", "dictionary"),
        (" ", "other"),
        ("UTF", "latin"),
        (" ", "other"),
        ("a", "single"),
    ]


def test_words_considered() -> None:
    found = explain("中国科学院", Tokenizer()).considered
    assert [word.text for word in found if word.chosen] == ["中国科学院"]
    assert {"中国", "科学", "科学院", "学院", "院"} <= {word.text for word in found if not word.chosen}
    whole = next(word for word in found if word.chosen)
    assert whole.frequency == Dictionary().frequency("中国科学院")
    apart = sum(word.weight for word in found if word.text in ("中国", "科学院"))
    assert whole.weight > apart


def test_protected_terms() -> None:
    tokenizer = Tokenizer(protect=("C++ 标准库",))
    text = "用 C++ 标准库写"
    assert texts_of(explain(text, tokenizer)) == tokenizer.tokenize(text)
    assert ("C++ 标准库", "protected") in sources(text, tokenizer)
    assert [[t.start, t.end] for t in explain(text, tokenizer).tokens] == tokenizer.spans(text).tolist()


@pytest.mark.skipif(find_spec("opencc") is None, reason="needs OpenCC")
def test_traditional_text() -> None:
    tokenizer = Tokenizer(traditional=True)
    text = "他在圖書館寫書"
    explanation = explain(text, tokenizer)
    assert texts_of(explanation) == tokenizer.tokenize(text)
    library = next(token for token in explanation.tokens if token.text == "圖書館")
    assert (library.source, library.frequency) == ("dictionary", Dictionary().frequency("图书馆"))
    assert "圖書館" in {word.text for word in explanation.considered}


def test_other_modes_are_refused() -> None:
    for mode in ("search", "full"):
        with pytest.raises(UsageError, match="cannot be explained"):
            explain("好", Tokenizer(mode))


def test_the_longest_word_is_known() -> None:
    assert max(len(line.split(" ")[0]) for line in dictionary_lines()) == LONGEST_WORD
    word = "长" * 60
    assert texts_of(explain(f"一{word}二", Tokenizer(dictionary=Dictionary().add_word(word)))) == ["一", word, "二"]


def test_linear_time() -> None:
    def seconds(length: int) -> float:
        text = "的" * length
        begin = time.process_time()
        explain(text, Tokenizer())
        return time.process_time() - begin

    seconds(1000)
    assert seconds(40_000) < 16 * seconds(10_000) + 0.5, "quadratic would be slower still"
