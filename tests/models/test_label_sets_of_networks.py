"""Several labels a text, as networks and `auto` learn them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

import textpipe
from tests.models.test_label_sets import documents
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.models.auto import Auto, AutoConfig
from textpipe.models.files import load_classifier, save_classifier
from textpipe.models.mlp import MLP
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import EpochReport, TrainingLog

SMALL: dict[str, Any] = {
    "unit": "char",
    "epochs": 12,
    "dim": 16,
    "batch_size": 16,
    "lr": 0.02,
    "label_sep": ";",
    "hidden": (),
}


def trained(log: TrainingLog | None = None, *, refit: bool = False, **settings: Any) -> MLP:
    model = MLP(MLP.Config(**{**SMALL, **settings}), workers=1, device="cpu")
    return model.fit(documents(90), valid=documents(60, seed=1), refit=refit, log=log or TrainingLog())


def subset_accuracy(model: Any) -> float:
    fresh = documents(60, seed=2)
    found = model.predict_labels([one.text for one in fresh])
    gold = [tuple(sorted(filter(None, (one.label or "").split(";")))) for one in fresh]
    return float(np.mean([tuple(sorted(one)) == two for one, two in zip(found, gold, strict=True)]))


def test_a_network_learns_sets() -> None:
    epochs: list[EpochReport] = []
    log = TrainingLog(epoch=epochs.append)
    model = trained(log)
    assert subset_accuracy(model) > 0.75
    ranked = [report.scores["mean_average_precision"] for report in epochs]
    best = [report.epoch for report in epochs if report.best]
    assert ranked[best[-1] - 1] == max(ranked)
    facts: Any = log.facts
    assert len(facts["scale"]) == len(facts["offset"]) == 3
    assert 0 <= facts["calibration"]["ece_after"] < 0.3
    assert facts["valid"]["micro_f1"] > 0.8


@pytest.mark.parametrize(
    "settings", [{"loss": "focal"}, {"loss": "squared"}, {"loss": "hinge"}, {"class_weights": "balanced"}]
)
def test_other_losses_learn_sets(settings: dict[str, Any]) -> None:
    assert subset_accuracy(trained(**settings)) > 0.7


def test_relearning_keeps_what_held_back_texts_said() -> None:
    first, again = trained(), trained(refit=True, relearn=True)
    assert again.thresholds == first.thresholds
    np.testing.assert_array_equal(again.learned.calibration.scale, first.learned.calibration.scale)
    assert (again.predict_proba(["球队"]) != first.predict_proba(["球队"])).any()


def test_held_back_texts_without_any_label_choose_nothing() -> None:
    rows = [one for one in documents(60) if not one.label]
    model = MLP(MLP.Config(**SMALL), workers=1, device="cpu").fit(documents(90), valid=rows, log=TrainingLog())
    assert model.thresholds == (0.5, 0.5, 0.5)
    assert subset_accuracy(model) > 0.7, "the last epoch is kept, not the first"


def test_settings_of_sets_alone() -> None:
    with pytest.raises(UsageError, match="several labels a text"):
        MLP.Config(metric="mean_average_precision")
    assert MLP.Config(metric="mean_average_precision", label_sep=",").label_sep == ","


@pytest.mark.parametrize(
    "change", [{"scale": 1.0}, {"scale": [1.0, 1.0]}, {"scale": [1.0, 0.0, 1.0]}, {"offset": None}]
)
def test_other_calibrations_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    trained(epochs=1).save(tmp_path)
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(ArtifactError):
        MLP.load(tmp_path, tokenizer=Tokenizer(), device="cpu")


def test_an_ensemble_of_sets(tmp_path: Path) -> None:
    log = TrainingLog(work=tmp_path / "work")
    model = Auto(AutoConfig(network="always", label_sep=";"), workers=1, device="cpu")
    model.fit(documents(90), valid=documents(60, seed=1), refit=True, log=log)
    assert subset_accuracy(model) > 0.75
    assert {"valid", "calibration", "members"} <= log.facts.keys()
    (tmp_path / "model").mkdir()
    save_classifier(tmp_path / "model", model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path / "model", device="cpu")
    texts = [one.text for one in documents(20, seed=3)]
    assert loaded.predict_labels(texts) == model.predict_labels(texts)
    assert loaded.thresholds == model.thresholds
    path = tmp_path / "model" / "classifier.json"
    description = json.loads(path.read_text("utf-8"))
    description["config"]["label_sep"] = ","
    path.write_text(json.dumps(description), "utf-8")
    with pytest.raises(ArtifactError, match="other labels"):
        load_classifier(tmp_path / "model", device="cpu")


def test_in_python() -> None:
    pairs = [(one.text, (one.label or "").split(";") if one.label else []) for one in documents(80)]
    model = textpipe.train_classifier(pairs, arch="linear", label_sep=";")
    assert subset_accuracy(model) > 0.75
    texts = [(text, ";".join(labels)) for text, labels in pairs]
    again = textpipe.train_classifier(texts, arch="linear", label_sep=";")
    np.testing.assert_array_equal(model.predict_proba(["球队"]), again.predict_proba(["球队"]))
    with pytest.raises(InputError, match="holds the separator"):
        textpipe.train_classifier([("球", ["a;b"])], arch="linear", label_sep=";")
    with pytest.raises(UsageError, match="not a document with a label"):
        textpipe.train_classifier([("球", ["a", "b"])], arch="linear")
