"""The stage embeddings: what it writes, what it goes on from, what it refuses."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import DATA
from tests.pipeline.making import made
from textpipe.embeddings.files import read_vectors
from textpipe.errors import InputError, OutputError, UsageError
from textpipe.pipeline.embedding_stages import SETTINGS
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import Given, StageLog, realize
from textpipe.pipeline.word_stages import STAGES
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact

SMALL = {"dim": 16, "min_count": 2, "epochs": 3, "workers": 1}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def tokens_of(store: Store, path: Path, **inputs: Given) -> Artifact:
    inputs["corpus"] = made(store, "corpus", files=raw_files([str(path)], store))
    return made(store, "tokens", None, **inputs)


def test_what_is_written(store: Store) -> None:
    tokens = tokens_of(store, DATA / "news.tsv")
    artifact = made(store, "embeddings", SMALL, tokens=tokens)
    vectors = read_vectors(artifact, context=True)
    lines = tokens.file("tokens.txt").read_text("utf-8").splitlines()
    counted: dict[str, int] = {}
    for token in (token for line in lines for token in line.split()):
        counted[token] = counted.get(token, 0) + 1
    expected = sorted(((word, count) for word, count in counted.items() if count >= 2), key=lambda it: (-it[1], it[0]))
    assert vectors.counts is not None
    assert vectors.context is not None
    assert list(zip(vectors.words, vectors.counts.tolist(), strict=True)) == expected
    assert vectors.matrix.shape == vectors.context.shape == (len(expected), 16)
    assert np.isfinite(vectors.matrix).all()
    for name in ("tokenizer.json", "dictionary.jsonl"):
        assert artifact.file(name).read_bytes() == tokens.file(name).read_bytes()
    settings = json.loads(artifact.file("embeddings.json").read_text("utf-8"))
    assert settings["dim"] == 16
    assert settings["lr"] == 0.05
    metrics = artifact.manifest.metrics
    assert metrics["words"] == len(expected)
    assert metrics["tokens"] == sum(counted.values())
    assert [report["epoch"] for report in metrics["epochs"]] == [1, 2, 3]
    assert metrics["epochs"][0]["loss"] > metrics["epochs"][-1]["loss"] == metrics["loss"]


def test_one_worker_gives_the_same_bits(tmp_path: Path) -> None:
    digests = set()
    for name in "ab":
        store = Store(tmp_path / name)
        digests.add(made(store, "embeddings", SMALL, tokens=tokens_of(store, DATA / "news.tsv")).manifest.digest)
    store = Store(tmp_path / "c")
    other = made(store, "embeddings", {**SMALL, "seed": 1}, tokens=tokens_of(store, DATA / "news.tsv"))
    assert len(digests) == 1
    assert other.manifest.digest not in digests


@pytest.mark.parametrize(("engine", "package"), [("torch", "torch"), ("gensim", "gensim")])
def test_other_engines(store: Store, engine: str, package: str) -> None:
    pytest.importorskip(package)
    tokens = tokens_of(store, DATA / "news.tsv")
    params = {**SMALL, "engine": engine, "epochs": 2}
    artifact = made(store, "embeddings", params, tokens=tokens)
    vectors = read_vectors(artifact, context=True)
    native = read_vectors(made(store, "embeddings", SMALL, tokens=tokens))
    assert vectors.words == native.words
    assert np.isfinite(vectors.matrix).all()
    assert artifact.manifest.metrics["engine"] == engine
    assert artifact.manifest.metrics["loss"] == artifact.manifest.metrics["epochs"][-1]["loss"] > 0
    assert len(artifact.manifest.metrics["epochs"]) == 2
    assert not list(store.work.iterdir())


def test_going_on_keeps_words_and_begins_at_their_vectors(store: Store) -> None:
    base = made(store, "embeddings", SMALL, tokens=tokens_of(store, DATA / "news.tsv"))
    before = read_vectors(base, context=True)
    tokens = tokens_of(store, DATA / "articles" / "tea-mountain.txt")
    params = {**SMALL, "lr": 0.0, "final_lr": 0.0}
    still = read_vectors(made(store, "embeddings", params, tokens=tokens, base=base), context=True)
    places = {word: place for place, word in enumerate(still.words)}
    assert set(before.words) < set(still.words)
    rows = [places[word] for word in before.words]
    np.testing.assert_array_equal(still.matrix[rows], before.matrix)
    assert still.context is not None
    np.testing.assert_array_equal(still.context[rows], before.context)
    assert still.counts is not None
    assert before.counts is not None
    assert (still.counts[rows] >= before.counts).all()
    assert (still.counts[rows] > before.counts).any()
    further = made(store, "embeddings", SMALL, tokens=tokens, base=base)
    assert further.manifest.inputs["base"].digest == base.manifest.digest
    assert (read_vectors(further).matrix[rows] != before.matrix).any()


def test_another_tokenizer_is_refused(store: Store, tmp_path: Path) -> None:
    base = made(store, "embeddings", SMALL, tokens=tokens_of(store, DATA / "news.tsv"))
    (tmp_path / "words.txt").write_text("茶山 5 n\n", "utf-8")
    dictionary = raw_files([str(tmp_path / "words.txt")], store)
    tokens = tokens_of(store, DATA / "news.tsv", dictionary=dictionary)
    with pytest.raises(UsageError, match="another tokenizer"):
        made(store, "embeddings", SMALL, tokens=tokens, base=base)


def test_another_length_is_refused(store: Store) -> None:
    tokens = tokens_of(store, DATA / "news.tsv")
    base = made(store, "embeddings", SMALL, tokens=tokens)
    with pytest.raises(UsageError, match="dimensions"):
        made(store, "embeddings", {**SMALL, "dim": 8}, tokens=tokens, base=base)


def test_the_most_frequent_words(store: Store) -> None:
    tokens = tokens_of(store, DATA / "news.tsv")
    every = read_vectors(made(store, "embeddings", SMALL, tokens=tokens))
    some = read_vectors(made(store, "embeddings", {**SMALL, "max_words": 50}, tokens=tokens))
    assert some.words == every.words[:50]


@pytest.mark.parametrize(
    ("text", "message"),
    [("。\n", "one word alone"), ("茶 " * 500, "one word alone"), ("天地玄黄宇宙洪荒", "no token occurs 5 times")],
)
def test_too_few_words(store: Store, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(text * (5 if text == "。\n" else 1), "utf-8")
    tokens = tokens_of(store, tmp_path / "a.txt")
    with pytest.raises(InputError, match=message):
        made(store, "embeddings", tokens=tokens)
    assert not (store.objects / "embeddings").exists()
    assert not list(store.tmp.iterdir())


def test_parameters_that_make_no_sense() -> None:
    stage = STAGES["embeddings"]
    for wrong in (
        {"dim": 0},
        {"window": 0},
        {"sample": 2.0},
        {"epochs": 0},
        {"min_n": 4},
        {"device": "cuda", "engine": "native"},
    ):
        with pytest.raises(UsageError):
            stage.check(stage.complete(wrong))
    for wrong in ({"lr": "fast"}, {"lr": float("nan")}, {"dim": 1.5}, {"arch": "glove"}):
        with pytest.raises(UsageError):
            stage.complete(wrong)
    assert stage.complete({"lr": 1})["lr"] == 1.0
    assert set(SETTINGS) < set(stage.params)


def test_an_interrupted_training_goes_on(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after the second epoch; the second run is told, and the bits are those of a run without a stop."""
    tokens = tokens_of(store, DATA / "news.tsv")
    stage = STAGES["embeddings"]
    params = stage.complete({**SMALL, "epochs": 6})
    whole, _ = realize(Store(tmp_path / "other"), stage, params, {"tokens": tokens})

    class Stop(Exception):
        pass

    def stop(share: float, _state: str) -> None:
        if share > 0.4:
            raise Stop

    monkeypatch.setattr("textpipe.embeddings.native._POLL", 0.0)
    with pytest.raises(Stop):
        realize(store, stage, params, {"tokens": tokens}, log=StageLog(advance=stop))
    notes: list[str] = []
    artifact, new = realize(store, stage, params, {"tokens": tokens}, log=StageLog(note=notes.append))
    assert new
    assert any("goes on in epoch" in note for note in notes)
    assert artifact.manifest.digest == whole.manifest.digest
    assert [report["epoch"] for report in artifact.manifest.metrics["epochs"]] == [1, 2, 3, 4, 5, 6]
    assert not list(store.work.iterdir())


def test_a_full_disk_at_the_end_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors cannot be saved: an error, no artifact; the next run has them without training."""
    tokens = tokens_of(store, DATA / "news.tsv")

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("textpipe.embeddings.files.MatrixWriter.add", full)
        with pytest.raises(OutputError, match="No space left"):
            made(store, "embeddings", SMALL, tokens=tokens)
    assert not (store.objects / "embeddings").exists()
    assert not list(store.tmp.iterdir())
    trained: list[object] = []
    monkeypatch.setattr("textpipe.embeddings.native._Run._stretch", lambda *_: trained.append(1))
    artifact = made(store, "embeddings", SMALL, tokens=tokens)
    assert not trained
    monkeypatch.undo()
    other = Store(store.path.parent / "other")
    assert (
        artifact.manifest.digest
        == made(other, "embeddings", SMALL, tokens=tokens_of(other, DATA / "news.tsv")).manifest.digest
    )
