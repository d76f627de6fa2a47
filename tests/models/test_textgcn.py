from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.texts import documents
from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError, InputError, UsageError
from textpipe.features.graph import (
    count_windows,
    document_words,
    inverse_frequencies,
    mutual_information,
    normalised,
)
from textpipe.models.files import load_classifier, save_classifier
from textpipe.models.textgcn import TextGCN, TextGCNConfig, known_words
from textpipe.segment.tokenizer import Tokenizer
from textpipe.store import checkpoint
from textpipe.training.log import StepReport, TrainingLog
from textpipe.training.steps import read_steps

SMALL: dict[str, Any] = {"dim": 12, "epochs": 30}
TEXTS = [one.text for one in documents(30, seed=1)]


def trained(
    *, valid: int = 30, log: TrainingLog | None = None, unlabelled: Sequence[str] = (), **settings: Any
) -> TextGCN:
    model = TextGCN(TextGCNConfig(**{**SMALL, **settings}), workers=1, device="cpu")
    held = documents(valid, seed=1)
    return model.fit(documents(), valid=held, refit=True, unlabelled=unlabelled, log=log or TrainingLog())


def accuracy(model: TextGCN) -> float:
    held = documents(30, seed=1)
    return float(np.mean([label == one.label for label, one in zip(model.predict(TEXTS), held, strict=True)]))


@pytest.mark.parametrize("settings", [{}, {"unit": "char"}, {"sublinear": False, "relearn": False, "min_pmi": 0.0}])
def test_it_learns_to_tell_new_texts(settings: dict[str, Any]) -> None:
    log = TrainingLog()
    model = trained(log=log, **settings)
    assert accuracy(model) > 0.8
    assert log.facts["refit"] is settings.get("relearn", True)
    assert model.held_back is not None
    assert model.held_back.shape == (30, 3)


def test_it_learns_anew_to_the_epoch_that_was_best_on_held_back_texts() -> None:
    """Whose weights those are: of a training on all texts that is ended there, with nothing held back."""
    log, ends = TrainingLog(), []
    model = trained(log=log, epochs=60, patience=5, lr=0.3)
    best: Any = log.facts["best_epoch"]
    assert best < 60
    everything = [*documents(), *documents(30, seed=1)]
    told = TrainingLog(epoch=lambda report: ends.append(report.epoch))
    whole = TextGCN(TextGCNConfig(**SMALL | {"epochs": 60, "patience": 5, "lr": 0.3}), workers=1, device="cpu")
    whole.labels = model.labels
    whole._fitted = whole._learn(everything, [], [], told, until=best)
    assert ends[-1] == best
    np.testing.assert_array_equal(whole.learned.words.rows, model.learned.words.rows)


def naive_decisions(model: TextGCN, texts: Sequence[str]) -> Any:
    """Of texts that are nodes of a graph with rows of zeros: all of A relu(A R) W, with dense matrices."""
    fitted = model._fitted
    assert fitted is not None
    ids, bounds = known_words(fitted.inputs.encode([one.text for one in documents()]))
    size = len(fitted.words.idf)
    idf = inverse_frequencies(ids, bounds, words=size)
    near = mutual_information(count_windows(ids, bounds, words=size), least=model.config.min_pmi)
    graph = normalised(near, document_words(ids, bounds, idf, sublinear=True))
    np.testing.assert_allclose(graph.degrees, fitted.words.degrees)
    new = document_words(*known_words(fitted.inputs.encode(texts)), idf, sublinear=True).toarray()
    sums = new.sum(axis=1) + 1
    new = new / np.sqrt(np.outer(sums, graph.degrees))
    hidden = np.maximum(new @ fitted.words.rows, 0)
    return new @ fitted.words.passed + (hidden @ fitted.words.last) / sums[:, None]


def test_a_new_text_is_a_node_with_no_row_of_its_own() -> None:
    model = trained(valid=0)
    fitted = model._fitted
    assert fitted is not None
    decisions = fitted.words.decisions(fitted.words.edges(fitted.inputs.encode(TEXTS), sublinear=True))
    np.testing.assert_allclose(decisions, naive_decisions(model, TEXTS), atol=1e-4)


