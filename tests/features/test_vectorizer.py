"""Rows of n-grams: scikit-learn's, with and without the kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.making import HOSTILE, needs_kernel, news, pairs, same
from textpipe.errors import UsageError
from textpipe.features import blocks, counting
from textpipe.features.blocks import cut
from textpipe.features.config import FeatureConfig
from textpipe.features.counting import words_of
from textpipe.features.hashing import Occurrences, Starts, hash_tokens, starts
from textpipe.features.vectorizer import Rows, Vectorizer
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import fold

NEWS = [document.text for document in news()]
KERNELS = [pytest.param(True, marks=needs_kernel, id="kernel"), pytest.param(False, id="numpy")]


def dense(rows: Rows, features: int) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix((rows.values, rows.columns, rows.bounds), (len(rows.bounds) - 1, features)).toarray()


def reference(texts: list[str], config: FeatureConfig, spans: Any) -> dict[tuple[str, str], Any]:
    """(block, n-gram) → its column, by scikit-learn's TfidfVectorizer."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    def prepare(text: str) -> str:
        return (fold(text) if config.fold else text).lower()

    def word_ngrams(text: str) -> list[str]:
        words = words_of(text, spans, folding=config.fold)
        sizes = range(config.word_ngrams[0], config.word_ngrams[1] + 1)
        return [" ".join(words[at : at + size]) for size in sizes for at in range(len(words) - size + 1)]

    blocks: dict[str, dict[str, Any]] = {}
    if config.chars:
        char = {"analyzer": "char", "ngram_range": config.char_ngrams, "min_df": config.char_min_count}
        blocks["char"] = {**char, "preprocessor": prepare}
    if config.words:
        blocks["word"] = {"analyzer": word_ngrams, "min_df": config.word_min_count}
    found = {}
    for block, arguments in blocks.items():
        vectorizer = TfidfVectorizer(sublinear_tf=config.sublinear, **arguments)
        columns = vectorizer.fit_transform(texts).toarray()
        names = vectorizer.get_feature_names_out()
        found.update({(block, name): columns[:, place] for place, name in enumerate(names)})
    return found


@pytest.mark.parametrize("compiled", KERNELS)
@pytest.mark.parametrize(
    "config",
    [
        FeatureConfig(),
        FeatureConfig(unit="char", char_ngrams=(1, 2), char_min_count=1, sublinear=False, fold=False),
        FeatureConfig(unit="char", char_ngrams=(2, 5), char_min_count=3),
        FeatureConfig(unit="word", word_ngrams=(2, 3), word_min_count=2),
    ],
)
def test_rows_are_scikit_learns(config: FeatureConfig, compiled: bool) -> None:
    spans = Tokenizer().spans
    vectorizer = Vectorizer.fit(NEWS, config, spans=spans, compiled=compiled)
    expected = reference(NEWS, config, spans)
    rows = dense(vectorizer.rows(NEWS), vectorizer.features)
    names = vectorizer.names
    keys = [("char" if place < vectorizer.chars else "word", name) for place, name in enumerate(names)]
    assert len(keys) > 200
    assert set(keys) == set(expected)
    assert np.abs(rows - np.stack([expected[key] for key in keys], axis=1)).max() < 1e-6


def test_frequent_ngrams_come_first() -> None:
    vectorizer = Vectorizer.fit(["ab", "abc", "abcd", "a"], FeatureConfig(unit="char"), spans=pairs)
    assert vectorizer.names[0] == "a"
    assert set(vectorizer.names) == {"a", "b", "c", "ab", "bc", "abc"}
    assert (np.diff(vectorizer.idf) >= 0).all()


def test_the_most_frequent_are_kept() -> None:
    config = FeatureConfig(max_features=7, char_min_count=1)
    whole = Vectorizer.fit(NEWS, replace(config, max_features=0), spans=pairs)
    fewer = Vectorizer.fit(NEWS, config, spans=pairs)
    names = whole.names
    assert fewer.names == names[:7] + names[whole.chars : whole.chars + 7]
    assert (fewer.features, fewer.chars) == (14, 7)


