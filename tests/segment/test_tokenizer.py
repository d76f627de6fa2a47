"""The Tokenizer: lossless over any Unicode, spans that point, identity with jieba, threads, linear time."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textpipe
from tests import jieba_reference
from tests.conftest import DATA, ROOT
from textpipe.segment.jieba_tables import base_dictionary, tag_model, word_model
from textpipe.segment.tokenizer import MODES, Tokenizer

CASES = sorted((ROOT / "tests" / "cases" / "tokenize").glob("*.txt"))
SETTINGS = [(mode, hmm) for mode in MODES for hmm in (True, False)]

# arbitrary Unicode with surrogates and NUL, and what matters to jieba in higher proportion
characters = st.one_of(
    st.characters(),
    st.sampled_from("\0\r\n\t \u3000\u200b\u200d\ufeff\ud800\udfff😀👨‍👩‍👧𠮷㐀龘，。！.%-+#&_aZ09"),
    st.integers(0x4E00, 0x9FD6).map(chr),
)
words = st.sampled_from(random.Random(0).sample(sorted(base_dictionary().frequencies), 3000))
mixed = st.lists(st.one_of(words, st.text(characters, max_size=8)), max_size=8).map("".join)


def bundled_texts() -> list[str]:
    return [document.text for document in textpipe.read([str(DATA / "news.tsv"), str(DATA / "articles")])]


def test_there_are_cases() -> None:
    assert len(CASES) >= 4


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    text, _, expected = path.read_text("utf-8").removesuffix("\n").partition("\n----\n")
    assert Tokenizer().tokenize(text) == expected.split("|") == jieba_reference.cut(text)


@settings(max_examples=300, deadline=None)
@given(mixed)
def test_lossless(text: str) -> None:
    for hmm in (True, False):
        tokenizer = Tokenizer(hmm=hmm)
        assert "".join(tokenizer.tokenize(text)) == text
        assert "".join(token for token, _ in tokenizer.tag(text)) == text


@settings(max_examples=300, deadline=None)
@given(mixed)
def test_spans_point_at_the_tokens(text: str) -> None:
    for mode, hmm in SETTINGS:
        tokenizer = Tokenizer(mode, hmm)
        tokens, spans = tokenizer.tokenize(text), tokenizer.spans(text)
        assert spans.dtype == np.int32
        assert spans.shape == (len(tokens), 2)
        assert [text[start:end] for start, end in spans.tolist()] == tokens


@settings(max_examples=300, deadline=None)
@given(mixed)
def test_joined_is_the_tokens_joined(text: str) -> None:
    for mode, hmm in SETTINGS:
        tokenizer = Tokenizer(mode, hmm)
        for lines in (False, True):
            parts = text.split("\n") if lines else [text]
            kept = [[token for token in tokenizer.tokenize(part) if token and not token.isspace()] for part in parts]
            expected = "\n".join(map(" ".join, kept)).encode(errors="backslashreplace")
            assert tokenizer.joined(text, lines=lines) == expected


@settings(max_examples=300, deadline=None)
@given(mixed)
def test_identical_with_jieba(text: str) -> None:
    for mode, hmm in SETTINGS:
        assert Tokenizer(mode, hmm).tokenize(text) == jieba_reference.cut(text, mode=mode, hmm=hmm)
    assert Tokenizer(hmm=False).tag(text) == jieba_reference.tag(text, hmm=False)


@settings(max_examples=60, deadline=None)
@given(st.text(characters, max_size=12))
def test_tags_identical_with_jieba(text: str) -> None:
    assert Tokenizer().tag(text) == jieba_reference.tag(text)


def test_identical_on_bundled_text() -> None:
    texts = bundled_texts()
    assert len(texts) > 250
    for text in texts:
        for mode, hmm in SETTINGS:
            assert Tokenizer(mode, hmm).tokenize(text) == jieba_reference.cut(text, mode=mode, hmm=hmm)
        for hmm in (True, False):
            assert Tokenizer(hmm=hmm).tag(text) == jieba_reference.tag(text, hmm=hmm)


def test_search_offsets_are_those_of_jieba() -> None:
    for text in bundled_texts()[:50]:
        expected = [[start, end] for _, start, end in jieba_reference.tokenizer().tokenize(text, mode="search")]
        assert Tokenizer("search").spans(text).tolist() == expected


def test_identical_on_evaluation_text(evaluation: Path) -> None:
    """Every line of four sets in exact mode; a part of them in the other modes and with tags."""
    lines = [
        document.text
        for path, options in (
            ("classify/chnsenticorp/dev.tsv", {}),
            ("classify/tnews/dev_first5k.tsv", {}),
            ("classify/thucnews10/dev.txt", {"input_format": "tsv"}),
            ("segment/pku_test.utf8", {"lines": True}),
        )
        for document in textpipe.read(str(evaluation / path), **options)
    ]
    assert len(lines) > 17_000
    assert [line for line in lines if Tokenizer().tokenize(line) != jieba_reference.cut(line)] == []
    for line in lines[::20]:
        for mode, hmm in SETTINGS:
            assert Tokenizer(mode, hmm).tokenize(line) == jieba_reference.cut(line, mode=mode, hmm=hmm)
        assert Tokenizer().tag(line) == jieba_reference.tag(line)


def rare_characters() -> tuple[str, str, str]:
    """A character that the tag model knows, one that it knows only in part, and one that it does not."""
    model = tag_model()
    missing = [character for character in map(chr, range(0x4E00, 0x9FD6)) if character not in model.states]
    partly = next(c for c in missing if any(c in emission for emission in model.emission.values()))
    never = next(c for c in missing if not any(c in emission for emission in model.emission.values()))
    return "的", partly, never


@pytest.mark.parametrize("character", "a1.-， ")
def test_a_megabyte_of_anything(character: str) -> None:
    for mode in MODES:
        assert "".join(Tokenizer(mode).tokenize(character * 1_000_000)) == character * 1_000_000


@pytest.mark.parametrize("character", rare_characters())
def test_long_runs(character: str) -> None:
    """Identical to jieba where jieba finishes; a megabyte is work for a moment (jieba: minutes)."""
    for length in (1, 2, 3, 10, 100, 1000):
        assert Tokenizer().tokenize(character * length) == jieba_reference.cut(character * length)
        assert Tokenizer("full").tokenize(character * length) == jieba_reference.cut(character * length, mode="full")
        assert Tokenizer("search").tokenize(character * length) == jieba_reference.cut(
            character * length, mode="search"
        )
        if length <= 10:
            assert Tokenizer().tag(character * length) == jieba_reference.tag(character * length)
    text = character * 350_000
    assert "".join(Tokenizer().tokenize(text)) == text
    assert "".join(token for token, _ in Tokenizer().tag(text)) == text


def test_work_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: one emission is looked up a character and state, however long the run is."""
    from textpipe.segment import word_hmm

    model = word_model()
    looked_up = 0

    class Counting(dict[str, float]):
        def get(self, key: str, default: Any = None, /) -> Any:
            nonlocal looked_up
            looked_up += 1
            return super().get(key, default)

    counted = model._replace(emission={state: Counting(table) for state, table in model.emission.items()})
    monkeypatch.setattr(word_hmm, "word_model", lambda: counted)
    for length in (1000, 4000):
        looked_up = 0
        word_hmm.split_unknown("的" * length)
        assert looked_up == 4 * length


