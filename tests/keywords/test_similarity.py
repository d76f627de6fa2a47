"""Similarity of phrases to their document, against numpy by hand."""

from __future__ import annotations

import numpy as np
import pytest

from textpipe.embeddings.vectors import Vectors
from textpipe.keywords.extract import extract, keyword_settings, read_document
from textpipe.keywords.similarity import DocumentSimilarity

TEXT = "石墨烯电池很轻。石墨烯电池充电快，手表厂商喜欢石墨烯。"


def vectors_of(**words: list[float]) -> Vectors:
    return Vectors(list(words), np.array(list(words.values()), np.float32))


def test_by_hand() -> None:
    vectors = vectors_of(a=[3, 0], b=[0, 2], x=[1, 1])
    near = DocumentSimilarity(vectors, ["a", "b", "xb", "?"], [2, 1, 1, 5], [1.0, 4.0, 2.0, 9.0])
    a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    mixed = np.array([1.0, 3.0])
    mixed /= np.linalg.norm(mixed)
    document = 2 * a + 4 * b + 2 * mixed
    document /= np.linalg.norm(document)
    phrase = a + mixed
    assert near.of([0]) == pytest.approx(document @ a)
    assert near.of([0, 2]) == pytest.approx(document @ phrase / np.linalg.norm(phrase))
    assert near.of([0, 3]) == pytest.approx(document @ a)  # a word without vector says nothing
    assert near.of([3]) is None


def test_opposite_words_have_no_direction() -> None:
    near = DocumentSimilarity(vectors_of(a=[1, 0], b=[-1, 0], c=[0, 1]), ["a", "b", "c"], [1, 1, 1], [1, 1, 1])
    assert near.of([0, 1]) is None
    assert DocumentSimilarity(vectors_of(a=[1, 0]), ["z"], [1], [1]).of([0]) is None


def test_it_moves_what_is_near() -> None:
    near = vectors_of(石墨=[1, 0], 烯=[1, 0], 电池=[1, 0.1], 充电=[1, 0.2], 手表=[-1, 3])
    plain = {one.text: one.score for one in extract(TEXT, k=None)}
    moved = {one.text: one.score for one in extract(TEXT, k=None, vectors=near)}
    assert plain.keys() == moved.keys()
    assert moved["手表"] < plain["手表"]
    assert moved["电池"] > plain["电池"]


def test_without_any_vector_nothing_changes() -> None:
    assert extract(TEXT, vectors=vectors_of(zzz=[1.0, 0.0])) == extract(TEXT)


def test_similarities_are_around_their_mean() -> None:
    settings = keyword_settings(vectors=vectors_of(石墨=[1, 0], 电池=[0, 1], 手表=[1, 1]))
    phrases = read_document((TEXT,), settings).phrases
    assert phrases is not None
    values = [one.signals["similarity"] for one in phrases.ranked(vectors=settings.vectors)]
    assert max(values) > 0 > min(values)
    assert abs(sum(values)) < 1e-9
