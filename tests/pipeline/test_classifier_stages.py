"""The stage classifier: what it writes, what its recipe says, what it refuses, in pipeline files too."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import textpipe
from tests.conftest import DATA
from tests.models import centroid
from tests.models.centroid import Centroid
from tests.pipeline.making import made
from textpipe.corpus.split import text_hash
from textpipe.errors import ArtifactError, InputError, OutputError, UsageError
from textpipe.pipeline.classifier_stages import seen_texts
from textpipe.pipeline.file import read_pipeline
from textpipe.pipeline.plan import run_steps
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import StageLog, name_artifact, realize
from textpipe.pipeline.word_stages import STAGES
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.training.log import TrainingLog

CENTROID = {"arch": "centroid"}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    centroid.register(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def corpus_of(store: Store, path: Path) -> Artifact:
    return made(store, "corpus", {"labels": True}, files=raw_files([str(path)], store))


def test_what_is_written(store: Store) -> None:
    artifact = made(store, "classifier", CENTROID, train=corpus_of(store, DATA / "news.tsv"))
    assert set(artifact.manifest.outputs) == {
        "classifier.json",
        "centres.npy",
        "tokenizer.json",
        "dictionary.jsonl",
        "seen.npy",
    }
    documents = list(textpipe.read(str(DATA / "news.tsv")))
    assert seen_texts(artifact).tolist() == sorted(text_hash(one.text) for one in documents)
    name_artifact(store, artifact, "news")
    loaded = textpipe.load("news", store=store)
    assert loaded.labels == ("education", "finance", "health", "sports", "technology", "travel")
    texts = [one.text for one in documents[:20]]
    assert loaded.predict(texts) == textpipe.load(artifact.manifest.id, store=store).predict(texts)
    (call,) = Centroid.calls
    assert (len(call["documents"]), len(call["valid"]), call["refit"]) == (227, 25, True)
    assert call["work"] is not None
    metrics = artifact.manifest.metrics
    assert metrics["data"]["labels"] == dict.fromkeys(loaded.labels, 42)
    assert metrics["data"]["findings"] == []
    assert (metrics["data"]["train"], metrics["data"]["valid"], metrics["data"]["judging"]) == (227, 25, 25)
    assert metrics["valid"].keys() >= {"accuracy", "macro_f1", "loss", "ece"}
    assert metrics["history"][0]["scores"] == metrics["valid"]
    assert metrics["arch"] == "centroid"


def test_the_recipe_is_complete(store: Store) -> None:
    """Every setting is in it, by default or not; a later default is another recipe."""
    train = corpus_of(store, DATA / "news.tsv")
    artifact = made(store, "classifier", CENTROID, train=train)
    assert artifact.manifest.params["settings"] == {
        "sharpness": 20.0,
        "unit": "char",
        "widths": [1],
        "freeze": False,
        "seed": 0,
    }
    again = made(store, "classifier", {**CENTROID, "settings": {"sharpness": 20, "widths": [1]}}, train=train)
    assert again.address == artifact.address
    other = made(store, "classifier", {**CENTROID, "seed": 1}, train=train)
    assert other.address != artifact.address
    assert other.manifest.params["settings"]["seed"] == 1


def test_the_same_bits_again(tmp_path: Path) -> None:
    digests = {
        made(store, "classifier", CENTROID, train=corpus_of(store, DATA / "news.tsv")).manifest.digest
        for store in (Store(tmp_path / "a"), Store(tmp_path / "b"))
    }
    assert len(digests) == 1


def test_a_file_to_be_judged_by(store: Store, tmp_path: Path) -> None:
    lines = (DATA / "news.tsv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "a.tsv").write_text("".join(lines[:200]), "utf-8")
    (tmp_path / "b.tsv").write_text("".join([lines[0], *lines[190:]]), "utf-8")
    train, valid = corpus_of(store, tmp_path / "a.tsv"), corpus_of(store, tmp_path / "b.tsv")
    notes: list[str] = []
    stage = STAGES["classifier"]
    inputs = {"train": train, "valid": valid}
    artifact, _ = realize(store, stage, stage.complete(CENTROID), inputs, log=StageLog(note=notes.append))
    assert [call["refit"] for call in Centroid.calls] == [False]
    assert len(seen_texts(artifact)) == 199
    assert notes[1].startswith("10 held-back rows whose text is in training too")
    assert notes[1].endswith("(first: b.tsv:2)")
    finding = artifact.manifest.metrics["data"]["findings"][0]
    assert (finding["kind"], finding["number"], finding["where"]) == ("leaks", 10, "b.tsv:2")
    dropped, _ = realize(store, stage, stage.complete({**CENTROID, "drop_leaks": True}), inputs)
    assert len(seen_texts(dropped)) == 189


def test_what_was_not_learned_from_in_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An architecture need not use what it may."""
    train = corpus_of(store, DATA / "news.tsv")
    fit = Centroid.fit

    def without(self: Centroid, *arguments: Any, log: TrainingLog, **more: Any) -> Centroid:
        log.facts["refit"] = False
        return fit(self, *arguments, log=log, **{**more, "refit": False})

    assert made(store, "classifier", CENTROID, train=train).manifest.metrics["refit"]
    monkeypatch.setattr(Centroid, "fit", without)
    artifact = made(store, "classifier", {**CENTROID, "workers": 3}, train=train)
    assert not artifact.manifest.metrics["refit"]
    assert len(seen_texts(artifact)) == 227


