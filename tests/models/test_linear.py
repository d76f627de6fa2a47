"""Linear classifiers: scikit-learn's weights, probabilities that can be trusted, files, hostile texts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tests.conftest import ROOT
from tests.features.making import HOSTILE, news, same
from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, InputError, ResourceError, UsageError
from textpipe.features.vectorizer import Vectorizer
from textpipe.models import classifier_class, linear_training
from textpipe.models.calibration import Calibration, calibrated
from textpipe.models.files import load_classifier, save_classifier
from textpipe.models.linear import Linear, LinearConfig
from textpipe.models.linear_choice import held_back
from textpipe.models.linear_training import log_count_ratio
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

NEWS = news()
TEXTS = [document.text for document in NEWS]
GOLD = [document.label or "" for document in NEWS]
EIGHT = [
    Document(str(number), text, label)
    for number, (text, label) in enumerate(
        [
            ("球队赢了比赛", "体 育"),
            ("球员进球了", "体 育"),
            ("股市今天大跌", "财\t经"),
            ("银行降低利率", "财\t经"),
            ("新手机发布了", "tech é"),
            ("芯片更快了", "tech é"),
            ("导演拍了新片", "🎬"),
            ("演员得了奖", "🎬"),
        ]
    )
]
KINDS: list[dict[str, Any]] = [
    {"model": "svm"},
    {"model": "svm", "penalty": "l1", "C": 30.0},
    {"model": "svm", "nb": 0.0, "C": 1.0, "class_weights": "balanced"},
    {"model": "logistic"},
    {"model": "logistic", "penalty": "l1", "C": 100.0},
    {"model": "logistic", "multiclass": "softmax"},
    {"model": "logistic", "multiclass": "softmax", "penalty": "l1", "C": 100.0, "nb": 0.0},
    {"model": "perceptron"},
    {"model": "perceptron", "penalty": "l1", "class_weights": "balanced"},
]
NAMES = ["-".join(str(value) for value in kind.values()) for kind in KINDS]


def fitted(documents: list[Document], *, log: TrainingLog | None = None, **settings: Any) -> Linear:
    return Linear(LinearConfig(**settings)).fit(documents, log=log or TrainingLog())


# ---------------------------------------------------------------------------------------- learning


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
@pytest.mark.parametrize("labels", [4, 2])
def test_every_kind_learns_by_heart(kind: dict[str, Any], labels: int, tmp_path: Path) -> None:
    """Its probabilities are some, it is the same the second time, and after it was saved."""
    documents = EIGHT[: 2 * labels]
    texts = [document.text for document in documents]
    model = fitted(documents, **kind)
    assert model.predict(texts) == [document.label for document in documents]
    assert model.labels == tuple(sorted({document.label or "" for document in documents}))
    found = model.predict_proba([*texts, *HOSTILE])
    assert found.dtype == np.float32
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-5
    assert (found >= 0).all()
    assert np.array_equal(fitted(documents, **kind).predict_proba([*texts, *HOSTILE]), found)
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path)
    assert np.array_equal(loaded.predict_proba([*texts, *HOSTILE]), found)
    loaded.save(tmp_path, prefix="again-")
    for path in tmp_path.glob("again-*"):
        assert path.read_bytes() == (tmp_path / path.name.removeprefix("again-")).read_bytes()


def test_a_plain_svm_is_scikit_learns() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    settings: dict[str, Any] = {"unit": "char", "char_ngrams": (1, 2), "char_min_count": 1, "sublinear": False}
    model = fitted(NEWS[::2], **settings, nb=0.0, C=1.0, fold=False)
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
    peer = LinearSVC(C=1.0, dual=True, random_state=0).fit(vectorizer.fit_transform(TEXTS[::2]), GOLD[::2])
    asked = vectorizer.transform(TEXTS)
    kept = model.learned
    sums, _ = kept.vectorizer.score(TEXTS, kept.weights)
    assert np.abs(sums + kept.bias - peer.decision_function(asked)).max() < 1e-3
    assert model.predict(TEXTS) == peer.predict(asked).tolist()


def test_labels_one_by_one_are_scikit_learns() -> None:
    """With features scaled by the log-count ratio, computed here as the paper has it."""
    from sklearn.linear_model import LogisticRegression

    model = fitted(NEWS, model="logistic", C=5.0, nb=0.7)
    kept = model.learned
    bounds, columns, values = kept.vectorizer.rows(TEXTS)
    rows = csr_matrix((values, columns, bounds), (len(TEXTS), kept.vectorizer.features)).toarray()
    for column, label in enumerate(model.labels):
        own = np.array(GOLD) == label
        p, q = (rows[own] > 0).sum(axis=0) + 1, (rows[~own] > 0).sum(axis=0) + 1
        scale = np.abs(np.log((p / p.sum()) / (q / q.sum()))) ** 0.7
        peer = LogisticRegression(C=5.0, solver="liblinear", random_state=0, max_iter=1000).fit(rows * scale, own)
        expected = peer.decision_function(rows * scale)
        assert np.abs(rows @ kept.weights[:, column] + kept.bias[column] - expected).max() < 1e-3


def test_the_log_count_ratio() -> None:
    rows = csr_matrix(np.array([[1.0, 1, 0], [1, 0, 0], [0, 1, 1]]))
    found = log_count_ratio(rows[:2], np.array([2, 2, 1]))
    assert np.allclose(found, np.abs(np.log(np.array([3, 2, 1]) / 6) - np.log(np.array([1, 2, 2]) / 5)))


def test_balanced_weights_help_the_rare() -> None:
    documents = [Document(str(n), f"词{n % 7} 甲", "many") for n in range(60)]
    documents += [Document("r", "词1 甲", "rare"), Document("s", "词2 甲", "rare")]
    shares = [
        fitted(documents, model="logistic", C=1.0, class_weights=weights).predict_proba(["甲"])[0, 1]
        for weights in ("none", "balanced")
    ]
    assert shares[0] < 0.1 < shares[1]


def test_scores_on_valid_and_refit() -> None:
    log = TrainingLog()
    part = NEWS[::2]
    valid = [*NEWS[1::2], Document("x", "没有这个标签", "unheard of")]
    model = Linear().fit(part, valid=valid, log=log)
    gold = [document.label for document in valid[:-1]]
    right = [one == other for one, other in zip(model.predict(TEXTS[1::2]), gold, strict=True)]
    scores = log.facts["valid"]
    assert isinstance(scores, dict)
    assert scores["accuracy"] == pytest.approx(np.mean(right))
    assert log.facts["C"] in (0.1, 0.3, 1.0, 3.0)
    again = TrainingLog()
    refitted = Linear().fit(part, valid=valid, refit=True, log=again)
    assert again.facts["valid"] == scores
    assert again.facts["features"] > log.facts["features"]  # type: ignore[operator]
    assert refitted.labels == model.labels
    assert refitted.predict(TEXTS) == GOLD


def test_progress_and_warnings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_training, "_STEPS", 1)
    shares: list[float] = []
    notes: list[str] = []
    log = TrainingLog(share=lambda share, _state: shares.append(share), note=notes.append)
    fitted(NEWS, log=log)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(notes) == 1
    assert notes[0].startswith("ConvergenceWarning: ")


@pytest.mark.parametrize("labels", [["a", "a"], []])
def test_fewer_than_two_labels_are_refused(labels: list[str]) -> None:
    with pytest.raises(InputError, match="label"):
        fitted([Document(str(number), "文本", label) for number, label in enumerate(labels)])


def test_no_features_are_refused() -> None:
    with pytest.raises(InputError, match="n-gram"):
        fitted([Document("1", "", "a"), Document("2", " ", "b")], unit="word")


def test_one_document_a_label() -> None:
    """What is held back then has labels that nothing was learned of."""
    model = fitted([Document("1", "长江", "a"), Document("2", "黄河", "b")])
    assert model.predict(["长江", "黄河"]) == ["a", "b"]
    model = fitted([Document(text, text, text) for text in "甲乙丙丁"])
    assert model.predict(list("甲乙丙丁")) == list("甲乙丙丁")


def test_a_thousand_labels() -> None:
    documents = [Document(str(n), f"第{n}号", f"{n:04}") for n in range(1000)]
    model = fitted(documents, C=1.0, unit="char", char_min_count=1, char_ngrams=(1, 5), nb=0.0)
    assert model.predict_proba(["第77号", "第999号"]).shape == (2, 1000)
    assert model.predict(["第77号", "第999号"]) == ["0077", "0999"]


def test_too_many_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_training, "_MOST", 1000)
    with pytest.raises(ResourceError, match="features"):
        fitted(NEWS)


def test_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_more: object) -> Vectorizer:
        raise MemoryError

    monkeypatch.setattr(Vectorizer, "fit", fail)
    with pytest.raises(ResourceError, match="memory"):
        fitted(NEWS)


def test_settings_that_make_no_sense() -> None:
    for settings in ({"model": "svn"}, {"C": -1.0}, {"nb": float("nan")}, {"char_ngrams": (2, 1)}):
        with pytest.raises(UsageError, match=next(iter(settings))):
            LinearConfig(**settings)


# ---------------------------------------------------------------------------------------- probabilities


@pytest.mark.parametrize("truth", [Calibration(True, 2.5), Calibration(False, 2.5, -1.5), Calibration(False, 6.0, 3.0)])
def test_calibration_is_found(truth: Calibration) -> None:
    generator = np.random.default_rng(1)
    decisions = generator.normal(size=(6000, 3))
    gold = np.array([generator.choice(3, p=row / row.sum()) for row in truth.probabilities(decisions).astype(float)])
    found = calibrated(decisions, gold, together=truth.together)
    assert np.abs(found.probabilities(decisions) - truth.probabilities(decisions)).max() < 0.03
    likeliest = found.probabilities(decisions)[np.arange(6000), decisions.argmax(axis=1)]
    assert (likeliest == found.probabilities(decisions).max(axis=1)).all()


def test_calibration_of_two_labels_moves_no_label() -> None:
    generator = np.random.default_rng(1)
    decisions = generator.normal(size=(6000, 1))
    second = (generator.random(6000) < Calibration(False, 0.4).probabilities(decisions)[:, 1]).astype(np.int64)
    found = calibrated(decisions, second, together=False)
    assert found.scale == pytest.approx(0.4, rel=0.15)
    assert found.offset == 0.0


def test_calibration_without_an_error_is_finite() -> None:
    found = calibrated(np.eye(3), np.arange(3), together=True)
    assert 1 < found.scale < 100
    assert calibrated(np.zeros((0, 3)), np.zeros(0, np.int64), together=False) == Calibration(False)


@pytest.mark.parametrize("together", [True, False])
def test_probabilities_of_extreme_decisions(together: bool) -> None:
    for row in ([-1e9, -1e9, -1e9], [1e9, 0, -1e9], [-1e9], [1e9]):
        assert Calibration(together).probabilities(np.array([row])).sum() == pytest.approx(1)


def test_what_is_held_back() -> None:
    """Each row once, labels in proportion; texts that are learned from judge nothing."""
    gold = np.array([0] * 40 + [1] * 10)
    rows = csr_matrix(np.arange(50.0)[:, None])
    splits = list(held_back(rows, gold, [str(number) for number in range(50)], seed=3))
    held = np.concatenate([split.held.toarray()[:, 0] for split in splits])
    assert sorted(held.tolist()) == list(range(50))
    assert [int(split.held_gold.sum()) for split in splits] == [2] * 5
    alike = list(held_back(rows, gold, ["same"] * 20 + [str(number) for number in range(30)], seed=3))
    assert sum(len(split.held_gold) for split in alike) == 30
    assert sum(len(split.gold) for split in alike) == 4 * 50


def test_what_is_not_known_has_the_prior() -> None:
    documents = [*NEWS[:30], *NEWS[-5:]]
    model = fitted(documents)
    shares = [sum(document.label == label for document in documents) / 35 for label in model.labels]
    found = model.predict_proba(["", "龘龘", TEXTS[0]])
    assert np.allclose(found[:2], shares)
    assert not np.allclose(found[2], shares)


def test_predictions_stand_alone() -> None:
    model = fitted(NEWS)
    whole = model.predict_proba([*TEXTS, *HOSTILE])
    single = np.concatenate([model.predict_proba([text]) for text in [*TEXTS, *HOSTILE]])
    assert np.array_equal(whole, single)
    assert model.predict_proba([]).shape == (0, len(model.labels))
    assert model.predict([]) == []


def test_a_very_long_text() -> None:
    model = fitted(NEWS)
    found = model.predict_proba(["".join(TEXTS) * 40, "\0" * 1_000_000])
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-5


def test_not_trained() -> None:
    with pytest.raises(UsageError, match="not trained"):
        Linear().predict(["a"])


# ---------------------------------------------------------------------------------------- files


def described(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "classifier.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes))

    return change


def weights(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def replace_array(folder: Path) -> None:
        np.save(folder / "weights.npy", change(np.load(folder / "weights.npy")))

    return replace_array


@pytest.mark.parametrize(
    "damage",
    [
        described(bias=[0.0]),
        described(bias=None),
        described(bias=["0"] * 4),
        described(bias=[float("nan")] * 4),
        described(prior=[0.5] * 4),
        described(prior=[-1.0, 2.0, 0.0, 0.0]),
        described(scale=0),
        described(scale="1"),
        described(offset=None),
        described(scale=10**400),
        described(labels=["a", "b", "c"]),
        described(config={"unit": "char", "layers": 3}),
        described(config={"C": "1"}),
        described(arch="perceptron"),
        weights(lambda array: array[:-1]),
        weights(lambda array: array[:, :-1]),
        weights(lambda array: array.astype(np.float64)),
        weights(lambda array: np.where(array > 0, np.float32(np.nan), array)),
        weights(lambda array: np.asfortranarray(array)),
        lambda folder: (folder / "weights.npy").unlink(),
        lambda folder: (folder / "table.npy").unlink(),
    ],
)
def test_damage_is_found(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    save_classifier(tmp_path, fitted(EIGHT, C=1.0), tokenizer=Tokenizer())
    load_classifier(tmp_path)
    damage(tmp_path)
    with pytest.raises(ArtifactError):
        load_classifier(tmp_path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        Linear.load(tmp_path, tokenizer=Tokenizer())


def test_two_in_one_folder(tmp_path: Path) -> None:
    models = [fitted(EIGHT, C=1.0, unit=unit) for unit in ("char", "word")]
    texts = [document.text for document in EIGHT]
    for number, model in enumerate(models):
        model.save(tmp_path, prefix=f"{number}-")
    for number, model in enumerate(models):
        found = Linear.load(tmp_path, prefix=f"{number}-", tokenizer=Tokenizer())
        assert found.config == replace(LinearConfig(C=1.0), unit="word" if number else "char")
        assert same([found.predict_proba(texts)], [model.predict_proba(texts)])


def test_predicting_needs_numpy_alone(tmp_path: Path) -> None:
    save_classifier(tmp_path, fitted(EIGHT), tokenizer=Tokenizer())
    code = """
import sys
from pathlib import Path
from textpipe.models.files import load_classifier
print(load_classifier(Path(sys.argv[1])).predict([sys.argv[2]])[0])
heavy = {"sklearn", "scipy", "torch", "networkx", "jieba", "textpipe.models.linear_training"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), EIGHT[4].text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "tech é", done.stderr


def test_it_is_found_by_name() -> None:
    assert classifier_class("linear") is Linear
