"""The parts of the statistics, each against a plain reckoning."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.corpus.document import Piece, ReadLog
from textpipe.corpus.read import ReadOptions, read, read_pieces
from textpipe.discover.blocks import CountSettings
from textpipe.discover.characters import KINDS, kind_of, kind_records
from textpipe.discover.duplicates import DuplicateFinder
from textpipe.discover.lengths import histogram, length_record
from textpipe.discover.near_duplicates import NearSettings, signature
from textpipe.discover.stats import Statistics
from textpipe.discover.tally import WordsOfOneDocument, WordTally
from textpipe.discover.words import fit_heaps
from textpipe.operations.stats import count_documents
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.tokenizer import Tokenizer


def record_of(*paths: Path, near: NearSettings | None = None, jobs: int = 1, **options: Any) -> dict[str, Any]:
    log = ReadLog(line_ends=Counter())
    statistics = Statistics(near=near)
    pieces = read_pieces([str(path) for path in paths], ReadOptions(**options), log=log)
    ids = list(count_documents(pieces, CountSettings(Tokenizer(), near), statistics, jobs=jobs))
    assert len(ids) == log.used
    record = statistics.record(["x"], log, statistics.duplicates(), top=20, stopwords=frozenset({"的"}))
    return dict(record)


# ---------------------------------------------------------------------------------------------- lengths


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60))
def test_quantiles_are_numpys(lengths: list[int]) -> None:
    record = length_record(Counter(lengths))
    for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75), ("p95", 0.95)):
        assert record[name] == np.quantile(lengths, share, method="inverted_cdf")  # type: ignore[literal-required]
    assert (record["min"], record["max"], record["total"]) == (min(lengths), max(lengths), sum(lengths))
    assert record["mean"] == pytest.approx(np.mean(lengths))


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60))
def test_every_document_is_in_one_bin(lengths: list[int]) -> None:
    bins = histogram(Counter(lengths))
    assert sum(one["documents"] for one in bins) == len(lengths)
    for one, following in itertools.pairwise(bins):
        assert following["first"] == one["last"] + 1
    for one in bins:
        assert one["documents"] == sum(one["first"] <= length <= one["last"] for length in lengths)
    assert bins[0]["documents"]
    assert bins[-1]["documents"]
    assert all(re.fullmatch("0|[125]0*", str(one["last"])) for one in bins)


def test_nothing_has_no_length() -> None:
    assert set(length_record({}).values()) == {0}
    assert histogram({}) == []


# ---------------------------------------------------------------------------------------------- characters


@pytest.mark.parametrize(
    ("characters", "kind"),
    [
        ("中㐀𠀀", "han"),
        ("aÉＡ", "latin"),
        ("あアｱ", "kana"),
        ("한ㄱ", "hangul"),
        ("жاא", "other_letters"),
        ("7１Ⅳ②", "digits"),
        ("，.、—", "punctuation"),
        ("+￥😀", "symbols"),
        (" \u3000\n\t\xa0", "white_space"),
        ("\0\u200b\ue000\ud800", "other"),
    ],
)
def test_kinds_of_characters(characters: str, kind: str) -> None:
    assert {kind_of(character) for character in characters} == {kind}


def test_every_character_is_of_one_kind() -> None:
    records = kind_records(Counter("天天 ab,1"))
    assert [record["kind"] for record in records] == list(KINDS)
    assert {record["kind"]: (record["count"], record["distinct"]) for record in records if record["count"]} == {
        "han": (2, 1),
        "latin": (2, 2),
        "digits": (1, 1),
        "punctuation": (1, 1),
        "white_space": (1, 1),
    }
    assert sum(record["share"] or 0 for record in records) == pytest.approx(1)
    assert {record["share"] for record in kind_records({})} == {None}


# ---------------------------------------------------------------------------------------------- words


def test_a_tally_counts_as_a_counter_does() -> None:
    generator = random.Random(1)
    words = [f"w{int(generator.paretovariate(0.5))}" for _ in range(30_000)]
    tally = WordTally(names=500)
    expected: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for start in range(0, len(words), 700):
        block = Counter(words[start : start + 700])
        new = tally.add(list(block), np.array(list(block.values()), np.int64), np.ones(len(block), np.int64))
        assert new.tolist() == [word not in expected for word in block]
        expected.update(block)
        documents.update(set(block))
    assert len(tally) == len(expected)
    assert tally.with_count(1) == sum(count == 1 for count in expected.values())
    terms = tally.terms()
    assert len(terms) <= 500
    assert all((expected[term.text], documents[term.text]) == (term.count, term.documents) for term in terms)
    most = {word for word, count in expected.items() if count > sorted(expected.values())[-200]}
    assert most
    assert most <= {term.text for term in terms}


def test_waiting_words_are_sorted_into_the_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.discover.tally._SMALL", 4)
    tally = WordTally()
    ones = np.ones(10, np.int64)
    for start in (0, 5, 0):
        tally.add([f"w{number}" for number in range(start, start + 10)], ones, ones)
    keys = WordsOfOneDocument()
    keys.add(["w1", "w2"])
    keys.add(["w2", "w12"])
    tally.add_document(keys.keys())
    found = {term.text: (term.count, term.documents) for term in tally.terms()}
    for number in range(15):
        count = 2 if number < 5 else 3 if number < 10 else 1
        assert found.pop(f"w{number}") == (count, count + (number in (1, 2, 12)))
    assert found == {}


def test_words_too_long_for_a_name_are_counted() -> None:
    tally = WordTally()
    tally.add(["x" * 1000, "y"], np.array([3, 1]), np.array([1, 1]))
    assert len(tally) == 2
    assert [term.text for term in tally.terms()] == ["y"]


def test_growth_is_that_of_the_words_one_by_one(tmp_path: Path) -> None:
    generator = random.Random(2)
    lines = [
        " ".join(f"w{int(generator.paretovariate(0.7))}" for _ in range(generator.randrange(40))) for _ in range(900)
    ]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    vocabulary = record_of(tmp_path / "a.txt", lines=True)["vocabulary"]
    words = " ".join(lines).split()
    points = [point for point in (1000, 2000, 5000, 10_000, 20_000) if point <= len(words)] + [len(words)]
    assert vocabulary["growth"] == [[point, len(set(words[:point]))] for point in points]
    assert (vocabulary["words"], vocabulary["distinct"]) == (len(words), len(set(words)))
    assert vocabulary["type_token_ratio"] == len(set(words)) / len(words)
    assert vocabulary["hapaxes"] == sum(count == 1 for count in Counter(words).values())
    known, different = np.log(np.array(vocabulary["growth"], np.float64)).T
    beta, k = np.polyfit(known, different, 1)
    assert vocabulary["heaps"]["beta"] == pytest.approx(beta)
    assert vocabulary["heaps"]["k"] == pytest.approx(np.exp(k))


def test_heaps_law_is_found_again() -> None:
    growth = [[words, round(12 * words**0.6)] for words in (1000, 10_000, 1_000_000)]
    fitted = fit_heaps(growth)
    assert fitted is not None
    assert fitted["k"] == pytest.approx(12, rel=0.01)
    assert fitted["beta"] == pytest.approx(0.6, rel=0.01)
    assert fit_heaps(growth[:2]) is None


def test_words_of_han_characters_that_the_dictionary_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("贺青禾来到北京。贺青禾 xyz 12")
    vocabulary = record_of(tmp_path / "a.txt")["vocabulary"]
    cut = [token for token in Tokenizer().tokenize("贺青禾来到北京。贺青禾") if token != "。"]
    unknown = [word for word in cut if not Dictionary().frequency(word)]
    assert (vocabulary["unknown"], vocabulary["unknown_distinct"]) == (len(unknown), len(set(unknown)))
    assert unknown


# ---------------------------------------------------------------------------------------------- duplicates

TEXTS = st.lists(st.sampled_from(["天", "地", "玄黄", "宇宙洪荒"]), max_size=12)


@given(TEXTS)
def test_equal_texts_are_grouped(texts: list[str]) -> None:
    finder = DuplicateFinder(None)
    for number, text in enumerate(texts):
        finder.add(f"d{number}", None, text.encode("utf-32-le").ljust(16, b"\0")[:16], None)
    found = finder.find()
    record = found.record(top=20)
    counts = Counter(texts)
    assert record["exact"] == {
        "groups": sum(count > 1 for count in counts.values()),
        "documents": len(texts) - len(counts),
    }
    assert record["documents"] == len(texts) - len(counts)
    assert record["near"] is None
    expected = [
        [f"d{n}" for n, other in enumerate(texts) if other == text] for text in dict.fromkeys(texts) if counts[text] > 1
    ]
    groups = list(found.groups())
    assert [[group["id"], *(one["id"] for one in group["duplicates"])] for group in groups] == expected
    assert all(group["kind"] == "exact" and group["texts"] == 1 for group in groups)


def test_equal_and_nearly_equal_texts_are_one_group() -> None:
    pytest.importorskip("datasketch", reason="needs the extra duplicates")
    near = NearSettings(0.7, 256)
    base = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
    texts = [base, "云腾致雨露结为霜金生丽水玉出昆冈", base, base + "！云", base + "！云"]
    finder = DuplicateFinder(near)
    for number, (text, label) in enumerate(zip(texts, ["a", "b", "a", "c", None], strict=True)):
        digest = bytes([texts.index(text)]) * 16
        finder.add(f"d{number}", label, digest, signature([text], permutations=256))
    found = finder.find()
    (group,) = found.groups()
    assert (group["id"], group["kind"], group["texts"], group["labels"]) == ("d0", "near", 2, 2)
    assert [one["id"] for one in group["duplicates"]] == ["d2", "d3", "d4"]
    assert group["duplicates"][0]["similarity"] == 1
    assert 0.7 <= group["duplicates"][1]["similarity"] == group["duplicates"][2]["similarity"] < 1
    record = found.record(top=20)
    assert (record["documents"], record["exact"], record["conflicting"]) == (3, {"groups": 2, "documents": 2}, 1)
    assert record["near"] is not None
    assert (record["near"]["groups"], record["near"]["documents"]) == (1, 1)
    assert record["share"] == 3 / 5
    assert record["largest"][0]["ids"] == ["d0", "d2", "d3", "d4"]


# ---------------------------------------------------------------------------------------------- all together


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("天地ab1，. \U00020000é", max_size=30), min_size=1, max_size=8), st.integers(1, 9))
def test_documents_in_pieces_count_as_whole_ones(texts: list[str], size: int) -> None:
    """A document that comes in pieces is counted as one; tokens at the cuts aside."""

    def counted(pieces: list[Piece]) -> dict[str, Any]:
        statistics = Statistics()
        assert list(count_documents(pieces, CountSettings(Tokenizer()), statistics)) == list(
            map(str, range(len(texts)))
        )
        return dict(statistics.record([], ReadLog(), statistics.duplicates(), top=5, stopwords=frozenset()))

    from textpipe.corpus.document import Document

    whole, cut = [], []
    for number, text in enumerate(texts):
        whole.append(Piece(Document(str(number), text, label="x")))
        starts = range(0, max(1, len(text)), size)
        cut += [
            Piece(Document(str(number), text[start : start + size], label="x"), start, start == starts[-1])
            for start in starts
        ]
    one, other = counted(whole), counted(cut)
    for section in ("documents", "characters", "labels", "duplicates"):
        assert one[section] == other[section]
    assert one["lengths"]["characters"] == other["lengths"]["characters"]


def test_a_long_file_counts_as_its_text_in_a_row(tmp_path: Path) -> None:
    """Pieces of a file against the same text as one JSON line: words, documents of words, signature."""
    pytest.importorskip("datasketch", reason="needs the extra duplicates")
    text = "".join(f"第{number}天，我们来到北京清华大学学习 machine learning。\n" for number in range(9000))
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "b.csv").write_text('text\n"' + text + '"\n')
    near = NearSettings()
    both = record_of(tmp_path, near=near)
    assert both["duplicates"]["exact"] == {"groups": 1, "documents": 1}
    one, other = record_of(tmp_path / "a.txt", near=near), record_of(tmp_path / "b.csv", near=near)
    for section in ("lengths", "characters", "vocabulary", "terms", "characteristic"):
        assert one[section] == other[section]
    assert {term["documents"] for term in both["terms"]} == {2}
    assert record_of(tmp_path, near=near, jobs=2) == both
    (tmp_path / "b.csv").write_text('text\n"' + text.replace("第1天", "第一天", 1) + '"\n')
    assert record_of(tmp_path, near=near)["duplicates"]["near"]["documents"] == 1


def test_the_record_against_a_plain_reckoning(tmp_path: Path) -> None:
    rows = [
        "text\tlabel",
        "我来到北京清华大学的北京\ta",
        "Hello hello world!\tb",
        "   \ta",
        "我来到北京清华大学的北京\tb",
    ]
    (tmp_path / "a.tsv").write_text("\n".join(rows))
    record = record_of(tmp_path / "a.tsv")
    documents = list(read(tmp_path / "a.tsv"))
    cut = [[t for t in Tokenizer().tokenize(document.text) if not t.isspace()] for document in documents]
    words = [[t.lower() for t in tokens if any(c.isalnum() for c in t)] for tokens in cut]
    assert record["documents"] | {"bytes": 0} == {
        "documents": 4, "empty": 1, "with_han": 2, "files": 1, "bytes": 0, "skipped": {}, "rejected": {},
    }  # fmt: skip
    assert record["lengths"]["characters"] == length_record(Counter(len(document.text) for document in documents))
    assert record["lengths"]["tokens"] == length_record(Counter(map(len, cut)))
    assert record["characters"]["kinds"] == kind_records(Counter("".join(document.text for document in documents)))
    assert record["labels"] == {
        "documents": 4,
        "distinct": 2,
        "labels": [{"label": "a", "documents": 2, "share": 0.5}, {"label": "b", "documents": 2, "share": 0.5}],
    }
    counts = Counter(word for found in words for word in found)
    frequencies = Counter(word for found in words for word in set(found))
    expected = sorted((w for w in counts if len(w) > 1 and w.isalpha()), key=lambda w: (-counts[w], w))
    assert record["terms"] == [{"text": w, "count": counts[w], "documents": frequencies[w]} for w in expected]
    assert {term["text"] for term in record["characteristic"]} == set(expected)
    assert (record["duplicates"]["documents"], record["duplicates"]["conflicting"]) == (1, 1)
    assert record["duplicates"]["share"] == 1 / 3
    assert record["vocabulary"]["words"] == counts.total()


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"a\nb\n", "lf"), (b"a\r\nb\r\n", "crlf"), (b"a\rb\r", "cr"), (b"a\r\nb\n", "mixed"), (b"a", "none")],
)
def test_line_ends(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    assert record_of(tmp_path / "a.txt")["encodings"]["line_ends"] == {kind: 1}


def test_a_line_end_between_two_blocks() -> None:
    from textpipe.corpus.line_ends import noting

    found: Counter[str] = Counter()
    assert list(noting(iter(["a\r", "\nb\r", "\n"]), found)) == ["a\r", "\nb\r", "\n"]
    assert list(noting(iter(()), found)) == []
    assert found == {"crlf": 1}


def test_encodings_of_a_folder(tmp_path: Path) -> None:
    text = "春天的茶山上，采茶人一早就出门了，山下的茶厂也忙了起来。"
    for name, encoding in (("a", "utf-8"), ("b", "gbk"), ("c", "gbk"), ("d", "utf-8-sig"), ("e", "utf-16")):
        (tmp_path / f"{name}.txt").write_bytes((text + "\n").encode(encoding))
    (tmp_path / "f.bin").write_bytes(bytes(range(256)) * 20)
    encodings = record_of(tmp_path)["encodings"]
    assert encodings["files"] == [
        {"encoding": "gb18030", "files": 2, "first": str(tmp_path / "b.txt")},
        {"encoding": "utf-8", "files": 2, "first": str(tmp_path / "a.txt")},
        {"encoding": "utf-16-le", "files": 1, "first": str(tmp_path / "e.txt")},
    ]
    assert (encodings["byte_order_marks"], encodings["line_ends"]) == (2, {"lf": 5})
    record = record_of(tmp_path)
    assert record["documents"]["skipped"] == {"binary file": 1}
    assert record["duplicates"]["exact"] == {"groups": 1, "documents": 4}