def test_inputs_reach_the_architecture(store: Store, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("茶山 5 n\n", "utf-8")
    (tmp_path / "vectors.txt").write_text("2 3\n茶 0.5 -1 2\n山 1 0 1\n", "utf-8")
    vectors = made(store, "import-embeddings", files=raw_files([str(tmp_path / "vectors.txt")], store))
    artifact = made(
        store,
        "classifier",
        {**CENTROID, "hmm": False, "workers": 2, "device": "cpu"},
        train=corpus_of(store, DATA / "news.tsv"),
        embeddings=vectors,
        dictionary=raw_files([str(tmp_path / "words.txt")], store),
    )
    (call,) = Centroid.calls
    assert call["vectors"].words == ["茶", "山"]
    assert "茶山" in call["tokenizer"].tokenize("茶山")
    assert not call["tokenizer"].hmm
    assert (call["workers"], call["device"]) == (2, "cpu")
    assert json.loads(artifact.file("tokenizer.json").read_text()) == {"mode": "exact", "hmm": False}
    assert artifact.manifest.inputs["embeddings"].artifact == vectors.address


def test_nothing_to_learn_leaves_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("text\tlabel\nx\ta\ny\ta\n", "utf-8")
    with pytest.raises(InputError, match="label 'a'"):
        made(store, "classifier", CENTROID, train=corpus_of(store, tmp_path / "one.tsv"))
    assert not (store.objects / "classifier").exists()
    assert not list(store.tmp.iterdir())


def test_a_full_disk_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    train = corpus_of(store, DATA / "news.tsv")

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Centroid, "save", full)
        with pytest.raises(OutputError, match="No space left"):
            made(store, "classifier", CENTROID, train=train)
    assert not (store.objects / "classifier").exists()
    assert not list(store.tmp.iterdir())
    assert made(store, "classifier", CENTROID, train=train).manifest.kind == "classifier"


def test_parameters_that_make_no_sense() -> None:
    stage = STAGES["classifier"]
    for wrong in (
        {"arch": "no such"},
        {**CENTROID, "settings": {"nonsense": 1}},
        {**CENTROID, "settings": {"sharpness": "much"}},
        {**CENTROID, "settings": []},
        {**CENTROID, "seed": -1},
    ):
        with pytest.raises(UsageError):
            stage.complete(wrong)
    for share in (1.0, -0.5):
        with pytest.raises(UsageError, match="valid_share"):
            stage.check(stage.complete({**CENTROID, "valid_share": share}))


def test_odd_facts_are_kept_as_json(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = Centroid.fit

    def telling(self: Centroid, *arguments: Any, log: TrainingLog, **more: Any) -> Centroid:
        found = fit(self, *arguments, log=log, **more)
        log.facts |= {
            "epochs": 3,
            "best": np.float32(0.5),
            "list": (1, np.int64(2)),
            "worst": float("nan"),
            "path": Path("x"),
        }
        return found

    monkeypatch.setattr(Centroid, "fit", telling)
    metrics = made(store, "classifier", CENTROID, train=corpus_of(store, DATA / "news.tsv")).manifest.metrics
    assert (metrics["best"], metrics["list"], metrics["worst"], metrics["path"]) == (0.5, [1, 2], None, "x")


def test_hashes_that_are_none(store: Store) -> None:
    artifact = made(store, "classifier", CENTROID, train=corpus_of(store, DATA / "news.tsv"))
    path = artifact.file("seen.npy")
    path.chmod(0o600)
    for array in (np.zeros(3), np.zeros((2, 2), np.uint64)):
        np.save(path, array)
        with pytest.raises(ArtifactError, match="not the hashes"):
            seen_texts(artifact)
    path.write_bytes(b"nothing")
    with pytest.raises(ArtifactError, match="not the hashes"):
        seen_texts(artifact)


PIPELINE = """
[corpus]
files = "news.tsv"
labels = true

[classifier]
arch = "centroid"
settings = { sharpness = 5 }
"""


def test_in_a_pipeline_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_bytes((DATA / "news.tsv").read_bytes())
    file = tmp_path / "p.toml"
    file.write_text(PIPELINE, "utf-8")
    outcomes = list(run_steps(read_pipeline(str(file)), store, prefix="p"))
    assert [outcome.step.name for outcome in outcomes] == ["corpus", "classifier"]
    artifact = outcomes[-1].artifact
    assert artifact is not None
    assert set(artifact.manifest.inputs) == {"train"}, "the only corpus is learned from, and not judged by as well"
    assert artifact.manifest.params["settings"]["sharpness"] == 5.0
    changed = read_pipeline(str(file), settings=["classifier.settings={sharpness = 6}"])
    assert changed[-1].params["settings"]["sharpness"] == 6.0


def test_held_back_in_a_pipeline_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_bytes((DATA / "news.tsv").read_bytes())
    file = tmp_path / "p.toml"
    text = PIPELINE.replace('arch = "centroid"', 'arch = "centroid"\ntrain = "corpus"\nvalid = "held"')
    text += '\n[held]\nstage = "corpus"\nfiles = "news.tsv"\nlimit = 30\n'
    file.write_text(text, "utf-8")
    *_, last = run_steps(read_pipeline(str(file)), store, prefix="p")
    assert last.artifact is not None
    assert set(last.artifact.manifest.inputs) == {"train", "valid"}
    for right, wrong, said in (
        ("sharpness", "sharpnes", "no setting 'sharpnes'"),
        ("settings", "setting", "classifier has no 'setting'; did you mean 'settings'"),
        ('"held"', '"hold"', "valid: no step 'hold' that makes corpus; did you mean 'held'"),
        ('train = "corpus"\n', "", "could take its train from 2 steps"),
    ):
        file.write_text(text.replace(right, wrong), "utf-8")
        with pytest.raises(UsageError, match=said):
            read_pipeline(str(file))