def test_texts_without_labels_are_answered_for_by_their_own_nodes(tmp_path: Path) -> None:
    log = TrainingLog()
    model = trained(unlabelled=[*TEXTS[:10], TEXTS[0], ""], log=log)
    assert log.facts["unlabelled"] == 12
    assert accuracy(model) > 0.8
    fitted = model._fitted
    assert fitted is not None
    assert len(fitted.nodes) == 11
    as_new = fitted._replace(nodes=fitted.nodes[:0])
    differs = (model.predict_proba(TEXTS) != model._probabilities(as_new, TEXTS)).any(axis=1)
    assert differs[:10].all()
    assert not [number for number in np.flatnonzero(differs) if TEXTS[number] not in TEXTS[:10]]
    np.testing.assert_allclose(model.predict_proba([""]), [fitted.prior], atol=1e-6)
    save_classifier(tmp_path, model, tokenizer=Tokenizer())
    loaded = load_classifier(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    path = tmp_path / "nodes.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-44] + content[-22:] + content[-44:-22])
    with pytest.raises(ArtifactError):
        load_classifier(tmp_path)


def test_it_says_that_it_is_transductive() -> None:
    notes: list[str] = []
    trained(log=TrainingLog(note=notes.append))
    assert any("90 documents" in note and "transductive" in note for note in notes)


def test_interrupted_it_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    whole = trained()

    class Stopped(Exception):
        pass

    def stop(report: StepReport) -> None:
        if report.step == 11:
            raise Stopped

    with pytest.raises(Stopped):
        trained(log=TrainingLog(step=stop, work=tmp_path))
    notes: list[str] = []
    again = trained(log=TrainingLog(note=notes.append, work=tmp_path))
    assert any("goes on after step 10" in note for note in notes)
    assert whole._fitted is not None
    assert again._fitted is not None
    for one, other in zip(whole._fitted.words, again._fitted.words, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_prediction_needs_no_torch(tmp_path: Path) -> None:
    save_classifier(tmp_path, trained(), tokenizer=Tokenizer())
    assert len(read_steps(tmp_path / "steps.jsonl").epochs) == 30
    code = (
        "import sys; from pathlib import Path; from textpipe.models.files import load_classifier\n"
        f"labels = load_classifier(Path({str(tmp_path)!r})).predict(['球队赢得联赛冠军'])\n"
        "assert labels == ['体育'], labels\n"
        "assert not {'torch', 'sklearn', 'networkx'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_torch_nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textpipe.models.textgcn.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="textgcn needs torch") as caught:
        trained()
    assert caught.value.hint == "pip install 'textpipe-zh[torch]'"


def test_stop_words_are_no_nodes() -> None:
    texts = [Document("a", "the bank of the river", "x"), Document("b", "shares and the bonds", "y")]
    model = TextGCN(TextGCNConfig(**SMALL, stop_words="en"), workers=1, device="cpu").fit(texts, log=TrainingLog())
    assert model._fitted is not None
    assert sorted(model._fitted.inputs.vocabularies[0].tokens) == ["bank", "bonds", "river", "shares"]
    nothing = [Document("a", "the of", "x"), Document("b", "and", "y")]
    with pytest.raises(InputError, match="stop words"):
        TextGCN(TextGCNConfig(stop_words="both"), workers=1).fit(nothing, log=TrainingLog())


def test_a_word_of_all_documents_tells_nothing_and_a_text_of_it_gets_what_labels_get_by_chance() -> None:
    texts = [Document("a", "球队 比赛", "x"), Document("b", "股市 比赛", "y"), Document("c", "基金 比赛", "y")]
    model = TextGCN(TextGCNConfig(**SMALL), workers=1, device="cpu").fit(texts, log=TrainingLog())
    np.testing.assert_allclose(model.predict_proba(["比赛"]), [[1 / 3, 2 / 3]], atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"unit": "both"}, {"dim": 0}, {"window": 0}, {"min_pmi": -1.0}, {"stop_words": "fr"}]
)
def test_settings_that_make_no_sense_are_refused(settings: Any) -> None:
    with pytest.raises(UsageError):
        TextGCNConfig(**settings)
