from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.texts import documents, trained
from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.models import classifier_class
from textpipe.models.mlp import MLP
from textpipe.models.recurrent import Recurrent
from textpipe.models.textcnn import TextCNN
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog
from textpipe.training.steps import read_steps

SMALL: dict[Any, dict[str, Any]] = {
    MLP: {"hidden": (8,), "buckets": 100, "epochs": 2},
    TextCNN: {"filters": 4, "epochs": 2},
    Recurrent: {"hidden": 4, "epochs": 2},
}
TEXTS = ["球队比赛", "股市", "", "鼋", "电影票房上涨"]


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("unit", ["word", "both"])
def test_saved_and_loaded_probabilities_are_equal(tmp_path: Path, kind: Any, unit: str) -> None:
    model = trained(kind, unit=unit, **SMALL[kind])
    model.save(tmp_path, prefix="m.")
    assert all(path.name.startswith("m.") for path in tmp_path.iterdir())
    again = kind.load(tmp_path, prefix="m.", tokenizer=Tokenizer(), device="cpu")
    assert again.labels == model.labels
    assert np.array_equal(model.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert len(read_steps(tmp_path / "m.steps.jsonl").epochs) == 2


def test_texts_without_anything_known_get_what_labels_get_by_chance() -> None:
    model = trained(MLP, **SMALL[MLP])
    found = model.predict_proba(["", "鼋鼍", "球队"])
    np.testing.assert_allclose(found[:2], [[1 / 3] * 3] * 2, atol=1e-6)
    assert abs(found[2] - 1 / 3).max() > 1e-3
    assert model.predict_proba([]).shape == (0, 3)


def test_probabilities_on_held_back_texts_are_told() -> None:
    log = TrainingLog()
    model = trained(MLP, log=log, **{**SMALL[MLP], "epochs": 10})
    valid: Any = log.facts["valid"]
    held = documents(30, seed=1)
    right = np.mean(
        [label == one.label for label, one in zip(model.predict([d.text for d in held]), held, strict=True)]
    )
    assert valid["accuracy"] == pytest.approx(right)
    own = model.predict_proba([one.text for one in held])
    losses = [-np.log(row[model.labels.index(one.label)]) for row, one in zip(own, held, strict=True)]
    assert valid["loss"] == pytest.approx(np.mean(losses), rel=1e-4)


def test_without_held_back_texts_it_learns_all_the_same() -> None:
    log = TrainingLog()
    model = trained(MLP, valid=0, log=log, **{**SMALL[MLP], "epochs": 10, "lr": 0.03})
    assert "valid" not in log.facts
    assert model.predict(["球队比赛教练", "股市银行基金"]) == ["体育", "财经"]


def test_labels_that_only_held_back_texts_have_are_passed_over() -> None:
    other = [Document(id="x", text="球队", label="天气"), Document(id="y", text="球队")]
    model = MLP(MLP.Config(**{**SMALL[MLP], "dim": 4}), workers=1, device="cpu")
    model.fit([*documents(), Document(id="z", text="无")], valid=[*documents(9, seed=1), *other], log=TrainingLog())
    assert model.labels == ("体育", "娱乐", "财经")


def test_one_label_no_label_and_no_text_are_refused() -> None:
    for found, message in (
        ([Document(id="1", text="好", label="a")] * 3, "only one label: 'a'"),
        ([Document(id="1", text="好")], "no labels"),
        ([Document(id="1", text=" ", label="a"), Document(id="2", text="", label="b")], "no tokens"),
    ):
        with pytest.raises(InputError, match=message):
            MLP().fit(found, log=TrainingLog())


def test_what_was_not_trained_predicts_nothing() -> None:
    with pytest.raises(UsageError, match="not trained"):
        TextCNN().predict(["球队"])


def test_without_torch_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.models.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="textcnn needs torch") as caught:
        classifier_class("textcnn")
    assert caught.value.hint == "pip install 'textpipe-zh[torch]'"


def test_long_texts_are_noted() -> None:
    notes: list[str] = []
    log = TrainingLog(note=notes.append)
    trained(MLP, log=log, max_length=5, **SMALL[MLP])
    assert any("longer than 5 units" in note for note in notes)
    assert log.facts["cut"]


def damaged(folder: Path, name: str, change: Any) -> None:
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(arch="mlp"),
        lambda content: content.update(prior=[0.5, 0.5]),
        lambda content: content.update(prior=[2.0, -1.0, 0.0]),
        lambda content: content.update(scale=0.0),
        lambda content: content.update(scale="1"),
        lambda content: content.pop("scale"),
        lambda content: content.update(labels=["a", "b"]),
        lambda content: content["config"].update(filters=5),
        lambda content: content["config"].update(filters="many"),
        lambda content: content["config"].update(widths=5),
        lambda content: content["config"].update(unit="both"),
        lambda content: content["config"].update(unheard=1),
        lambda content: content["config"].update(dim=10**9),
        lambda content: content["config"].update(dim=4096, filters=100_000),  # more than any memory holds
    ],
)
def test_changed_descriptions_are_refused(tmp_path: Path, change: Any) -> None:
    trained(TextCNN, **SMALL[TextCNN]).save(tmp_path)
    damaged(tmp_path, "classifier.json", change)
    with pytest.raises(ArtifactError):
        TextCNN.load(tmp_path, tokenizer=Tokenizer(), device="cpu")


@pytest.mark.parametrize("name", ["weights.safetensors", "characters.txt"])
@pytest.mark.parametrize("how", ["missing", "cut", "empty"])
def test_damaged_files_are_refused(tmp_path: Path, name: str, how: str) -> None:
    trained(TextCNN, **SMALL[TextCNN]).save(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if how != "missing":
        path.write_bytes(b"" if how == "empty" else content[: content.rindex(b"\n") if name[0] == "c" else -5][:-9])
    with pytest.raises(ArtifactError):
        TextCNN.load(tmp_path, tokenizer=Tokenizer(), device="cpu")


@pytest.mark.parametrize("refit", [False, True])
def test_relearning_takes_held_back_texts_in_where_it_may(refit: bool) -> None:
    texts, valid = documents(60), [Document("new", "鼋鼍鼋鼍", documents(1)[0].label), *documents(20, seed=1)]
    log = TrainingLog()
    config = MLP.Config(**SMALL[MLP], unit="char", relearn=True, min_count=1)
    model = MLP(config, workers=1, device="cpu").fit(texts, valid=valid, refit=refit, log=log)
    by_chance, strange = model.predict_proba(["", "鼋鼍鼋鼍"])
    assert (abs(by_chance - strange).max() > 1e-3) == refit  # a word of held-back texts alone
    assert log.facts["refit"] is refit
    assert model.held_back is not None
    np.testing.assert_allclose(model.held_back[0], [1 / 3] * 3, atol=1e-6)  # it was judged before
