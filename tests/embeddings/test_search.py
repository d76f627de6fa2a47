"""Neighbours: against a naive search, against gensim, and at the edges where cosines are undefined or equal."""

from __future__ import annotations

import numpy as np
import pytest

from textpipe.embeddings import search
from textpipe.embeddings.subwords import Subwords
from textpipe.embeddings.vectors import Neighbour, Vectors
from textpipe.errors import UsageError


def random_vectors(words: int = 300, dimensions: int = 12, seed: int = 0) -> Vectors:
    generator = np.random.default_rng(seed)
    matrix = generator.standard_normal((words, dimensions)).astype(np.float32)
    return Vectors([f"w{number}" for number in range(words)], matrix, counts=np.arange(words, 0, -1))


def naive(vectors: Vectors, query: np.ndarray, k: int, left_out: set[int]) -> list[int]:
    """Row by row, by the definition."""
    scores = []
    for row, vector in enumerate(vectors.matrix.astype(np.float64)):
        lengths = np.linalg.norm(vector) * np.linalg.norm(query)
        scores.append((-(vector @ query / lengths if lengths else 0.0), row))
    return [row for _, row in sorted(scores) if row not in left_out][:k]


@pytest.mark.parametrize("cells", [1 << 22, 700, 1])
def test_as_a_naive_search(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_CELLS", cells)  # 1: a row at a time
    vectors = random_vectors()
    found = vectors.similar_to_each(vectors.words[:20], 7)
    for row, neighbours in enumerate(found):
        expected = naive(vectors, vectors.matrix[row].astype(np.float64), 7, {row})
        assert [one.word for one in neighbours] == [vectors.words[place] for place in expected]
    assert found == [vectors.similar(word, 7) for word in vectors.words[:20]]


def test_many_queries_go_in_groups() -> None:
    vectors = random_vectors()
    assert vectors.similar_to_each(vectors.words, 3) == [vectors.similar(word, 3) for word in vectors.words]
    assert vectors.similar_to_each([], 3) == []


def test_equal_scores_stand_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MOST_ROWS", 7)
    row = np.random.default_rng(1).standard_normal(100).astype(np.float32)
    matrix = np.repeat(row[None], 50, axis=0)
    matrix[::3] *= 2
    vectors = Vectors([f"w{number}" for number in range(50)], matrix)
    assert [one.word for one in vectors.similar("w9", 5)] == ["w0", "w1", "w2", "w3", "w4"]


def test_zeros_are_near_to_nothing() -> None:
    vectors = Vectors(["zero", "a", "b", "c"], np.array([[0, 0], [1, 0], [-1, 0], [1, 1]], np.float32))
    assert vectors.similar("zero") == [("a", 0.0), ("b", 0.0), ("c", 0.0)]
    assert [one.word for one in vectors.similar("a")] == ["c", "zero", "b"]
    assert vectors.similarity("zero", "a") == 0.0
    assert vectors.similarity("zero", "zero") == 0.0
    (c, near), b = vectors.analogy("zero", "a", "zero", 2)
    assert (c, b) == ("c", ("b", -1.0))
    assert near == pytest.approx(0.5**0.5)


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1e-16, 1.0, 1e16, 1e30, 3e38])
def test_no_length_is_too_small_or_too_large(scale: float) -> None:
    matrix = np.array([[1, 0], [0.5, 0.5], [0, 1]], np.float64) * scale
    vectors = Vectors(["a", "b", "c"], np.concatenate([matrix, np.eye(2)]).astype(np.float32)[:4].copy()[[0, 1, 2]])
    found = vectors.similar("a")
    assert [one.word for one in found] == ["b", "c"]
    tolerance = 0.1 if scale < 1e-40 else 1e-6  # subnormal numbers have few digits
    assert [one.score for one in found] == pytest.approx([0.5**0.5, 0.0], abs=tolerance)


@pytest.mark.parametrize("k", [1, 3, 4, 100])
def test_never_more_than_there_are(k: int) -> None:
    vectors = random_vectors(4)
    assert len(vectors.similar("w0", k)) == min(k, 3)
    assert len(vectors.analogy("w0", "w1", "w2", k)) == 1
    assert len(vectors.analogy("w0", "w1", "w2", k, multiply=True)) == 1
    assert Vectors(["a"], np.ones((1, 2), np.float32)).similar("a") == []


def test_a_vector_is_not_left_out() -> None:
    vectors = random_vectors()
    assert vectors.similar(vectors.matrix[5], 1)[0].word == "w5"
    for wrong in (np.zeros(3), np.full(12, np.nan), np.zeros((1, 12))):
        with pytest.raises(UsageError, match="12 finite numbers"):
            vectors.similar(wrong)


def test_what_is_asked_for_twice_is_left_out_once() -> None:
    vectors = random_vectors()
    assert len(vectors.analogy("w1", "w1", "w1", 5)) == 5


def test_unknown_words_are_key_errors_as_gensim_s() -> None:
    vectors = random_vectors()
    for ask in (vectors.similar, vectors.get_vector, vectors.get_index, vectors.__getitem__):
        with pytest.raises(KeyError, match="nothing"):
            ask("nothing")
    with pytest.raises(UsageError):
        vectors.most_similar()
    assert vectors.vector("nothing") is None
    assert "nothing" not in vectors
    assert 5 not in vectors


