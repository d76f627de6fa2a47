"""Identity with jieba 0.42.1 in every mode: generated strings, user dictionaries of all sizes, all evaluation text."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import textpipe
from tests import jieba_reference
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.engine import Engine, is_compiled, new_engine
from textpipe.segment.jieba_engine import JiebaEngine
from textpipe.segment.jieba_tables import base_dictionary, tag_model

SYMBOLS = "，。！？、；：“”《》（）·…—～,.!?;:'\"()[]{}<>/\\|@#$%^&*_-+=~`"
SPACES = " \t\n\r\u3000\u00a0\u2028\x1c\x85\r\n"
EMOJI = ["😀", "👨‍👩‍👧", "🏳️‍🌈", "❤️", "🀄", "👍🏽"]
NUMBERS = [
    "23.4%",
    "1.2.3",
    "5%",
    "2.0T",
    "UTF-8",
    "a1.2",
    "1a",
    "3.",
    ".5",
    "C++",
    "e_mail",
    "AT&T",
    "R&D",
    "T恤",
    "%-",
]


def strings(generator: random.Random, pool: list[str], count: int) -> Iterator[str]:
    """Random Unicode, words and fragments of words, digits, letters, symbols, rare Han, emoji, white space."""
    rare = [chr(code) for code in range(0x4E00, 0x9FD6) if chr(code) not in tag_model().states]
    edge = ["\u4dff", "\u9fd5", "\u9fd6", "\u3400", "\U00020000", "\ud800", "\0", "\uffff", "γ射线", "Ａ１"]

    def fragment() -> str:
        word = generator.choice(pool)
        start = generator.randrange(len(word))
        return word[start : generator.randint(start + 1, len(word))]

    kinds: list[Callable[[], str]] = [
        lambda: generator.choice(pool),
        lambda: generator.choice(pool),
        fragment,
        fragment,
        lambda: "".join(chr(generator.randint(0x4E00, 0x9FFF)) for _ in range(generator.randint(1, 3))),
        lambda: generator.choice(NUMBERS),
        lambda: "".join(generator.choices("abzAZ0189.%+#&_-", k=generator.randint(1, 6))),
        lambda: generator.choice(SYMBOLS),
        lambda: generator.choice(SPACES),
        lambda: generator.choice(EMOJI),
        lambda: chr(generator.randrange(0x110000)),
        lambda: generator.choice(edge),
    ]
    weights = [8, 4, 4, 3, 2, 2, 2, 3, 1, 0.5, 0.5, 0.2]
    for number in range(count):
        parts = [kind() for kind in generator.choices(kinds, weights, k=generator.randint(1, 8))]
        if number % 200 == 0:  # jieba takes ten milliseconds to tag one
            parts.append(generator.choice(rare))
        yield "".join(parts)


def differences(engine: Engine, reference: Any, tagger: Any, texts: Iterable[str]) -> list[tuple[str, str]]:
    """(what, text) wherever the engine's tokens, offsets or tags are not jieba's."""
    found: list[tuple[str, str]] = []
    for text in texts:
        for hmm in (True, False):
            cut = engine.cut(text, "exact", hmm)
            if cut != reference.lcut(text, HMM=hmm):
                found.append((f"exact, {hmm}", text))
            if engine.cut(text, "search", hmm) != reference.lcut_for_search(text, HMM=hmm):
                found.append((f"search, {hmm}", text))
            if engine.tag(text, hmm) != [(pair.word, pair.flag) for pair in tagger.cut(text, HMM=hmm)]:
                found.append((f"tags, {hmm}", text))
            bounds = engine.spans(text, "exact", hmm).tolist()
            if [text[start:end] for start, end in bounds] != cut:
                found.append((f"offsets, {hmm}", text))
        if engine.cut(text, "full", True) != reference.lcut(text, cut_all=True):
            found.append(("full", text))
    return found


def user_words(generator: random.Random, pool: list[str], size: int) -> list[Entry]:
    """New words, known ones with another frequency or tag, deleted ones, Latin and mixed ones."""
    entries: list[Entry] = []
    for _ in range(size):
        word = generator.choice(pool)
        made = (
            word,
            word + generator.choice(pool),
            word[0] + generator.choice(pool)[-1],
            "".join(generator.choices("abcXYZ019", k=generator.randint(1, 3))),
            generator.choice(NUMBERS),
            "x" + word,
        )
        entry = generator.choices(made, [4, 4, 2, 0.4, 0.1, 0.4])[0]
        frequency = generator.choice((None, None, None, 0, 1, 50, 10_000, 10**12 if size < 100 else 7))
        entries.append(Entry(entry, frequency, generator.choice((None, None, "nz", "mine"))))
    return entries


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (0, 1500),
        (10, 1000),
        (1_000, 1000),
        pytest.param(0, 400_000, marks=pytest.mark.long),
        pytest.param(10, 200_000, marks=pytest.mark.long),
        pytest.param(1_000, 200_000, marks=pytest.mark.long),
        pytest.param(100_000, 200_000, marks=pytest.mark.long),
    ],
)
def test_generated_strings(size: int, count: int) -> None:
    generator = random.Random(size + count)
    pool = [word for word, frequency in sorted(base_dictionary().frequencies.items()) if frequency]
    entries = user_words(generator, pool, size)
    finalseg = jieba_reference.jieba("jieba.finalseg")
    finalseg.Force_Split_Words.clear()
    reference = jieba_reference.fresh_tokenizer()
    for entry in entries:
        reference.add_word(*entry)
    tagger = jieba_reference.jieba("jieba.posseg").POSTokenizer(reference)
    engine = new_engine(entries)
    assert engine.total == reference.total
    mixed = pool + [entry.word for entry in entries] * (1 + 200_000 // (size or 1) if size else 0)
    texts = strings(generator, mixed, count)
    assert differences(engine, reference, tagger, texts) == []
    finalseg.Force_Split_Words.clear()


def test_the_engine_in_python_is_identical_too() -> None:
    """It serves where no compiler was; the same strings, fewer of them."""
    generator = random.Random(3)
    pool = [word for word, frequency in sorted(base_dictionary().frequencies.items()) if frequency]
    entries = user_words(generator, pool, 100)
    compiled, python = new_engine(entries), JiebaEngine(entries)
    assert is_compiled()
    assert compiled.total == python.total
    for text in strings(generator, pool + [entry.word for entry in entries] * 2000, 1500):
        for hmm in (True, False):
            for mode in ("exact", "search", "full"):
                assert compiled.cut(text, mode, hmm) == python.cut(text, mode, hmm)
                assert compiled.bounds(text, mode, hmm) == python.bounds(text, mode, hmm)
            assert compiled.tag(text, hmm) == python.tag(text, hmm)
        assert compiled.frequency(text) == python.frequency(text)
        assert compiled.suggested_frequency(text) == python.suggested_frequency(text)
        pieces = tuple(python.cut(text, "exact", True))
        assert compiled.suggested_frequency(pieces) == python.suggested_frequency(pieces)


def evaluation_lines(folder: Path) -> Iterator[str]:
    """Every line of text there, whatever its columns mean."""
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".txt", ".tsv", ".csv", ".utf8", ".words")):
            yield from path.read_text("utf-8", errors="replace").split("\n")
        elif path.name.endswith((".jsonl", ".json")):
            for value in json_values(path.read_text("utf-8")):
                yield from texts_in(value)
        elif path.name.endswith((".jsonl.gz", "tagged.txt.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                for line in stream:
                    yield from texts_in(json.loads(line) if path.name.endswith(".jsonl.gz") else line)


def json_values(text: str) -> Iterator[Any]:
    """One JSON value after the other, on lines of their own or across lines."""
    decoder, start = json.JSONDecoder(), 0
    while rest := text[start : start + 1]:
        if rest.isspace():
            start += 1
        else:
            value, start = decoder.raw_decode(text, start)
            yield value


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split("\n")
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_all_evaluation_text(evaluation: Path, part: int) -> None:
    reference, tagger = jieba_reference.tokenizer(), jieba_reference.tagger()
    lines = sorted({line for line in evaluation_lines(evaluation) if line})
    assert len(lines) > 300_000
    assert differences(new_engine(), reference, tagger, lines[part::4]) == []


def test_full_mode_glues_letters_across_words() -> None:
    """jieba's full mode joins Latin letters that lie apart, and gives what it found in between before them."""
    dictionary = Dictionary().add_word("A", 5).add_word("AB", 5)
    reference = jieba_reference.fresh_tokenizer()
    reference.add_word("A", 5)
    reference.add_word("AB", 5)
    dictionary = dictionary.with_entries(Entry(word, 5) for word in ("aa", "baab", "bb", "ba", "bbaa"))
    for word in ("aa", "baab", "bb", "ba", "bbaa"):
        reference.add_word(word, 5)
    generator = random.Random(4)
    pieces = ["".join(generator.choices("abA中", [5, 5, 2, 1], k=generator.randint(1, 12))) for _ in range(2000)]
    for text in ("baabbaaab", "bbaabb", *pieces, "xABy", "xABy中ABz", "AB", "xyABABz9", "中AB"):
        tokens = reference.lcut(text, cut_all=True)
        assert textpipe.Tokenizer("full", dictionary=dictionary).tokenize(text) == tokens
    assert "xy" in textpipe.Tokenizer("full", dictionary=dictionary).tokenize("xABy")
