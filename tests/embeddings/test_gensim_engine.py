"""gensim behind our contract, with both losses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.embeddings.corpora import SUBJECTS, subjects, token_file
from textpipe.embeddings.config import Architecture, EmbeddingConfig, Loss
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog, engine
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError, UsageError

pytest.importorskip("gensim", reason="needs gensim: pip install 'textpipe-zh[gensim]'")

SMALL = EmbeddingConfig(dim=16, window=3, negative=4, epochs=6, lr=0.1, sample=0.0, seed=7)


@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
@pytest.mark.parametrize("arch", ["skipgram", "cbow"])
def test_words_of_a_subject_are_neighbours(tmp_path: Path, arch: Architecture, loss: Loss) -> None:
    tokens = subjects(tmp_path)
    reports: list[EpochReport] = []
    told: list[Progress] = []
    log = TrainingLog(epoch=reports.append, progress=told.append)
    vectors = engine("gensim")(tokens, replace(SMALL, arch=arch, loss=loss), log=log)
    assert vectors.words == list(tokens.vocabulary.tokens)
    assert vectors.counts is not None
    assert vectors.counts.tolist() == list(tokens.vocabulary.counts)
    assert (vectors.context is None) == (loss == "hierarchical")  # its tree has nodes, not words
    rows = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    for subject in SUBJECTS:
        near = np.argsort(-(rows @ rows[vectors.words.index(subject[0])]))[:8]
        assert {vectors.words[place] for place in near} == set(subject)
    losses = [report.loss for report in reports if report.loss is not None]
    assert len(losses) == SMALL.epochs == len(told)
    assert losses[-1] < losses[0]
    assert "sample" in str(log.facts["loss_is"])


def test_one_worker_gives_one_result(tmp_path: Path) -> None:
    tokens = subjects(tmp_path, documents=40)
    first, second = (engine("gensim")(tokens, SMALL, log=TrainingLog()) for _ in range(2))
    assert first.matrix.tobytes() == second.matrix.tobytes()


def test_equally_frequent_words_keep_our_order_and_their_start(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["丁 丙 乙 甲", "丁 丙 乙 甲"])
    start = Vectors(["甲", "丁"], np.repeat(np.array([[1], [2]], np.float32), 16, axis=1))
    config = replace(SMALL, epochs=1, lr=1e-6, final_lr=1e-6)
    vectors = engine("gensim")(tokens, config, vectors=start, log=TrainingLog())
    assert vectors.words == ["丁", "丙", "乙", "甲"]
    assert vectors.vector("甲") == pytest.approx(np.ones(16), abs=1e-3)
    assert vectors.vector("丁") == pytest.approx(np.full(16, 2), abs=1e-3)


def test_what_it_does_not_do(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山"])
    with pytest.raises(UsageError, match="no subwords"):
        engine("gensim")(tokens, replace(SMALL, subword=True), log=TrainingLog())
    with pytest.raises(UsageError, match="no device 'cuda'"):
        engine("gensim")(tokens, SMALL, device="cuda", log=TrainingLog())


def test_what_it_cannot_promise_is_said(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山 茶 山"])
    notes: list[str] = []
    engine("gensim")(tokens, SMALL, log=TrainingLog(note=notes.append, work=tmp_path))
    assert notes == ["gensim cannot go on from where it was stopped: stopped, training begins again"]
    assert engine("gensim")(tokens, SMALL, log=TrainingLog()).matrix.shape == (2, 16)
    notes.clear()
    long = token_file(tmp_path / "long.txt", ["茶 山 " * 6000 + "茶", "茶"])
    engine("gensim")(long, SMALL, log=TrainingLog(note=notes.append))
    assert notes == ["1 document of more than 10,000 words: gensim cuts it after every 10,000"]


@pytest.mark.parametrize("lines", [["茶"], ["茶 茶 茶"], ["茶 山"]])
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
def test_tiny_corpora(tmp_path: Path, lines: list[str], loss: Loss) -> None:
    tokens = token_file(tmp_path / "tokens.txt", lines)
    if loss == "hierarchical" and len(tokens.vocabulary) == 1:
        with pytest.raises(InputError, match="needs two words at least"):
            engine("gensim")(tokens, replace(SMALL, loss=loss), log=TrainingLog())
        return
    vectors = engine("gensim")(tokens, replace(SMALL, loss=loss), log=TrainingLog())
    assert np.isfinite(vectors.matrix).all()


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山"])
    tokens.path.write_bytes("茶 山\n茶 ".encode() + b"\xff\xfe\n")
    with pytest.raises(InputError, match=r"not UTF-8 .*tokens.txt:2"):
        engine("gensim")(tokens, SMALL, log=TrainingLog())
