"""The conformance table where a text may have several labels: every architecture learns them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.test_conformance import CASES, ODD, TEXTS
from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, InputError
from textpipe.models import Classifier, classifier_class, names
from textpipe.models.files import load_classifier, save_classifier
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

FURTHER = ("linear logistic", "linear perceptron", "textcnn of both", "gru, last state")
FIRST = {arch: name for name, (arch, _) in reversed(CASES.items())}  # of each architecture
MANY = [*FIRST.values(), *FURTHER]
BOTH = "体育 | 财经"
SETS = (
    *(("体育" if label else "财经", text) for text, label in TEXTS),
    (BOTH, "球队和银行签约，联赛得到贷款"),
    (BOTH, "冠军的股市投资小幅上涨"),
    ("", "今天天气晴朗"),
    (" ", "邻居养了三只猫"),
)
DOCUMENTS = [Document(f"d{number}", text, label) for number, (label, text) in enumerate(SETS)]
NAMES = ("体育", "财经")


def fitted(
    case: str,
    documents: Sequence[Document] = DOCUMENTS,
    *,
    valid: Sequence[Document] = (),
    log: TrainingLog | None = None,
) -> Classifier:
    arch, settings = CASES[case]
    made = classifier_class(arch)
    if "epochs" in settings:
        settings = {**settings, "metric": "loss"}  # the average precision of so few is 1 long before all is learned
    config = made.Config(**settings, label_sep="|")
    return made(config, workers=1, device="cpu").fit(documents, valid=valid, log=log or TrainingLog())


@pytest.fixture(scope="module", params=MANY, name="case")
def case_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", name="model")
def model_(case: str) -> Classifier:
    """Judged by what it learned, so that it trusts itself: of so few texts none held back is like the others."""
    return fitted(case, valid=DOCUMENTS)


@pytest.mark.parametrize("arch", names())
def test_every_architecture_has_the_setting(arch: str) -> None:
    assert {"label_sep"} <= {field.name for field in fields(classifier_class(arch).Config)}


def test_sets_are_learned_by_heart(model: Classifier) -> None:
    assert model.labels == NAMES
    texts = [one.text for one in DOCUMENTS]
    found = model.predict_proba(texts)
    for row, one in zip(found, DOCUMENTS, strict=True):
        for place, label in enumerate(NAMES):
            assert (row[place] > 0.5) == (label in (one.label or "")), (one.text, row)
    assert model.predict(texts[:8]) == [one.label for one in DOCUMENTS[:8]]


def test_probabilities_are_each_labels_own(model: Classifier) -> None:
    found = model.predict_proba([*ODD, *(one.text for one in DOCUMENTS)])
    assert found.dtype == np.float32
    assert found.shape == (len(ODD) + len(DOCUMENTS), 2)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
    assert found[len(ODD) + 8].sum() > 1, "both"
    assert found[-1].sum() < 1, "none"


def test_nothing_known_is_what_labels_get_by_chance(model: Classifier) -> None:
    np.testing.assert_allclose(model.predict_proba(["", " \n"]), [[0.5, 0.5]] * 2, atol=1e-6)


def test_labels_are_those_over_their_thresholds(model: Classifier) -> None:
    assert model.thresholds is not None
    assert len(model.thresholds) == 2
    texts = [*ODD, *(one.text for one in DOCUMENTS)]
    for found, row in zip(model.predict_labels(texts), model.predict_proba(texts), strict=True):
        over = {
            label
            for label, chance, least in zip(NAMES, row, model.thresholds, strict=True)
            if chance >= np.float32(least)
        }
        assert set(found) == over
        assert len(found) == len(over)
    assert model.predict_labels([]) == []


def test_save_then_load_gives_equal_labels(model: Classifier, tmp_path: Path) -> None:
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path, device="cpu")
    assert (loaded.labels, loaded.config, loaded.thresholds) == (model.labels, model.config, model.thresholds)
    texts = [*ODD, *(one.text for one in DOCUMENTS)]
    np.testing.assert_array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert loaded.predict_labels(texts) == model.predict_labels(texts)


@pytest.mark.parametrize("thresholds", [None, [0.5], [0.5, 1.5], [0.5, "0.5"]])
def test_changed_thresholds_are_refused(model: Classifier, tmp_path: Path, thresholds: Any) -> None:
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "thresholds": thresholds}), "utf-8")
    with pytest.raises(ArtifactError):
        load_classifier(tmp_path, device="cpu")


def test_the_same_seed_gives_the_same_files(case: str, model: Classifier, tmp_path: Path) -> None:
    for name, one in (("a", model), ("b", fitted(case, valid=DOCUMENTS))):
        (tmp_path / name).mkdir()
        save_classifier(tmp_path / name, one, tokenizer=Tokenizer())
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_held_back_sets_choose_thresholds(case: str) -> None:
    """Labels that training has not are passed over, not the texts that have them; rows without a cell are."""
    valid = [
        *DOCUMENTS,
        Document("new", "瓷器", "文化"),
        Document("more", "球队", "体育|文化"),
        Document("no", "股", None),
    ]
    log = TrainingLog()
    model = fitted(case, valid=valid, log=log)
    assert model.labels == NAMES
    assert model.held_back is not None
    assert model.held_back.shape == (len(DOCUMENTS) + 2, 2)
    np.testing.assert_allclose(model.held_back, model.predict_proba([one.text for one in valid[:-1]]), atol=1e-5)
    facts: Any = log.facts
    assert facts["valid"]["micro_f1"] > 0.8
    assert 0 <= facts["calibration"]["ece_after"] < 0.5
    assert model.thresholds is not None
    assert all(0 < one < 1 for one in model.thresholds)


def test_one_label_alone_is_refused(case: str) -> None:
    with pytest.raises(InputError, match="label"):
        fitted(case, [Document("", "球队", "体育"), Document("", "股市", "")])
    with pytest.raises(InputError, match="label"):
        fitted(case, [Document("", "球队", ""), Document("", "股市", " | ")])


def test_a_label_on_every_text_and_one_on_a_single_text(case: str) -> None:
    rows = [Document(one.id, one.text, f"{one.label}|每篇") for one in DOCUMENTS]
    rows.append(Document("alone", "博物馆展出古代瓷器", "每篇|文化"))
    model = fitted(case, rows)
    assert model.labels == tuple(sorted(("体育", "每篇", "文化", "财经")))
    found = model.predict_proba([one.text for one in rows])
    assert np.isfinite(found).all()
    assert (found[:, model.labels.index("每篇")] > 0.5).all()
