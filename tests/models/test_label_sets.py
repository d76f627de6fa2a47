"""Several labels a text: calibration, thresholds, and what models do with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from tests.models.centroid import Centroid
from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, UsageError
from textpipe.models.label_sets import (
    LabelCalibration,
    best_f1,
    calibrated_labels,
    chosen,
    predicted_sets,
    sigmoid,
    tuned_thresholds,
)
from textpipe.models.labels import label_matrix
from textpipe.models.linear import Linear, LinearConfig, _matrix
from textpipe.models.opinion_pool import best_weights
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

WORDS = {"体育": ("球队", "比赛", "冠军"), "财经": ("股市", "银行", "基金"), "娱乐": ("电影", "演员", "票房")}


def documents(count: int = 60, *, seed: int = 0) -> list[Document]:
    """Texts of words of none to three labels, and of none."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(count):
        own = [label for label in WORDS if chance.random() < 0.45]
        words = [str(chance.choice(WORDS[label])) for label in own] + [str(chance.choice(["今天", "那里", "许多"]))]
        found.append(Document(str(number), "，".join(chance.permutation(words)), ";".join(own)))
    return found


def decisions(rows: int = 400, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(decisions, gold): of the first label three times too bold, of the second shifted."""
    chance = np.random.default_rng(seed)
    odds = chance.normal(-1, 2, (rows, 3))
    gold = chance.random(odds.shape) < sigmoid(odds)
    return odds * [3.0, 1.0, 1.0] + [0.0, 2.0, 0.0], gold


def test_each_label_is_calibrated_for_itself() -> None:
    given, gold = decisions(4000)
    found = calibrated_labels(given, gold)
    np.testing.assert_allclose(found.scale, [1 / 3, 1, 1], atol=0.12)
    np.testing.assert_allclose(found.offset, [0, -2, 0], atol=0.25)
    probabilities = found.probabilities(given)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.mean(axis=0), gold.mean(axis=0), atol=0.01)


def test_calibration_is_the_least_penalised_loss() -> None:
    """Beside scipy's optimiser, for one label around the common scale and offset."""
    given, gold = decisions(200, seed=1)
    found = calibrated_labels(given, gold)
    spread = given.std()

    def targets(own: Any) -> Any:
        return np.where(own, (own.sum(axis=0) + 1) / (own.sum(axis=0) + 2), 1 / ((~own).sum(axis=0) + 2))

    def fitted(odds: Any, wanted: Any, pull: float) -> Any:
        def loss(place: Any) -> float:
            logits = place[0] * odds + place[1]
            pulled = pull / 2 * ((place[0] - 1) ** 2 + place[1] ** 2)
            return float((np.logaddexp(0, logits) - wanted * logits).sum() + pulled)

        return minimize(loss, [1.0, 0.0], method="BFGS", options={"gtol": 1e-9}).x

    common, shift = fitted(given.ravel() / spread, targets(gold.reshape(-1, 1)).ravel(), 1e-3)
    for place in range(3):
        odds = given[:, place] / spread * common + shift
        slope, more = fitted(odds, targets(gold[:, place]), 1.0)
        assert found.scale[place] == pytest.approx(slope * common / spread, rel=1e-3)
        assert found.offset[place] == pytest.approx(slope * shift + more, rel=1e-3, abs=1e-3)


def test_calibration_of_hardly_anything_stays_finite() -> None:
    for gold in ([[True, False]], [[True, True]], [[False, False]], [[True, False], [False, True]] * 40):
        wanted = np.array(gold)
        found = calibrated_labels(np.where(wanted, 2.0, -2.0), wanted)
        assert np.isfinite(found.scale).all()
        assert np.isfinite(found.offset).all()
        assert (found.scale > 0).all()
    given, _ = decisions(50)
    turned = calibrated_labels(given, given < 0)
    assert (turned.scale > 0).all(), "decisions are never turned round"
    none = calibrated_labels(np.zeros((0, 2)), np.zeros((0, 2), bool))
    np.testing.assert_array_equal(none.probabilities(np.zeros((1, 2))), [[0.5, 0.5]])
    huge = LabelCalibration.none(2).probabilities(np.array([[1e308, -1e308]]))
    np.testing.assert_allclose(huge, [[1.0, 0.0]], atol=1e-6)


def test_the_best_f1_is_that_of_all_thresholds() -> None:
    chance = np.random.default_rng(0)
    for _ in range(20):
        gold = chance.random(50) < 0.3
        scores = np.round(chance.random(50), 1)
        found, threshold = best_f1(scores, gold)
        tried = [f1_score(gold, scores >= one, zero_division=0) for one in np.unique(scores)]
        assert found == pytest.approx(max(tried) if gold.any() else 0.0)
        assert f1_score(gold, scores >= threshold, zero_division=0) == pytest.approx(found)
    assert best_f1(np.array([0.2, 0.3]), np.array([False, False])) == (0.0, 0.5)
    assert best_f1(np.zeros(0), np.zeros(0, bool)) == (0.0, 0.5)


def test_thresholds_of_few_texts_are_drawn_to_those_of_all() -> None:
    chance = np.random.default_rng(1)
    probabilities = chance.random((4000, 3)).astype(np.float32)
    gold = probabilities > 0.3
    gold[:, 1] = False
    gold[:2, 1] = True
    gold[:, 2] = probabilities[:, 2] > 0.8
    many, few, high = tuned_thresholds(probabilities, gold)
    assert many == pytest.approx(0.3, abs=0.01)
    assert high == pytest.approx(0.8, abs=0.02)
    assert few != many
    (alone,) = tuned_thresholds(np.array([[0.9], [0.8]], np.float32), np.array([[True], [False]]))
    assert 0.45 < alone < 0.6, "one text says next to nothing"
    assert tuned_thresholds(np.zeros((2, 2), np.float32), np.zeros((2, 2), bool)) == (0.5, 0.5)
    assert tuned_thresholds(np.zeros((0, 2), np.float32), np.zeros((0, 2), bool)) == (0.5, 0.5)


def test_a_linear_model_is_that_of_one_against_the_rest() -> None:
    rows = documents()
    model = Linear(LinearConfig(label_sep=";", C=1.0, nb=0.0)).fit(rows, log=TrainingLog())
    gold = label_matrix(rows, model.labels, ";")
    vectorizer = model.learned.vectorizer
    matrix = _matrix(vectorizer, [one.text for one in rows])
    other = OneVsRestClassifier(LinearSVC(C=1.0, max_iter=1000, random_state=0)).fit(matrix, gold.astype(int))
    fresh = [one.text for one in documents(30, seed=5)]
    expected = other.decision_function(_matrix(vectorizer, fresh))
    sums, _ = vectorizer.score(fresh, model.learned.weights)
    np.testing.assert_allclose(sums + model.learned.bias, expected, atol=1e-3)


def test_labels_of_new_texts() -> None:
    log = TrainingLog()
    model = Linear(LinearConfig(label_sep=";")).fit(documents(120), valid=documents(60, seed=1), log=log)
    fresh = documents(60, seed=2)
    found = model.predict_labels([one.text for one in fresh])
    assert (
        np.mean(
            [
                ";".join(sorted(one)) == ";".join(sorted(filter(None, (two.label or "").split(";"))))
                for one, two in zip(found, fresh, strict=True)
            ]
        )
        > 0.9
    )
    assert model.predict_labels(["球队 股市 电影", "", "今天"])[1:] == [(), ()]
    probabilities = model.predict_proba(["球队和银行"])
    order = [model.labels[place] for place in (-probabilities[0]).argsort()]
    assert model.predict_labels(["球队和银行"])[0] == tuple(order[:2]), "the likeliest first"
    facts: Any = log.facts
    assert facts["calibration"]["ece_after"] < facts["calibration"]["ece_before"]
    assert facts["valid"].keys() >= {"subset_accuracy", "micro_f1", "macro_f1", "hamming_loss", "ece"}
    assert model.thresholds is not None
    assert (chosen(model.predict_proba(["球队"]), model.thresholds)[0] == [False, False, False]).sum() == 2


def test_every_classifier_has_labels() -> None:
    """One that knows of no sets gives one label each."""
    pairs: list[Document] = [Document("", "球球球", "体育"), Document("", "股股股", "财经")]
    assert predicted_sets(Centroid().fit(pairs, log=TrainingLog()), ["球", "股"]) == [("体育",), ("财经",)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "thresholds", [None, [], [0.5], [0.5, 0.5, 1.0], [0.5, 0.5, 0], [0.5, 0.5, "1"], [0.5, 0.5, True], 0.5]
)
def test_other_thresholds_are_refused(tmp_path: Path, thresholds: Any) -> None:
    Linear(LinearConfig(label_sep=";")).fit(documents(), log=TrainingLog()).save(tmp_path)
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "thresholds": thresholds}), "utf-8")
    with pytest.raises(ArtifactError):
        Linear.load(tmp_path, tokenizer=Tokenizer())


