"""User dictionaries: jieba's results, values that do not change, errors with their line."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest

from tests import jieba_reference
from tests.conftest import Run
from textpipe.errors import DictionaryError, InputError, UsageError
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.dictionary_file import read_entries
from textpipe.segment.jieba_tables import base_dictionary
from textpipe.segment.tokenizer import Tokenizer


def test_words_come_out_whole() -> None:
    text = "石墨烯薄膜的杂化费米子"
    words = Dictionary().add_word("石墨烯").add_word("杂化费米子", 5, "nz")
    assert Tokenizer(dictionary=words).tokenize(text) == ["石墨烯", "薄膜", "的", "杂化费米子"]
    assert Tokenizer(dictionary=words).tag(text)[-1] == ("杂化费米子", "nz")
    assert "石墨烯" not in Tokenizer().tokenize(text)


def test_deleting_and_tuning() -> None:
    text = "如果放到旧字典中将出错"
    assert "中将" in Tokenizer(hmm=False).tokenize(text)
    assert "中将" not in Tokenizer(hmm=False, dictionary=Dictionary().del_word("中将")).tokenize(text)
    apart = Dictionary().suggest_freq(("中", "将"))
    assert Tokenizer(hmm=False, dictionary=apart).tokenize(text) == ["如果", "放到", "旧", "字典", "中", "将", "出错"]
    assert apart.frequency("中将") < Dictionary().frequency("中将")


def test_values_do_not_change() -> None:
    empty = Dictionary()
    one = empty.add_word("石墨烯")
    assert empty == Dictionary()
    assert empty.frequency("石墨烯") == 0
    assert one == Dictionary().add_word("石墨烯")
    assert hash(one) == hash(Dictionary().add_word("石墨烯"))
    assert one != empty
    one.engine.cut("石墨烯", "exact", True)
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(pickle.dumps(one)) < 1000, "the engine does not travel"


def test_identical_with_jieba_under_random_changes() -> None:
    generator = random.Random(7)
    known = [word for word in sorted(base_dictionary().frequencies) if 1 < len(word) < 5]
    finalseg = jieba_reference.jieba("jieba.finalseg")
    posseg = jieba_reference.jieba("jieba.posseg")
    for size in (1, 10, 200):
        reference = jieba_reference.fresh_tokenizer()
        tagger = posseg.POSTokenizer(reference)
        finalseg.Force_Split_Words.clear()
        entries = []
        for _ in range(size):
            word = generator.choice(known)
            word = generator.choice((word, word + generator.choice(known), word[0] + generator.choice(known)[-1]))
            entry = Entry(word, generator.choice((None, None, 0, 1, 50, 10_000)), generator.choice((None, "nz")))
            entries.append(entry)
            reference.add_word(*entry)
        dictionary = Dictionary().with_entries(entries)
        for _ in range(200):
            pool = [entry.word for entry in entries] + generator.sample(known, 20)
            text = "".join(generator.choices(pool, k=6))
            for hmm in (True, False):
                assert Tokenizer(hmm=hmm, dictionary=dictionary).tokenize(text) == reference.lcut(text, HMM=hmm)
            found = Tokenizer(dictionary=dictionary).tag(text)
            assert found == [(pair.word, pair.flag) for pair in tagger.cut(text)]
            assert Tokenizer("full", dictionary=dictionary).tokenize(text) == reference.lcut(text, cut_all=True)
            assert dictionary.suggested_frequency(text) == reference.suggest_freq(text)
            parts = (text[:1], text[1:])
            assert dictionary.suggested_frequency(parts) == reference.suggest_freq(parts)
    finalseg.Force_Split_Words.clear()


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(
        "\ufeff云计算 5\r\n李小福 2 nr\n\n创新办 i\nEdu Trust认证 2000\n easy_install 3 eng\n台中\n".encode()
    )
    assert read_entries(str(path)) == [
        Entry("云计算", 5, None),
        Entry("李小福", 2, "nr"),
        Entry("创新办", None, "i"),
        Entry("Edu Trust认证", 2000, None),
        Entry("easy_install", 3, "eng"),
        Entry("台中", None, None),
    ]
    reference = jieba_reference.fresh_tokenizer()
    with path.open("rb") as stream:
        reference.load_userdict(stream)
    text = "李小福是创新办主任也是云计算方面的专家，用 easy_install 安装，在台中"
    tokenizer = Tokenizer(dictionary=Dictionary().with_file(str(path)))
    assert tokenizer.tokenize(text) == reference.lcut(text)
    path.write_bytes("云计算 5\n".encode("gb18030"))
    assert read_entries(str(path)) == [Entry("云计算", 5, None)]


@pytest.mark.parametrize(
    "line",
    [
        "云计算\t5\tn",
        "云计算  5",
        "云计算 5.5",
        "云计算\u30005",
        "云计算 -5",
        "云计算 5 N",
        "云计算 " + "9" * 50,
        "云计算,5",
        "云计算，5 n",
    ],
)
def test_unusable_lines(tmp_path: Path, line: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"好词 3 n\n\n{line}\n")
    with pytest.raises(DictionaryError) as raised:
        Dictionary().with_file(str(path))
    assert (raised.value.where, raised.value.line) == (str(path), 3)


def test_unusable_words() -> None:
    with pytest.raises(DictionaryError):
        Dictionary().add_word("")
    for frequency in (-1, 10**18, 10**40):
        with pytest.raises(DictionaryError, match="not a dictionary entry"):
            Dictionary().add_word("词", frequency)
    huge = Dictionary().with_entries(Entry(word, 10**18 - 1) for word in "甲乙丙丁戊己庚辛壬癸")
    with pytest.raises(DictionaryError, match="sum to 2\\^63 or more"):
        huge.frequency("甲")
    with pytest.raises(InputError, match="no such dictionary"):
        Dictionary().with_file("nothing.txt")


def test_a_long_word_takes_no_memory(tmp_path: Path) -> None:
    """Every prefix of a word is kept: a line of 200,000 characters would need 40 GB."""
    with pytest.raises(DictionaryError, match="a word of more than 100 characters"):
        Dictionary().add_word("长" * 101)
    assert Dictionary().add_word("长" * 100).frequency("长" * 100) > 0
    (tmp_path / "words.txt").write_text("好词 3\n" + "长" * 200_000 + " 5\n")
    with pytest.raises(DictionaryError, match="more than 100 characters") as raised:
        Dictionary().with_file(str(tmp_path / "words.txt"))
    assert raised.value.line == 2
    assert len(str(raised.value)) < 300


def test_words_that_are_never_found_are_named(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "words.txt"
    path.write_text("云 计算 5\n你好，世界 3\nC++ 3\n1:0 5 m\n石墨烯\n")
    assert Dictionary().with_file(str(path)).unmatchable == ["云 计算", "你好，世界", "1:0"]
    text = "云 计算，你好，世界。C++ 1:0 石墨烯"
    tokens = Tokenizer(dictionary=Dictionary().with_file(str(path))).tokenize(text)
    assert not {"云 计算", "你好，世界", "1:0"} & set(tokens)
    outcome = run("tokenize", "-", "--user-dict", path, stdin=text.encode())
    assert outcome.err == (
        f"note: {path} has words that are never found (3, first: '云 计算'): "
        "a word holds letters, digits, Han characters and + # & . _ % - only; for others use --protect FILE\n"
    )
    assert run("tokenize", "-", "--user-dict", path, "-q", stdin=text.encode()).err == ""


@pytest.mark.parametrize(
    "entry",
    ["国科", 5, None, ("国科",), ["国科", 5, None], ("", 5, None), ("国" * 101, 5, None), ("国科", -1, None),
     ("国科", "5", None), (b"x", 5, None), ("国科", 5, 7)],
)  # fmt: skip
def test_what_is_no_entry(entry: object) -> None:
    """However it comes, at once and not at first use."""
    with pytest.raises(DictionaryError):
        Dictionary([entry])  # type: ignore[list-item]
    with pytest.raises(DictionaryError):
        Dictionary().with_entries([entry])  # type: ignore[list-item]


def test_plain_tuples_are_entries() -> None:
    assert Dictionary([("国科", 5, None)]) == Dictionary().add_word("国科", 5)  # type: ignore[list-item]


def test_settings_that_make_no_sense() -> None:
    assert Tokenizer(hmm=2) == Tokenizer(hmm=True)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="not a term to protect"):
        Tokenizer(protect=[5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="a text is needed, not NoneType"):
        Tokenizer(protect=["a b"]).tokenize(None)  # type: ignore[arg-type]
