"""The compiled kernel: its updates held against the mathematics in double precision, its chunks against the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from tests.embeddings.native_training import FRUIT, NEEDS_IT, TRAINS, bare, two_topics
from textpipe.embeddings import native
from textpipe.embeddings.config import Architecture, EmbeddingConfig
from textpipe.embeddings.subwords import buckets_of
from textpipe.embeddings.tokens import is_compiled

if is_compiled():
    from textpipe.embeddings import _word2vec

pytestmark = NEEDS_IT
SETS = _word2vec.instruction_sets() if is_compiled() else []
Doubles = npt.NDArray[np.float64]


def reference(
    vectors: Doubles, context: Doubles, inputs: list[list[int]], targets: tuple[int, ...], rate: float
) -> float:
    """One update of word2vec: every input (the mean of rows) against a target and its negatives. The loss."""
    weights = np.array([1.0, *(float(target != targets[0]) for target in targets[1:])])
    labels = np.array([1.0] + [0.0] * (len(targets) - 1))
    means = np.array([vectors[rows].mean(axis=0) for rows in inputs])
    outputs = context[list(targets)]
    dots = means @ outputs.T
    slopes = weights * (labels - 1 / (1 + np.exp(-dots))) * rate
    for rows, change in zip(inputs, slopes @ outputs, strict=True):
        for row in rows:
            vectors[row] += change
    for target, change in zip(targets, slopes.T @ means, strict=True):
        context[target] += change
    return float((weights * np.log1p(np.exp(np.where(labels, -dots, dots)))).sum())


CASES = {
    "window": ((1, 2, 3, 4), (0, 5, 6, 7, 8, 9)),
    "one word": ((3,), (0, 5, 6, 7, 8, 9)),
    "odd number": ((1, 2, 3), (4, 5, 6, 7, 8, 9)),
    "target among the words": ((1, 2, 0), (0, 5, 6, 7, 8, 9)),
    "negative twice": ((1, 2), (0, 5, 6, 5, 5, 9)),
    "negative is the target": ((1, 2), (0, 5, 0, 7, 0, 9)),
    "nothing but the target": ((1, 2), (3, 3, 3, 3, 3, 3)),
    "one negative": ((1, 2, 3), (0, 4)),
    "two tiles": ((1, 2, 3), (0, 4, 5, 6, 7, 8, 9)),
    "three tiles": ((1, 2, 3, 8, 9), (0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 4, 5, 0, 6)),
}


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dim", [1, 16, 33, 100, 600])
@pytest.mark.parametrize(
    ("arch", "subword"), [("skipgram", False), ("cbow", False), ("skipgram", True), ("cbow", True)]
)
def test_one_update(
    tmp_path: Path, instruction_set: str, name: str, dim: int, arch: Architecture, subword: bool
) -> None:
    inputs, targets = CASES[name]
    config = EmbeddingConfig(
        arch=arch,
        dim=dim,
        negative=len(targets) - 1,
        subword=subword,
        buckets=50,
        window=3,
        min_count=1,
    )
    with bare(two_topics(tmp_path / "a.txt", lines=50), config, instruction_set=instruction_set) as (
        trainer,
        tokens,
        matrices,
    ):
        size = len(tokens.vocabulary)
        before = {key: matrix[:, :dim].astype(np.float64) for key, matrix in matrices.items()}
        wanted = {key: matrix.copy() for key, matrix in before.items()}
        rows = [[word] for word in inputs]
        for own in rows if subword else []:
            own += [size + bucket for bucket in buckets_of(tokens.vocabulary.tokens[own[0]], 1, 3, 50)]
        if arch == "cbow":
            rows = [[row for own in rows for row in own]]
        loss = trainer.step(inputs, targets, 0.02)
        assert loss == pytest.approx(reference(wanted["vectors"], wanted["context"], rows, targets, 0.02), rel=1e-5)
        for key, matrix in matrices.items():
            assert np.allclose(matrix[:, :dim], wanted[key], atol=2e-6, rtol=1e-5), key
            assert not matrix[:, dim:].any()


@pytest.mark.parametrize("instruction_set", SETS)
def test_sigmoid_and_loss_at_every_size(tmp_path: Path, instruction_set: str) -> None:
    """Dot products from nothing to far beyond where single precision has a sigmoid of 1."""
    config = EmbeddingConfig(dim=1, negative=1, min_count=1)
    with bare(two_topics(tmp_path / "a.txt", lines=50), config, instruction_set=instruction_set) as found:
        for dot in [0.0, 1e-6, 0.1, 0.5, 1, 2, 3.3, 5.9, 6.1, 10, 17, 30, 80, 87, 88, 200, 1e4]:
            for sign in (-1, 1):
                for matrix in found.matrices.values():
                    matrix[:] = 0
                found.matrices["vectors"][1, 0] = 1
                found.matrices["context"][:2, 0] = sign * dot, 0
                loss = found.trainer.step((1,), (0, 1), 1.0)
                assert loss == pytest.approx(np.log1p(np.exp(-sign * dot)) + np.log(2), rel=2e-6) if dot < 700 else loss
                learned = float(found.matrices["context"][0, 0]) - np.float32(sign * dot)
                assert learned == pytest.approx(expit(-sign * dot), abs=1e-6 * max(dot, 1))


def test_instruction_sets_agree(tmp_path: Path) -> None:
    """After a chunk, up to the order of sums: the same words are drawn."""
    path = two_topics(tmp_path / "a.txt", lines=300)
    for changes in ({}, {"arch": "cbow"}, {"negatives": "pair"}, {"subword": True, "buckets": 100}):
        config = EmbeddingConfig(dim=50, min_count=1, sample=0.05, **changes)
        found = []
        for name in SETS:
            with bare(path, config, instruction_set=name) as (trainer, _, matrices):
                found.append((trainer.chunk(0, 0), {key: matrix.copy() for key, matrix in matrices.items()}))
        for (tokens, pairs, loss), matrices in found[1:]:
            assert (tokens, pairs) == found[0][0][:2]
            assert loss == pytest.approx(found[0][0][2], rel=1e-4)
            for key, matrix in matrices.items():
                assert np.allclose(matrix, found[0][1][key], atol=1e-3)


TRICKY = b"\n\n  \xe4\xb8\x80 bb \t ccc\r\n" + b"x" * 3000 + b" bb\0 bb ccc\n" + b"y" * 1024 + b"\n\n bb ccc dd" * 40


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64, 1023, 1024, 1025, 1 << 16])
@pytest.mark.parametrize("end", [b"", b"\n", b" ", b" " + b"z" * 2000])
def test_no_token_is_lost_between_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: bytes
) -> None:
    """A token is read by the chunk it begins in, wherever chunks end."""
    monkeypatch.setattr(native, "_CHUNK", block)
    path = tmp_path / "a.txt"
    path.write_bytes(TRICKY + end)
    with bare(path, EmbeddingConfig(dim=4, min_count=1, sample=0)) as (trainer, tokens, _):
        chunks = -(-path.stat().st_size // block)
        assert (
            sum(trainer.chunk(0, number)[0] for number in range(chunks)) == tokens.tokens == len((TRICKY + end).split())
        )


@pytest.mark.parametrize(("block", "lost"), [(1 << 20, 2), (1 << 16, 12)])
def test_windows_end_with_lines_and_ten_thousand_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, lost: int
) -> None:
    """With a window of 1 every two neighbours are two pairs; a longer line, or a chunk's end, cuts some."""
    monkeypatch.setattr(native, "_CHUNK", block)
    path = tmp_path / "a.txt"
    path.write_text("一 二 三\n一 二\n三\n\n" + " ".join(["一二 三四五"] * 12_500), "utf-8")
    with bare(path, EmbeddingConfig(dim=4, window=1, min_count=1, sample=0)) as (trainer, tokens, _):
        chunks = -(-path.stat().st_size // block)
        read, pairs, _ = np.sum([trainer.chunk(0, number) for number in range(chunks)], axis=0)
    assert read == tokens.tokens == 25_006
    whole = 2 * (2 + 1 + 24_999)
    assert whole - 2 * lost <= pairs <= whole - 2 * 2


def test_subsampling_keeps_as_many_as_word2vec(tmp_path: Path) -> None:
    path = two_topics(tmp_path / "a.txt", lines=5000)
    with bare(path, EmbeddingConfig(dim=4, window=1, min_count=1, sample=0.01)) as (trainer, tokens, _):
        shares = np.array(tokens.vocabulary.counts) / tokens.known / 0.01
        kept = float((np.array(tokens.vocabulary.counts) * np.minimum(1, np.sqrt(1 / shares) + 1 / shares)).sum())
        results = [trainer.chunk(0, number) for number in range(-(-path.stat().st_size // (1 << 16)))]
    pairs = sum(result[1] for result in results)
    assert pairs == pytest.approx(2 * (kept - 5000), rel=0.05)  # lines of 12 words keep at least one nearly always


def test_negatives_are_drawn_by_power_of_counts(tmp_path: Path) -> None:
    """How often each row of the context changes when it is a negative: with a positive rate only drawn rows move."""
    path = tmp_path / "a.txt"
    path.write_text("一 " * 4000 + "二 " * 1000 + "三 " * 250 + "四 " * 60 + "五 " * 15, "utf-8")
    config = EmbeddingConfig(
        dim=1, window=1, negative=1, min_count=1, sample=0, negatives="pair", lr=1e-6, final_lr=1e-6
    )
    with bare(path, config) as (trainer, tokens, matrices):
        matrices["vectors"][:] = 1
        matrices["context"][:] = 0
        pairs = trainer.chunk(0, 0)[1]
        counts = np.array(tokens.vocabulary.counts, dtype=float)
        share = counts**0.75 / (counts**0.75).sum()
        # a row is the target of its own 2 n pairs (+ half a rate each) and the negative of the others
        wanted = counts / counts.sum() - share * (1 - counts / counts.sum())
        found = matrices["context"][:, 0] / (0.5e-6 * pairs)
    assert found == pytest.approx(wanted, abs=0.02)


def test_words_of_a_corpus(tmp_path: Path) -> None:
    with bare(two_topics(tmp_path / "a.txt"), EmbeddingConfig(dim=3, min_count=1)) as (_, tokens, _):
        assert set(tokens.vocabulary.tokens) == {*FRUIT, *TRAINS, "的", "和", "在"}


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with bare(two_topics(tmp_path / "a.txt", lines=50), EmbeddingConfig(dim=3, min_count=1)) as (trainer, _, matrices):
        for inputs, targets in [
            ((), (0, 1, 2, 3, 4, 5)),
            ((1,), (0,)),
            ((99,), (0, 1, 2, 3, 4, 5)),
            ((1,) * 11, (0,) * 6),
        ]:
            with pytest.raises(ValueError, match=r"words|negatives"):
                trainer.step(inputs, targets, 0.1)
        with pytest.raises(ValueError, match="no such chunk"):
            trainer.chunk(0, 1000)
        with pytest.raises(ValueError, match="subwords"):
            trainer.compose(matrices["vectors"])
        with pytest.raises(TypeError):
            trainer.step((1.5,), (0, 1, 2, 3, 4, 5), 0.1)  # type: ignore[arg-type]