def test_thresholds_without_sets_are_refused(tmp_path: Path) -> None:
    rows = [
        Document("", "球队", "体育"),
        Document("", "球赛", "体育"),
        Document("", "股市", "财经"),
        Document("", "股票", "财经"),
    ]
    Linear().fit(rows, log=TrainingLog()).save(tmp_path)
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "thresholds": [0.5, 0.5]}), "utf-8")
    with pytest.raises(ArtifactError, match="one label a text"):
        Linear.load(tmp_path, tokenizer=Tokenizer())


def test_weights_of_members_go_by_micro_f1() -> None:
    chance = np.random.default_rng(0)
    gold = chance.random((80, 3)) < 0.4
    right = np.where(gold, 0.9, 0.1).astype(np.float32)
    noise = chance.random(gold.shape).astype(np.float32)
    assert best_weights([noise, right], gold)[1] == 1.0 or best_weights([noise, right], gold)[1] >= 0.65
    assert best_weights([1 - right, right], gold) == [0.0, 1.0]


@pytest.mark.parametrize(
    "settings",
    [
        {"label_sep": "\n"},
        {"label_sep": "x" * 17},
        {"label_sep": 3},
        {"label_sep": ",", "multiclass": "softmax", "model": "logistic"},
    ],
)
def test_settings_that_make_no_sense(settings: Any) -> None:
    with pytest.raises(UsageError):
        LinearConfig(**settings)
