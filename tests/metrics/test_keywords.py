"""Scores of keywords: by hand, against naive Python and scikit-learn, and by what must hold for all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from textpipe.errors import InputError
from textpipe.metrics.keywords import Judgement, Judgements, KeywordScore, judge, score_keywords

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=6)
DOCUMENTS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5)


def test_by_hand() -> None:
    gold = [["a", "b", "c"], ["d"], []]
    found = [["A", "x", "a", "b"], [], ["y"]]  # the first: a, x, b
    score = score_keywords(gold, found, k=2)
    assert (score.precision_micro, score.recall_micro) == (1 / 2, 1 / 4)
    assert score.f1_micro == pytest.approx(2 / 6)
    assert (score.precision_macro, score.recall_macro) == pytest.approx((1 / 4, 1 / 6))
    assert score.f1_macro == pytest.approx((2 / 5 + 0) / 2)
    assert score.map == pytest.approx((1 / 3) / 2)
    assert score.ndcg == pytest.approx((1 / (1 + 1 / math.log2(3))) / 2)
    deeper = score_keywords(gold, found, k=3)
    assert deeper.map == pytest.approx(((1 + 2 / 3) / 3) / 2)
    assert deeper == score_keywords(gold, found, k=1000)._replace(ndcg=deeper.ndcg)


def test_stems_match() -> None:
    gold, found = [["decision support systems"]], [["Decision Support System"]]
    assert score_keywords(gold, found, k=1).f1_micro == 0
    assert score_keywords(gold, found, k=1, stem=True).f1_micro == 1


def test_ranks() -> None:
    assert judge({"a", "b"}, ["x", "b", "y", "a"]) == Judgement(2, 4, (2, 4))
    assert judge({"a"}, []) == Judgement(1, 0, ())


def naive(documents: list[tuple[list[str], list[str]]], k: int) -> KeywordScore:
    """The definitions, written out."""
    rows = []
    for gold_list, found_list in documents:
        gold, found = set(gold_list), list(dict.fromkeys(found_list))[:k]
        if not gold:
            continue
        hits = [word in gold for word in found]
        correct = sum(hits)
        precision = correct / len(found) if found else 0.0
        recall = correct / len(gold)
        f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
        average = sum(sum(hits[:rank]) / rank for rank in range(1, len(hits) + 1) if hits[rank - 1]) / len(gold)
        gain = sum(1 / math.log2(rank + 1) for rank in range(1, len(hits) + 1) if hits[rank - 1])
        best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(gold)) + 1))
        rows.append((correct, len(found), len(gold), precision, recall, f1, average, gain / best))
    sums = [sum(row[place] for row in rows) for place in range(8)]
    micro = (sums[0] / sums[1] if sums[1] else 0.0, sums[0] / sums[2], 2 * sums[0] / (sums[1] + sums[2]))
    return KeywordScore(*micro, *(total / len(rows) for total in sums[3:]))


@given(DOCUMENTS, st.integers(1, 9))
def test_the_definitions(documents: list[tuple[list[str], list[str]]], k: int) -> None:
    assume(any(gold for gold, _ in documents))
    gold, found = zip(*documents, strict=True)
    score = score_keywords(gold, found, k=k)
    assert score == pytest.approx(naive(documents, k))
    assert all(0 <= value <= 1 for value in score)
    assert score == pytest.approx(score_keywords([one[::-1] for one in gold], found, k=k))


@given(st.lists(WORDS.filter(bool), min_size=1))
def test_a_perfect_list_scores_one(gold: list[list[str]]) -> None:
    assert score_keywords(gold, gold, k=8) == pytest.approx([1] * 8)
    assert score_keywords(gold, gold, k=1).precision_micro == 1
    assert score_keywords(gold, gold, k=1).ndcg == 1


@given(st.lists(st.booleans(), min_size=2, max_size=12).filter(any), st.integers(1, 12))
def test_scikit_learn(hits: list[bool], k: int) -> None:
    """All gold keywords are found, at these ranks: then its ranking scores are the same."""
    assume(k <= len(hits))
    ranks = tuple(rank for rank, hit in enumerate(hits, start=1) if hit)
    scores = -np.arange(len(hits), dtype=float)
    judged = Judgements([Judgement(len(ranks), len(hits), ranks)])
    assert judged.at(k).ndcg[0] == pytest.approx(ndcg_score([hits], [scores], k=k))
    assert judged.at(len(hits)).average_precision[0] == pytest.approx(average_precision_score(hits, scores))


def test_no_gold_keywords() -> None:
    with pytest.raises(InputError, match="no gold keywords"):
        score_keywords([[], [" "]], [["a"], ["b"]], k=5)
    with pytest.raises(ValueError, match="shorter"):
        score_keywords([["a"], ["b"]], [["a"]], k=5)