def test_subwords_give_unknown_words_a_vector() -> None:
    table = np.random.default_rng(2).standard_normal((50, 12)).astype(np.float32)
    vectors = random_vectors()
    vectors.subwords = Subwords(2, 3, table)
    assert vectors.vector("新词") == pytest.approx(vectors.subwords.vector("新词"))
    assert len(vectors.similar("新词", 3)) == 3
    assert "新词" not in vectors
    assert vectors.vector("w1") == pytest.approx(vectors.matrix[1])
    vectors.subwords = Subwords(9, 9, table)
    assert vectors.vector("短") is None, "too short for any n-gram"


def test_white_space_inside_a_word() -> None:
    vectors = Vectors(["new\u2581york", "a b", "c"], np.eye(3, dtype=np.float32))
    for _ in range(12):  # before and after there is a table of words
        assert (vectors.place("new york"), vectors.place("a b"), vectors.place("a\u2581b")) == (0, 1, None)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")
def test_as_gensim() -> None:
    pytest.importorskip("gensim", reason="the extra gensim")
    vectors = random_vectors()
    keyed = vectors.to_gensim()
    assert keyed.get_vecattr("w3", "count") == 297

    def same(ours: list[Neighbour], theirs: list[tuple[str, float]]) -> None:
        assert [one.word for one in ours] == [word for word, _ in theirs]
        assert [one.score for one in ours] == pytest.approx([score for _, score in theirs], abs=1e-5)

    for plus, minus in ((["w1"], ["w9"]), (["w1", "w2"], ["w3"]), (["w5"], ["w6", "w7"])):
        same(vectors.most_similar(plus, minus), keyed.most_similar(plus, minus))
        same(vectors.most_similar_cosmul(plus, minus), keyed.most_similar_cosmul(plus, minus))
    same(vectors.most_similar("w8"), keyed.most_similar("w8"))
    same(vectors.analogy("w3", "w1", "w2"), keyed.most_similar(["w1", "w2"], ["w3"]))
    same(vectors.similar("w9", 4), keyed.similar_by_word("w9", 4))
    same(vectors.similar_by_vector(vectors.matrix[7]), keyed.similar_by_vector(keyed["w7"]))
    assert vectors.similarity("w1", "w2") == pytest.approx(keyed.similarity("w1", "w2"), abs=1e-6)
    assert vectors.distance("w1", "w2") == pytest.approx(keyed.distance("w1", "w2"), abs=1e-6)
    some, others = ["w1", "w2", "w3"], ["w4", "w5"]
    assert vectors.n_similarity(some, others) == pytest.approx(keyed.n_similarity(some, others), abs=1e-6)
    for start in range(0, 200, 7):
        words = vectors.words[start : start + 5]
        assert vectors.doesnt_match(words) == keyed.doesnt_match(words)
    assert vectors.get_vector("w4", norm=True) == pytest.approx(keyed.get_vector("w4", norm=True), abs=1e-6)
    assert (vectors[["w1", "w2"]] == keyed[["w1", "w2"]]).all()
    assert vectors.index_to_key == keyed.index_to_key
    assert dict(vectors.key_to_index) == keyed.key_to_index
    assert (vectors.vector_size, len(vectors)) == (keyed.vector_size, len(keyed))
    assert (vectors.vectors == keyed.vectors).all()
    assert vectors.has_index_for("w1") == keyed.has_index_for("w1")
    assert vectors.get_index("w9") == keyed.get_index("w9")


def test_from_gensim() -> None:
    pytest.importorskip("gensim", reason="the extra gensim")
    vectors = random_vectors()
    back = Vectors.from_gensim(vectors.to_gensim())
    assert back.words == vectors.words
    assert (back.matrix == vectors.matrix).all()
    assert back.counts is not None
    assert back.counts.tolist() == list(range(300, 0, -1))


def test_approximate_search() -> None:
    pytest.importorskip("usearch", reason="the extra search")
    from textpipe.embeddings.approximate import ApproximateSearch, pays

    vectors = random_vectors(500)
    vectors.matrix[3] = 0
    graph = ApproximateSearch(vectors)
    found = graph.similar_to_each(vectors.words[4:30], 5)
    exact = vectors.similar_to_each(vectors.words[4:30], 5)
    for word, near, best in zip(vectors.words[4:30], found, exact, strict=True):
        assert len(near) == 5
        assert near[0].score <= best[0].score
        assert {*near} <= {*vectors.similar(word, 500)}, "scores are exact"
        assert near == sorted(near, key=lambda one: -one.score)
    assert graph.recall(vectors.words[4:], 5) > 0.9
    everything = {one.word for one in graph.similar_to_each(["w9"], 1000)[0]}
    assert 400 < len(everything) <= 498
    assert not {"w3", "w9"} & everything, "neither the one of zeros nor the word itself"
    assert graph.similar_to_each([], 5) == []
    assert not pays(1_000_000, 49_999)
    assert pays(1_000_000, 50_000)
