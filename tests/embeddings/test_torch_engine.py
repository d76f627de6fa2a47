"""Training with torch, on the CPU: what it learns, that it is the same each time, and how it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from tests.embeddings.corpora import SUBJECTS, subjects, token_file  # noqa: E402
from textpipe.embeddings import torch_engine  # noqa: E402
from textpipe.embeddings.config import Architecture, EmbeddingConfig, Negatives  # noqa: E402
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog  # noqa: E402
from textpipe.embeddings.ids import read_ids  # noqa: E402
from textpipe.embeddings.tokens import TokenFile  # noqa: E402
from textpipe.embeddings.torch_batches import batches, chances  # noqa: E402
from textpipe.embeddings.torch_ids import encoder  # noqa: E402
from textpipe.embeddings.vectors import Vectors  # noqa: E402
from textpipe.errors import InputError, ResourceError, UsageError  # noqa: E402
from textpipe.vocabulary import Vocabulary  # noqa: E402

SMALL = EmbeddingConfig(dim=16, window=3, negative=4, epochs=6, lr=0.1, sample=0.0, seed=7)


def nearest(vectors: Vectors, word: str, count: int) -> set[str]:
    rows = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    order = np.argsort(-(rows @ rows[vectors.words.index(word)]))
    return {vectors.words[place] for place in order[:count]}


@pytest.mark.parametrize(("arch", "negatives"), [("skipgram", "window"), ("skipgram", "pair"), ("cbow", "window")])
def test_words_of_a_subject_are_neighbours_and_the_loss_falls(
    tmp_path: Path, arch: Architecture, negatives: Negatives
) -> None:
    tokens = subjects(tmp_path)
    reports: list[EpochReport] = []
    config = replace(SMALL, arch=arch, negatives=negatives)
    vectors = torch_engine.train(tokens, config, log=TrainingLog(epoch=reports.append))
    assert vectors.words == list(tokens.vocabulary.tokens)
    assert vectors.counts is not None
    assert vectors.counts.tolist() == list(tokens.vocabulary.counts)
    assert vectors.context is not None
    assert vectors.matrix.shape == vectors.context.shape == (24, 16)
    for subject in SUBJECTS:
        assert nearest(vectors, subject[0], 8) == set(subject)
    losses = [report.loss for report in reports if report.loss is not None]
    assert len(losses) == SMALL.epochs
    assert losses[-1] < losses[0]
    assert all(report.tokens == tokens.tokens and report.pairs > 5000 for report in reports)


def test_one_seed_gives_one_result(tmp_path: Path) -> None:
    tokens = subjects(tmp_path, documents=60)
    first, second, other = (
        torch_engine.train(tokens, replace(SMALL, epochs=2, seed=seed), log=TrainingLog()) for seed in (1, 1, 2)
    )
    assert first.matrix.tobytes() == second.matrix.tobytes()
    assert first.matrix.tobytes() != other.matrix.tobytes()


class Stopped(Exception):
    pass


def test_it_goes_on_after_the_last_whole_epoch(tmp_path: Path) -> None:
    tokens = subjects(tmp_path, documents=60)
    config = replace(SMALL, epochs=4)
    whole = torch_engine.train(tokens, config, log=TrainingLog())

    def stop(report: EpochReport) -> None:
        if report.epoch == 2:
            raise Stopped

    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(Stopped):
        torch_engine.train(tokens, config, log=TrainingLog(epoch=stop, work=work))
    assert sorted(path.name for path in work.iterdir()) == ["torch.safetensors"]
    reports: list[EpochReport] = []
    notes: list[str] = []
    log = TrainingLog(epoch=reports.append, note=notes.append, work=work)
    resumed = torch_engine.train(tokens, config, log=log)
    assert [report.epoch for report in reports] == [1, 2, 3, 4]
    assert notes == ["going on after epoch 2"]
    assert resumed.matrix.tobytes() == whole.matrix.tobytes()


@pytest.mark.parametrize("damage", ["other settings", "cut"])
def test_a_state_that_does_not_belong_is_not_gone_on_from(tmp_path: Path, damage: str) -> None:
    tokens = subjects(tmp_path, documents=60)
    config = replace(SMALL, epochs=1)
    torch_engine.train(tokens, config, log=TrainingLog(work=tmp_path))
    if damage == "cut":
        state = tmp_path / "torch.safetensors"
        state.write_bytes(state.read_bytes()[:100])
    else:
        config = replace(config, seed=99)
    notes: list[str] = []
    again = torch_engine.train(tokens, config, log=TrainingLog(note=notes.append, work=tmp_path))
    assert notes == ["what was kept to go on from is of other settings or damaged: training begins again"]
    assert again.matrix.tobytes() == torch_engine.train(tokens, config, log=TrainingLog()).matrix.tobytes()


def test_known_words_start_where_they_were(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山 茶 水"])
    old = Vectors(["水", "茶"], np.arange(32, dtype=np.float32).reshape(2, 16))
    config = replace(SMALL, epochs=1, lr=0.0, final_lr=0.0)
    vectors = torch_engine.train(tokens, config, vectors=old, log=TrainingLog())
    assert vectors.vector("茶") == pytest.approx(old.matrix[1])
    assert vectors.vector("水") == pytest.approx(old.matrix[0])
    start = vectors.vector("山")
    assert start is not None
    assert 0 < np.abs(start).max() <= 1 / 32
    with pytest.raises(UsageError, match="have 16 dimensions, not 8"):
        torch_engine.train(tokens, replace(config, dim=8), vectors=old, log=TrainingLog())


@pytest.mark.parametrize("lines", [["茶"], ["茶 茶 茶 茶"], ["茶 山"], ["", "", "茶 山", ""], ["茶", "山", "水"]])
def test_tiny_corpora(tmp_path: Path, lines: list[str]) -> None:
    tokens = token_file(tmp_path / "tokens.txt", lines)
    reports: list[EpochReport] = []
    told: list[Progress] = []
    log = TrainingLog(epoch=reports.append, progress=told.append)
    vectors = torch_engine.train(tokens, replace(SMALL, epochs=2), log=log)
    assert np.isfinite(vectors.matrix).all()
    assert all((report.loss is None) == (report.pairs == 0) for report in reports)
    assert (told[-1].done, told[-1].total) == (2 * tokens.tokens, 2 * tokens.tokens)


def test_in_parts_that_fit_on_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = subjects(tmp_path)
    monkeypatch.setitem(torch_engine._SHARD, "cpu", 1000)
    vectors = torch_engine.train(tokens, SMALL, log=TrainingLog())
    assert nearest(vectors, "鱼", 8) == set(SUBJECTS[2])


def test_windows_end_where_documents_end(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["a b c", "d", "e f"])
    drawn = chances(tokens.vocabulary, replace(SMALL, window=1), "cpu")
    ids = torch.tensor([0, 1, 2, 6, 3, 6, 4, 5, 6], dtype=torch.int32)
    found: dict[int, list[int]] = {}
    for _, batch in batches(ids, drawn, replace(SMALL, window=1), torch.Generator().manual_seed(0)):
        found |= dict(zip(batch.centres.tolist(), batch.windows.tolist(), strict=True))
    assert found == {0: [-1, 1], 1: [0, 2], 2: [1, -1], 3: [-1, -1], 4: [-1, 5], 5: [4, -1]}


def test_ids_found_on_the_device_are_those_of_a_dictionary(tmp_path: Path) -> None:
    lines = ["词 b  a\t茶 ", "", " a词 词 b\r", "a b " * 50 + "长" * 3000, "\u3000 ab ba a\u3000", "😀 \x00 a"]
    path = tmp_path / "tokens.txt"
    path.write_bytes("\n".join(lines).encode())
    tokens = TokenFile(
        path, Vocabulary(("a", "b", "词", "ab", "长" * 3000, "a\u3000", "😀"), (9, 8, 7, 3, 2, 1, 1)), 120
    )
    found = encoder(tokens.vocabulary, torch.device("cpu"))
    assert found is not None
    expected = np.concatenate(list(read_ids(tokens)))
    for size in (1, 7, 100, 1 << 20):
        assert np.concatenate(list(read_ids(tokens, encoder=found, size=size))).tolist() == expected.tolist()
    assert set(expected.tolist()) == set(range(8))
    path.write_bytes(b"a \xff")
    with pytest.raises(InputError, match="not UTF-8"):
        list(read_ids(tokens, encoder=found))
    assert encoder(Vocabulary(("a b", "c"), (1, 1)), torch.device("cpu")) is None


def test_negatives_come_by_their_share_and_are_never_the_centre(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["a " * 160 + "b " * 10 + "c"])
    config = replace(SMALL, power=0.5, negative=100)
    drawn = chances(tokens.vocabulary, config, "cpu")
    ids = torch.tensor([2] * 2000, dtype=torch.int32)
    counts = torch.zeros(4)
    for _, batch in batches(ids, drawn, config, torch.Generator().manual_seed(0)):
        counts += torch.bincount(batch.negatives.reshape(-1) + 1, minlength=4)
    weights = np.array(tokens.vocabulary.counts) ** 0.5
    assert counts[3] == 0
    shares = weights / weights.sum()
    assert (counts / counts.sum()).tolist() == pytest.approx([shares[2], shares[0], shares[1], 0], abs=0.01)


def test_what_it_does_not_do(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山"])
    with pytest.raises(UsageError, match="no subwords"):
        torch_engine.train(tokens, replace(SMALL, subword=True), log=TrainingLog())
    with pytest.raises(UsageError, match="no hierarchical softmax"):
        torch_engine.train(tokens, replace(SMALL, loss="hierarchical"), log=TrainingLog())
    with pytest.raises(UsageError, match="no device 'tpu'"):
        torch_engine.train(tokens, SMALL, device="tpu", log=TrainingLog())


def test_numbers_that_grow_without_bound_are_said(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["茶 山 水"] * 20)
    huge = np.full((3, 16), 1e30, dtype=np.float32)
    start = Vectors(["茶", "山", "水"], huge, context=huge)
    with pytest.raises(UsageError, match="grow without bound") as error:
        torch_engine.train(tokens, SMALL, vectors=start, log=TrainingLog())
    assert error.value.hint == "lower --lr"


def test_memory_that_runs_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")

    monkeypatch.setattr(torch_engine, "chances", fail)
    with pytest.raises(ResourceError, match="not enough memory on cpu for 2 words of 16 dimensions"):
        torch_engine.train(token_file(tmp_path / "tokens.txt", ["茶 山"]), SMALL, log=TrainingLog())