def test_many_portions_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Vectorizer.fit(NEWS, FeatureConfig(), spans=pairs, compiled=False)
    rows = whole.rows(NEWS)
    monkeypatch.setattr("textpipe.features.blocks._AT_ONCE", 50)
    monkeypatch.setattr("textpipe.features.counting._PENDING", 100)
    shares: list[float] = []
    parts = Vectorizer.fit(NEWS, FeatureConfig(), spans=pairs, compiled=False, progress=shares.append)
    assert parts.names == whole.names
    assert (parts.table == whole.table).all()
    assert same(parts.rows(NEWS), rows)
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert shares[-1] == 1.0


def test_two_ngrams_of_one_hash_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then all is hashed anew: here the hashes of seed 0 know no difference between words and characters."""
    expected = Vectorizer.fit(NEWS, FeatureConfig(), spans=pairs)

    def alike(seed: int) -> Starts:
        return starts(seed)._replace(word=starts(seed).char, token=0) if seed == 0 else starts(seed)

    def first_characters(characters: Any, spans: Any, *, start: int, step: int) -> Any:
        if start:
            return hash_tokens(characters, spans, start=start, step=step)
        return characters.codes[spans[:, 0]].astype(np.uint64), np.ones(len(spans), bool)

    monkeypatch.setattr(counting, "starts", alike)
    monkeypatch.setattr(blocks, "hash_tokens", first_characters)
    found = Vectorizer.fit(NEWS, FeatureConfig(), spans=pairs)
    assert (expected.seed, found.seed) == (0, 1)
    assert set(found.names) == set(expected.names)


def test_a_collision_within_a_length_is_found_out() -> None:
    one = Occurrences(1, np.array([5, 7, 5], np.uint64), np.arange(3), np.zeros(3, np.int64))
    assert counting._counted(one, np.array([1, 2, 3], np.uint64), 0) is None
    fine = counting._counted(one, np.array([1, 2, 1], np.uint64), 0)
    assert fine is not None
    assert fine.documents.tolist() == [2, 1]
    other = fine._replace(seconds=np.array([9, 2], np.uint64))
    assert counting._together([fine, fine]) is not None
    assert counting._together([fine, other]) is None


@pytest.mark.parametrize("compiled", KERNELS)
def test_hostile_texts(compiled: bool) -> None:
    vectorizer = Vectorizer.fit([*HOSTILE, *HOSTILE], FeatureConfig(), spans=pairs, compiled=compiled)
    rows = dense(vectorizer.rows(HOSTILE), vectorizer.features)
    chars, words = rows[:, : vectorizer.chars], rows[:, vectorizer.chars :]
    for block in (chars, words):
        lengths = np.sqrt((block**2).sum(axis=1))
        assert ((np.abs(lengths - 1) < 1e-9) | (lengths == 0)).all()
    assert (chars.any(axis=1) == [bool(text) for text in HOSTILE]).all()
    _, known = vectorizer.score(HOSTILE, np.ones((vectorizer.features, 1), np.float32))
    assert (known == rows.any(axis=1)).all()


@pytest.mark.parametrize("compiled", KERNELS)
def test_nothing(compiled: bool) -> None:
    vectorizer = Vectorizer.fit(["", " "], FeatureConfig(), spans=pairs, compiled=compiled)
    assert (vectorizer.features, vectorizer.names) == (0, [])
    sums, known = vectorizer.score(["a", ""], np.zeros((0, 3), np.float32))
    assert (sums.shape, known.tolist()) == ((2, 3), [False, False])
    assert vectorizer.rows([]).bounds.tolist() == [0]
    assert vectorizer.score([], np.zeros((0, 3), np.float32))[0].shape == (0, 3)


LETTERS = st.sampled_from("abAB \t长江　ＡΣİ\0\ud800\U0001f600")


@needs_kernel
@settings(max_examples=60, deadline=None)
@given(
    learned=st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=6),
    asked=st.lists(st.text(LETTERS, max_size=30), max_size=6),
    unit=st.sampled_from(["char", "word", "both"]),
    lengths=st.sampled_from([(1, 1), (1, 3), (2, 4), (3, 3)]),
    sublinear=st.booleans(),
    folding=st.booleans(),
    labels=st.integers(1, 20),
)
def test_the_kernel_is_as_numpy(
    learned: list[str],
    asked: list[str],
    unit: Any,
    lengths: tuple[int, int],
    sublinear: bool,
    folding: bool,
    labels: int,
) -> None:
    config = FeatureConfig(
        unit=unit, char_ngrams=lengths, word_ngrams=lengths, char_min_count=1, sublinear=sublinear, fold=folding
    )
    plain = Vectorizer.fit(learned, config, spans=pairs, compiled=False)
    arguments: dict[str, Any] = {name: getattr(plain, name) for name in ("features", "chars", "documents", "seed")}
    compiled = Vectorizer(config, plain.table, spans=pairs, names=list, compiled=True, **arguments)
    texts = [*asked, *learned]
    expected = dense(plain.rows(texts), plain.features)
    assert np.abs(dense(compiled.rows(texts), plain.features) - expected).max(initial=0) < 1e-12
    weights = np.random.default_rng(0).normal(size=(plain.features, labels)).astype(np.float32)
    for one, other in zip(compiled.score(texts, weights), plain.score(texts, weights), strict=True):
        assert np.abs(one.astype(float) - other.astype(float)).max(initial=0) < 1e-5
    assert np.abs(plain.score(texts, weights)[0] - expected @ weights).max(initial=0) < 1e-5


@needs_kernel
def test_the_kernel_lowers_every_letter_as_numpy() -> None:
    letters = [chr(code) for code in (*range(0x20000), *range(0xE0000, 0xE0200))]
    config = FeatureConfig(unit="char", char_ngrams=(1, 1), char_min_count=1)
    plain = Vectorizer.fit(letters, config, spans=pairs, compiled=False)
    weights = np.arange(plain.features, dtype=np.float32)[:, None]
    expected = plain.score(letters, weights)
    plain._compiled = True
    assert same(plain.score(letters, weights), expected)


@needs_kernel
@pytest.mark.parametrize("number", range(9))
def test_the_kernel_refuses_what_does_not_fit(number: int) -> None:
    from textpipe.features import _ngrams

    vectorizer = Vectorizer.fit(["ab", "abc"], FeatureConfig(), spans=pairs, compiled=True)
    weights = np.zeros((vectorizer.features, 2), np.float32)
    tokens = cut(["ab", "c"], pairs)
    sums, known = np.zeros((2, 2), np.float32), np.zeros(2, bool)
    good: list[Any] = [["ab", "c"], *tokens, vectorizer.table, weights, 2, sums, known, vectorizer._settings]
    bad: list[Any] = [
        ["ab", 3], tokens.spans + 1, tokens.bounds[1:], vectorizer.table[1:], weights.ravel()[1:], 0, sums[1:],
        known[1:], (1, 2),
    ]  # fmt: skip
    _ngrams.score(*good)
    good[number] = bad[number]
    with pytest.raises((TypeError, ValueError)):
        _ngrams.score(*good)


@pytest.mark.parametrize("compiled", KERNELS)
def test_a_damaged_table_ends(compiled: bool) -> None:
    """Rows that are not there, no slot empty: nothing is read elsewhere, nothing goes on for ever."""
    vectorizer = Vectorizer.fit(NEWS[:8], FeatureConfig(), spans=pairs, compiled=compiled)
    vectorizer.table["row"] = 3
    vectorizer.table["hash"] = 1
    assert not vectorizer.score(NEWS[:8], np.zeros((vectorizer.features, 1), np.float32))[1].any()
    vectorizer.table["row"] = 1 << 30
    assert not vectorizer.score(NEWS[:8], np.zeros((vectorizer.features, 1), np.float32))[1].any()


@pytest.mark.parametrize(
    "settings",
    [
        {"unit": "words"},
        {"char_ngrams": (0, 2)},
        {"char_ngrams": (3, 2)},
        {"word_ngrams": (1, 17)},
        {"word_ngrams": 2},
        {"word_ngrams": (1, True)},
        {"char_min_count": 0},
        {"max_features": -1},
        {"fold": 1},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        FeatureConfig(**settings)
