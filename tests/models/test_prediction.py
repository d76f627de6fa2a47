"""Prediction by the compiled kernel: ids as Python reads them, decisions as torch makes them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from tests.models.texts import documents, trained
from textpipe.models.inputs import UNITS, Inputs, Unit
from textpipe.models.prediction import rows
from textpipe.models.prediction.compiled import VARIABLE, has_kernel, parts_of
from textpipe.models.prediction.products import Product
from textpipe.models.prediction.reading import groups
from textpipe.models.recurrent import Recurrent
from textpipe.models.textcnn import TextCNN
from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

pytestmark = pytest.mark.skipif(not has_kernel(), reason="needs the compiled kernel of prediction")

ODD = "İΣςßÀÉ𐐀😀\ud800\u3000\x1c\x85 \t\nABCabcＡ１，。%&+-_.#\u2581\x00ǅŉ"
SMALL: dict[str, Any] = {"epochs": 1, "pretrain": 0}


def mixed(count: int, *, seed: int = 0, longest: int = 60) -> list[str]:
    """Words, odd characters, and texts of them."""
    chance = random.Random(seed)
    words = [document.text for document in documents(60)]
    pieces = [*words, *ODD, "清华大学", "new york"]
    return ["".join(chance.choices(pieces, k=chance.randint(0, longest // 4))) for _ in range(count)]


def same_ids(inputs: Inputs, texts: Sequence[str], threads: int = 1) -> None:
    expected, found = inputs.encode(texts, compiled=False), inputs.encode(texts, threads=threads)
    assert (found.bounds.tolist(), found.cut) == (expected.bounds.tolist(), expected.cut)
    for own, other in zip(found.channels, expected.channels, strict=True):
        assert own.dtype == other.dtype
        assert own.tolist() == other.tolist()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "tokenizer",
    [
        Tokenizer(),
        Tokenizer("search"),
        Tokenizer("full"),
        Tokenizer(hmm=False),
        Tokenizer(protect=["球 队"]),
        Tokenizer(dictionary=Dictionary().with_entries([Entry("new york", 1000), Entry("队比赛", 5000)])),
    ],
)
def test_ids_are_those_that_python_reads(unit: Unit, tokenizer: Tokenizer) -> None:
    texts = mixed(600)
    for most in (7, 200):
        inputs = Inputs.learn(
            texts[:300], unit=unit, tokenizer=tokenizer, min_count=2, max_size=10_000, max_length=most
        )
        same_ids(inputs, texts, threads=3)
        same_ids(inputs, [])
        same_ids(inputs, ["", " ", "球" * 9_000 + " 比赛", "Σ", "ab" * 200])


def test_all_capitals_become_small_as_python_has_it() -> None:
    """One character has two small ones, one has others by its neighbours: texts with these are left to Python."""
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and chr(code).isalpha()]
    capitals = [letter for letter in letters if letter != letter.lower()]
    assert [letter for letter in capitals if len(letter.lower()) > 1] == ["İ"]
    settings: dict[str, Any] = {"tokenizer": Tokenizer(), "min_count": 1, "max_size": 10_000, "max_length": 10}
    inputs = Inputs.learn([letter.lower() for letter in capitals], unit="word", **settings)
    same_ids(inputs, capitals)


def decisions(model: Any, texts: Sequence[str]) -> tuple[Any, Any]:
    """(by tables, by the network itself)"""
    fitted = model.learned
    with torch.no_grad():
        for table in fitted.network.embedding.tables:
            table.weight[:2] = 0.25  # padding and the unknown, as if they had learned
        fitted.network.last.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(1))
    model._quick._network = None  # they changed
    units = fitted.inputs.encode(texts)
    return model._quick.decisions(fitted.network, units), model._decisions(fitted.network, units)


def check_same(model: Any, texts: Sequence[str]) -> None:
    fast, slow = decisions(model, texts)
    assert model._quick._tables is not None
    there = model.learned.inputs.encode(texts).lengths > 0
    assert abs(slow[there]).max() > 0.1
    np.testing.assert_allclose(fast[there], slow[there], atol=1e-5)


def sets() -> list[str]:
    if not has_kernel():
        return []
    from textpipe.models.prediction._kernel import instruction_sets

    return instruction_sets()


@pytest.mark.parametrize("instructions", sets())
@pytest.mark.parametrize(
    "settings",
    [
        {"unit": "char", "widths": (1, 2, 3, 4, 5)},
        {"unit": "both", "widths": (9, 2), "filters": 300},
        {"unit": "word", "filters": 5, "max_norm": 0.5},
        {"unit": "both", "variant": "twochannel", "filters": 33},
    ],
)
def test_windows_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, instructions: str, settings: dict[str, Any]
) -> None:
    monkeypatch.setenv(VARIABLE, instructions)
    check_same(trained(TextCNN, **{"filters": 20, **SMALL, **settings}), mixed(300))


@pytest.mark.parametrize("instructions", sets())
@pytest.mark.parametrize(
    "settings",
    [
        {"hidden": 20, "pooling": "max"},
        {"hidden": 16, "pooling": "mean", "layers": 2, "unit": "both"},
        {"hidden": 5, "pooling": "last", "bidirectional": False, "unit": "word"},
        {"hidden": 33, "pooling": "last", "layers": 3},
        {"hidden": 8, "pooling": "attention", "layers": 2},
        {"hidden": 17, "pooling": "max", "layers": 2},
        {"hidden": 24, "pooling": "mean", "bidirectional": False},
    ],
)
def test_lstms_are_those_of_torch(monkeypatch: pytest.MonkeyPatch, instructions: str, settings: dict[str, Any]) -> None:
    monkeypatch.setenv(VARIABLE, instructions)
    check_same(trained(Recurrent, **SMALL, **settings), mixed(300))


@pytest.mark.parametrize(("memory", "spare"), [(1, 15), (1, 5), (0, 0)])
def test_large_vocabularies_share_rows(monkeypatch: pytest.MonkeyPatch, memory: int, spare: int) -> None:
    """Rare units have a row as long as it is needed; where that is not enough, the network itself decides."""
    monkeypatch.setattr(rows, "_SPARE", spare)
    monkeypatch.setattr(rows, "_FEWEST", 1)
    model = trained(TextCNN, unit="both", filters=16, **SMALL)
    columns = 10 * 16
    monkeypatch.setattr(rows, "MEMORY", memory * 4 * columns * 2 * (spare + 12))
    texts = mixed(200)
    fast, slow = decisions(model, texts)
    tables = model._quick._tables
    assert (tables is not None) == bool(memory)
    if tables is not None:
        assert all(one.kept == 12 and one.spare == spare for one in tables.rows)
        assert model.learned.inputs.sizes[0] > 20
    np.testing.assert_allclose(fast, slow, atol=1e-5)


def test_other_cells_decide_themselves() -> None:
    fast, slow = decisions(trained(Recurrent, cell="gru", hidden=4, **SMALL), mixed(50))
    assert np.array_equal(fast, slow)


def test_weights_that_change_have_other_tables() -> None:
    model = trained(TextCNN, filters=4, **SMALL)
    before = model.predict_proba(["球队比赛"])
    model.fit(documents(seed=3), log=TrainingLog())
    assert not np.array_equal(before, model.predict_proba(["球队比赛"]))
    check_same(model, mixed(100))


@pytest.mark.parametrize(("kind", "settings"), [(TextCNN, {"filters": 20}), (Recurrent, {"hidden": 20})])
def test_threads_and_batches_change_nothing(kind: Any, settings: dict[str, Any]) -> None:
    model = trained(kind, unit="both", **SMALL, **settings)
    texts = mixed(2_100)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        several = model.predict_proba(texts)
    finally:
        torch.set_num_threads(before)
    exact = 0 if kind is Recurrent else 1e-6  # torch has the last layer of TextCNN
    np.testing.assert_allclose(several, model.predict_proba(texts), rtol=0, atol=exact)
    some = random.Random(1).sample(range(len(texts)), 20)
    found = model.predict_proba([texts[place] for place in some])
    np.testing.assert_allclose(several[some], found, rtol=0, atol=10 * exact)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_groups_are_of_all_texts_and_not_too_large(threads: int) -> None:
    for count in (0, 1, 7, 64, 1000):
        order = np.random.default_rng(count).permutation(count)
        found = groups(order, np.full(count, 9), threads)
        assert np.concatenate([order[:0], *found]).tolist() == order.tolist()
        assert all(len(group) <= 48 for group in found)
        assert len(found) >= min(threads, count // 6)
    lengths = np.array([1 << 20, 1 << 13, 1 << 13, 1 << 13])
    assert [len(group) for group in groups(np.arange(4), lengths, 1)] == [1, 2, 1]


@pytest.mark.parametrize("instructions", sets())
def test_products_are_those_of_torch(instructions: str) -> None:
    linear = torch.nn.Linear(2 * 21, 70).requires_grad_(False)
    values = torch.randn(19, 2, 21, generator=torch.Generator().manual_seed(1))
    wide = torch.nn.functional.pad(values, (0, 11)).flatten(1).numpy()
    found = Product(linear, 2, instructions)(wide)
    np.testing.assert_allclose(found, linear(values.flatten(1)).numpy(), atol=1e-5)


def test_parts() -> None:
    assert parts_of(0, 4, least=10) == [slice(0, 0)]
    assert parts_of(25, 4, least=10) == [slice(0, 12), slice(12, 25)]


def changed(arguments: list[Any], place: int, value: Any) -> list[Any]:
    return [*arguments[:place], value, *arguments[place + 1 :]]


def test_what_is_not_sound_is_refused() -> None:
    from textpipe.models.prediction._kernel import Encoder, multiply, pool, read

    table, places = np.zeros((3, 32), np.float32), np.zeros(4, np.int32)
    starts, lengths = np.array([0, 2]), np.array([2, 2])
    out = np.zeros((2, 16), np.float32)
    right: list[Any] = ["", (table,), (places,), (0,), starts, lengths, (2,), 16, 2, out]
    pool(*right)
    wrong: list[tuple[int, Any]] = [
        (0, "mmx"),
        (1, (table, table)),
        (2, (places + 3,)),
        (2, (places - 1,)),
        (3, (3,)),
        (4, starts + 1),
        (5, -lengths),
        (5, lengths[:1]),
        (6, (3,)),
        (6, ()),
        (7, 15),
        (8, 1),
        (9, out[:1]),
    ]
    for place, value in wrong:
        with pytest.raises(ValueError, match=r"[a-z]"):
            pool(*changed(right, place, value))
    gates, weights, out = np.zeros((3, 64), np.float32), np.zeros((16, 64), np.float32), np.zeros((4, 16), np.float32)
    right = ["", (gates,), (places,), 64, 0, None, None, weights, 16, False, starts, lengths, "each", out, 0]
    read(*right)
    wrong = [(1, ()), (2, (places + 3,)), (3, 32), (4, 1), (7, weights[1:]), (8, 17)]
    wrong += [(11, lengths + np.array([0, 1])), (12, "first"), (13, out[1:]), (14, 1)]
    for place, value in wrong:
        with pytest.raises(ValueError, match=r"[a-z]"):
            read(*changed(right, place, value))
    right = ["", out, weights, np.zeros(64, np.float32), np.zeros((4, 64), np.float32)]
    multiply(*right)
    for place, value in [(0, "mmx"), (1, out[1:]), (2, weights[:1, 1:]), (3, np.zeros(32, np.float32)), (4, out[:3])]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            multiply(*changed(right, place, value))
    for arguments in (("char", None, "exact", True, places, (), 2, 5), ("word", None, "exact", True, None, (), 2, 5)):
        with pytest.raises(ValueError, match=r"[a-z]"):
            Encoder(*arguments)


@pytest.mark.parametrize(("kind", "settings"), [(TextCNN, {"filters": 20}), (Recurrent, {"hidden": 20})])
def test_texts_before_change_no_bit(kind: Any, settings: dict[str, Any]) -> None:
    """Rows of tables are the same whichever texts first had their units."""
    model = trained(kind, unit="both", **SMALL, **settings)
    texts = mixed(50)
    found = model.predict_proba(texts)
    model._quick._network = None
    for text in reversed(texts):
        model.predict_proba([text])
    assert np.array_equal(found, model.predict_proba(texts))