def test_no_state_of_jieba_is_touched() -> None:
    """A user dictionary with a deleted word leaves no trace, and no cache file is read or written."""
    import subprocess
    import sys

    code = """
import sys, tempfile, pathlib
folder = pathlib.Path(tempfile.gettempdir())
before = set(folder.glob("jieba*"))
import textpipe
words = textpipe.Dictionary().add_word("石墨烯").del_word("大学")
textpipe.Tokenizer(dictionary=words).tokenize("北京大学的石墨烯")
textpipe.Tokenizer(dictionary=words).tag("北京大学的石墨烯")
textpipe.keywords("石墨烯做成电极，电极让电池充电更快。")
print([name for name in sys.modules if name.split(".")[0] in {"jieba", "pickle", "numpy"}])
print(set(folder.glob("jieba*")) == before)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "True"], "neither jieba nor numpy is imported, and no file was made"


def test_threads_agree() -> None:
    texts = bundled_texts()[:120]
    tokenizers = [Tokenizer(), Tokenizer(dictionary=textpipe.Dictionary().add_word("鲜叶分级"))]
    expected = [[(t.tokenize(text), t.tag(text)) for text in texts] for t in tokenizers]
    found: list[bool] = []

    def work(number: int) -> None:
        results = [(tokenizers[number].tokenize(text), tokenizers[number].tag(text)) for text in texts]
        found.append(results == expected[number])

    threads = [threading.Thread(target=work, args=(number % 2,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 8


def test_value() -> None:
    assert Tokenizer() == Tokenizer("exact", True, textpipe.Dictionary())
    assert hash(Tokenizer()) == hash(Tokenizer())
    assert Tokenizer("search") != Tokenizer()
    with pytest.raises(textpipe.UsageError, match="unknown mode"):
        Tokenizer("exakt")  # type: ignore[arg-type]
    with pytest.raises(textpipe.UsageError, match="a Dictionary is needed"):
        Tokenizer(dictionary="words.txt")  # type: ignore[arg-type]
    with pytest.raises(textpipe.UsageError, match="no parts of speech"):
        Tokenizer("search").tag("x")
