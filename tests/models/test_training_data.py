"""What a classifier learns from and is judged by."""

from __future__ import annotations

import pytest

from textpipe.corpus.document import Document
from textpipe.corpus.split import text_hash
from textpipe.errors import InputError
from textpipe.models.training_data import training_data


def rows(*pairs: tuple[str, str | None]) -> list[Document]:
    return [Document(str(n), text, label, f"t.tsv:{n}") for n, (text, label) in enumerate(pairs, start=1)]


GOOD = rows(*((f"text {n}", "ab"[n % 2]) for n in range(20)))


def test_a_share_is_held_back() -> None:
    data = training_data(GOOD, None, share=0.2)
    assert (len(data.train), len(data.valid), data.split) == (16, 4, True)
    assert list(data.lines()) == ["20 texts of 2 labels, 10 of each; 4 held back"]
    assert data.metrics()["labels"] == {"a": 10, "b": 10}
    assert data.learned(refit=True) == sorted(text_hash(one.text) for one in GOOD)
    assert len(data.learned(refit=False)) == 16


def test_a_file_is_held_back() -> None:
    valid = rows(("new", "a"), ("", "b"), ("other", "c"), ("none", None))
    data = training_data(GOOD, valid)
    assert data.train == GOOD
    assert data.valid == valid[:3], "an empty text is a text to be judged by"
    assert data.judging == valid[:2]
    assert not data.split
    assert [finding.kind for finding in data.findings] == ["valid without label", "labels only in valid"]


def test_leaks_are_dropped() -> None:
    valid = rows(("text 0", "a"), ("text 1 ", "b"), ("new", "a"))
    kept = training_data(GOOD, valid)
    dropped = training_data(GOOD, valid, drop_leaks=True)
    assert [finding.kind for finding in kept.findings] == ["leaks"]
    assert dropped.train == GOOD[2:]
    assert [finding.line for finding in dropped.findings] == ["left out of training, being held back too: 2"]


@pytest.mark.parametrize(
    ("train", "valid", "said"),
    [
        ([], None, "no row to learn from"),
        (rows(("x", None), ("y", " ")), None, "no row has a label"),
        (rows(("x", "a")), None, "a single text"),
        (rows(("x", "a"), ("y", None)), None, "of 2 rows one alone"),
        (rows(("x", "a"), ("y", "a")), None, "all 2 texts have the label 'a'"),
        (rows((" ", "a"), ("", "b")), None, "all 2 texts are empty"),
        (GOOD, rows(("x", None)), "no row to be judged by has a label"),
        (GOOD, [], "no row to be judged by has a label"),
        (GOOD, rows(("x", "A")), "that is learned, but for example 'A'"),
    ],
)
def test_what_nothing_can_be_learned_from(train: list[Document], valid: list[Document] | None, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        training_data(train, valid, where="t.tsv", valid_where="v.tsv")
    assert caught.value.hint
    assert caught.value.where in ("t.tsv", "v.tsv")


def test_two_texts_can_be_learned_from() -> None:
    data = training_data(rows(("x", "a"), ("y", "b")), None, share=0.5)
    assert (len(data.train), data.valid) == (2, [])
    assert "every label has one text alone, none can be held back" in list(data.lines())[-1]
    data = training_data(rows(("x", "a"), ("y", "b"), ("z", "b")), None)
    assert "3 texts are too few to hold any back" in list(data.lines())[-1]


def test_leaks_may_leave_too_little() -> None:
    with pytest.raises(InputError, match="a single text"):
        training_data(rows(("x", "a"), ("y", "b")), rows(("x", "a")), drop_leaks=True)
