"""The split: stratified, the same every time, equal texts together, nobody left without a text to learn from."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from textpipe.corpus.document import Document
from textpipe.corpus.split import split, text_hash
from textpipe.errors import UsageError


def rows(counts: dict[str, int]) -> list[Document]:
    return [
        Document(f"{label}{n}", f"text {n} of {label}", label) for label, size in counts.items() for n in range(size)
    ]


def test_stratified() -> None:
    parts = split(rows({"a": 1000, "b": 100, "c": 10}), 0.1, seed=0)
    assert Counter(one.label for one in parts.valid) == {"a": 100, "b": 10, "c": 1}
    assert len(parts.train) == 999


def test_many_small_classes_still_give_their_share() -> None:
    """A tenth of 4 is nothing, but a tenth of a hundred classes of 4 is 40 texts."""
    parts = split(rows({f"class {n}": 4 for n in range(100)}), 0.1, seed=0)
    assert len(parts.valid) == 40
    assert max(Counter(one.label for one in parts.valid).values()) == 1


def test_order_is_nothing_and_seed_is_something() -> None:
    documents = rows({"a": 50, "b": 30})
    mixed = documents[:]
    random.Random(1).shuffle(mixed)
    held = {one.id for one in split(documents, 0.2, seed=3).valid}
    assert held == {one.id for one in split(mixed, 0.2, seed=3).valid}
    assert held != {one.id for one in split(documents, 0.2, seed=4).valid}
    parts = split(mixed, 0.2, seed=3)
    places = {one.id: place for place, one in enumerate(mixed)}
    for part in parts:
        assert [places[one.id] for one in part] == sorted(places[one.id] for one in part)


@pytest.mark.parametrize(
    ("documents", "held"),
    [
        ([], 0),
        (rows({"a": 1}), 0),
        (rows({"a": 1, "b": 1}), 0),
        (rows({"a": 2, "b": 2}), 2),
        (rows({"a": 1, "b": 9}), 4),
    ],
)
def test_tiny(documents: list[Document], held: int) -> None:
    parts = split(documents, 0.5, seed=0)
    assert len(parts.valid) == held
    assert {one.label for one in parts.train} == {one.label for one in documents}


@given(
    some.lists(some.tuples(some.sampled_from("abcdefgh"), some.sampled_from(["x", "y", "z", None])), max_size=40),
    some.sampled_from([0.0, 0.1, 0.5, 0.9]),
)
def test_always(pairs: list[tuple[str, str | None]], share: float) -> None:
    documents = [Document(str(n), f" {text}" if n % 2 else text, label) for n, (text, label) in enumerate(pairs)]
    parts = split(documents, share, seed=1)
    assert sorted([*parts.train, *parts.valid], key=lambda one: int(one.id)) == documents
    labelled = [one for one in parts.train if one.label is not None]
    assert not {one.text.strip() for one in labelled} & {one.text.strip() for one in parts.valid}
    assert {one.label for one in parts.valid} <= {one.label for one in labelled}
    assert all(one.label is not None for one in parts.valid)


@pytest.mark.parametrize("share", [1, 1.5, -0.1, float("nan")])
def test_no_share(share: float) -> None:
    with pytest.raises(UsageError, match="no share"):
        split(rows({"a": 3}), share, seed=0)


def test_hashes_are_of_texts_without_white_space_around() -> None:
    assert text_hash(" 茶\n") == text_hash("茶")
    assert text_hash("茶") != text_hash("茶 山")
    assert 0 <= text_hash("\ud800") < 1 << 64
    assert text_hash("茶") == 0x7731D5E6FE3CD74, "the same in every process: artifacts hold it"


def test_several_labels_a_text_go_by_the_rarest() -> None:
    """Each label gives about its share, the rarest exactly; texts without any do as well."""
    chance = random.Random(0)
    documents = []
    for number in range(2000):
        own = [label for label, share in (("a", 0.5), ("b", 0.2), ("c", 0.05)) if chance.random() < share]
        documents.append(Document(str(number), f"text {number}", ", ".join(own)))
    held = split(documents, 0.1, seed=0, label_sep=",").valid
    assert len(held) == 200
    for label, tolerance in (("a", 0.2), ("b", 0.2), ("c", 0.01)):
        total = sum(label in (one.label or "") for one in documents)
        assert sum(label in (one.label or "") for one in held) == pytest.approx(total / 10, rel=tolerance, abs=1)
    empty = sum(not one.label for one in documents)
    assert sum(not one.label for one in held) == pytest.approx(empty / 10, abs=1)
    mixed = documents[:]
    chance.shuffle(mixed)
    assert {one.id for one in split(mixed, 0.1, seed=0, label_sep=",").valid} == {one.id for one in held}


def test_every_one_of_several_labels_is_learned_from() -> None:
    documents = [
        Document(str(n), f"text {n // 2}", label) for n, label in enumerate(("a,b", "c", "a", "a,d", "b", "", "e", "a"))
    ]
    for seed in range(20):
        parts = split(documents, 0.5, seed=seed, label_sep=",")
        learned = {label for one in parts.train for label in (one.label or "").split(",")} - {""}
        assert learned == set("abcde")
