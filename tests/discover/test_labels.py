"""What is odd about labelled texts."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from textpipe.corpus.document import Document
from textpipe.discover.labels import Finding, check_held_back, check_training, label_counts, languages, leaks


def rows(*pairs: tuple[str, str | None], name: str = "train.tsv") -> list[Document]:
    return [Document(str(n), text, label, f"{name}:{n}") for n, (text, label) in enumerate(pairs, start=2)]


def many(label: str, size: int, *, word: str = "文本") -> list[tuple[str, str | None]]:
    return [(f"{word}{label}{n}", label) for n in range(size)]


def by_kind(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.kind: finding for finding in findings}


def test_clean_data_has_nothing_odd() -> None:
    train = rows(*many("体育", 5), *many("财经", 5))
    assert list(check_training(train)) == []
    assert list(check_held_back(train, rows(("新", "体育"), name="valid.tsv"))) == []


def test_rows_that_are_left_out() -> None:
    found = by_kind(check_training(rows(*many("a", 3), ("x", None), ("y", " "), (" \n", "a"), *many("b", 3))))
    assert found["without label"] == Finding("without label", 2, "2 rows without a label, left out", "train.tsv:5")
    assert found["empty"].line == "1 text empty, left out (first: train.tsv:7)"
    assert found.keys() == {"without label", "empty"}


def test_duplicates() -> None:
    found = by_kind(check_training(rows(("一", "a"), ("二", "b"), (" 一", "a"), ("一", "b"), ("三", "a"), ("四", "b"))))
    assert (found["duplicates"].number, found["duplicates"].where) == (2, "train.tsv:4")
    assert (found["conflicts"].number, found["conflicts"].where) == (1, "train.tsv:5")


def test_leaks() -> None:
    train = rows(("一", "a"), ("二", "b"), ("三", "a"))
    valid = rows(("一", "a"), ("二 ", "a"), ("四", "b"), ("五", None), name="valid.tsv")
    found = by_kind(check_held_back(train, valid))
    assert (found["leaks"].number, found["leaks"].where) == (2, "valid.tsv:2")
    assert "--drop-leaks" in found["leaks"].text
    assert (found["leaks with another label"].number, found["leaks with another label"].where) == (1, "valid.tsv:3")
    assert found["valid without label"].where == "valid.tsv:5"
    assert leaks(train, valid) == {"一", "二"}


def test_labels_only_in_valid() -> None:
    found = by_kind(check_held_back(rows(("一", "a")), rows(("二", "new"), ("三", "new"), ("四", "other"))))
    assert found["labels only in valid"].number == 3
    assert "'new', 'other'" in found["labels only in valid"].text


@pytest.mark.parametrize(
    ("rare", "meant"),
    [("sprots", "sports"), ("sport", "sports"), ("sportss", "sports"), ("spurts", "sports"), ("体育新文", "体育新闻")],
)
def test_typos(rare: str, meant: str) -> None:
    found = by_kind(check_training(rows(*many(meant, 40), *many(rare, 2), *many("else", 40))))
    assert found["labels misspelled"].text == f"labels that may be typos: {rare!r} (2) of {meant!r} (40)"


@pytest.mark.parametrize(
    ("rare", "meant", "size"),
    [("体育", "教育", 2), ("class1", "class2", 2), ("sprots", "sports", 9), ("sp", "spo", 1), ("spots", "sporty", 1)],
)
def test_what_is_no_typo(rare: str, meant: str, size: int) -> None:
    """Short ones, numbered ones, frequent ones, ones farther away."""
    found = by_kind(check_training(rows(*many(meant, 40), *many(rare, size))))
    assert "labels misspelled" not in found


def test_labels_that_look_alike() -> None:
    found = by_kind(check_training(rows(*many("Sport", 3), *many("sport", 9), *many("Ｓｐｏｒｔ ", 2), *many("b", 5))))
    text = "labels that differ only in case, width or white space: 'sport' (9) and 'Sport' (3) and 'Ｓｐｏｒｔ ' (2)"
    assert found["labels alike"].text == text


def test_single_examples() -> None:
    found = by_kind(check_training(rows(*many("a", 5), ("x", "b"), ("y", "c"), ("z", "d"), ("w", "e"))))
    assert found["single"].line == "4 labels have one text only: 'b', 'c', 'd', and 1 more (first: train.tsv:7)"


def test_labels_that_are_texts() -> None:
    found = by_kind(check_training(rows(*((f"文本{n}", f"这是第{n}个") for n in range(20)))))
    assert "20 labels of 20 texts" in found["many labels"].text


def test_languages() -> None:
    english = [(f"english words number {n}", "en") for n in range(10)]
    (found,) = languages(rows(*many("中", 15), *english))
    assert found.number == 10
    assert "60% of the texts are in Han characters, 40% in Latin letters" in found.text
    assert "of 'en' 0%" in found.text
    assert list(languages(rows(*many("中", 99), ("one english text", "中")))) == []
    assert list(languages(rows(("123", "a"), ("!?", "b")))) == []
    mixed = [(f"iPhone 的屏幕碎了怎么办 {n}", "a") for n in range(20)]
    assert list(languages(rows(*mixed, *many("b", 20)))) == [], "a Latin word among characters is no other language"


def test_counts_and_odd_labels() -> None:
    assert label_counts(rows(("x", "b"), ("y", "a"), ("z", "b"), ("w", None))) == {"b": 2, "a": 1}
    found = by_kind(check_training(rows(*many("a", 3), ("x", "y" * 100_000), ("w", "\tz\n"))))
    assert len(found["single"].text) < 200


def test_a_thousand_labels_are_compared() -> None:
    pairs = [pair for n in range(1000) for pair in many(f"标签 {chr(0x4E00 + n)}", 2)]
    assert list(check_training(rows(*pairs))) == []
