"""The native engine as a whole: what it learns, that it is the same every time, and what it says when it cannot."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.embeddings.native_training import FRUIT, NEEDS_IT, TRAINS, Trained, trained, two_topics
from textpipe.embeddings import native
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import Progress, TrainingLog
from textpipe.embeddings.subwords import buckets_of
from textpipe.embeddings.tokens import token_file
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError, ResourceError, UsageError

pytestmark = NEEDS_IT
SMALL = {"dim": 20, "epochs": 3, "min_count": 1, "sample": 0.05, "lr": 0.05}
KINDS: dict[str, dict[str, object]] = {
    "window": {},
    "pair": {"negatives": "pair"},
    "cbow": {"arch": "cbow"},
    "subword": {"subword": True, "buckets": 500},
    "subword cbow": {"subword": True, "buckets": 500, "arch": "cbow"},
}


def settings(**changes: object) -> EmbeddingConfig:
    return EmbeddingConfig(**(SMALL | changes))  # type: ignore[arg-type]


def near(vectors: Vectors, word: str, count: int) -> set[str]:
    """The nearest words by cosine, without the word itself."""
    rows = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    order = np.argsort(-(rows @ rows[vectors.words.index(word)]))
    return {vectors.words[place] for place in order[1 : count + 1]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [1, 2])
def test_topics_are_learned(tmp_path: Path, kind: str, workers: int) -> None:
    path = two_topics(tmp_path / "a.txt")
    found = trained(path, settings(epochs=5, **KINDS[kind]), workers=workers)
    for topic in (FRUIT, TRAINS):
        for word in topic:
            assert near(found.vectors, word, 5) == set(topic) - {word}
    assert [report.epoch for report in found.reports] == [1, 2, 3, 4, 5]
    losses = [report.loss for report in found.reports]
    assert None not in losses
    if kind != "pair":  # whose updates help the very next pair, the less so the lower the rate
        assert losses[-1] < losses[0]  # type: ignore[operator]
    assert {report.tokens for report in found.reports} == {24_000}
    assert found.facts["instruction_set"] == native.instruction_set()


@pytest.mark.parametrize("kind", KINDS)
def test_one_worker_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(native, "_CHUNK", 20_000)
    path = two_topics(tmp_path / "a.txt")
    one, two = (trained(path, settings(**KINDS[kind])).vectors for _ in range(2))
    assert one.matrix.tobytes() == two.matrix.tobytes()
    assert one.context is not None
    assert two.context is not None
    assert one.context.tobytes() == two.context.tobytes()
    other = trained(path, settings(seed=1, **KINDS[kind])).vectors
    assert other.matrix.tobytes() != one.matrix.tobytes()


def test_shape_of_what_comes_back(tmp_path: Path) -> None:
    path = two_topics(tmp_path / "a.txt")
    tokens = token_file(path, min_count=1)
    vectors = trained(tokens, settings(dim=33)).vectors
    assert vectors.words == list(tokens.vocabulary.tokens)
    assert vectors.counts is not None
    assert vectors.counts.tolist() == list(tokens.vocabulary.counts)
    assert vectors.counts.dtype == np.int64
    assert vectors.context is not None
    for matrix in (vectors.matrix, vectors.context):
        assert matrix.shape == (15, 33)
        assert matrix.dtype == np.float32
        assert matrix.flags.c_contiguous
        assert np.isfinite(matrix).all()
        assert matrix.any(axis=1).all()
    assert vectors.subwords is None


def test_rare_words_are_passed_over(tmp_path: Path) -> None:
    """They make no distance: a corpus is as one without them."""
    path, other = two_topics(tmp_path / "a.txt"), tmp_path / "b.txt"
    lines = path.read_text("utf-8").splitlines()
    other.write_text(
        "\n".join(f"罕见{number} " + line.replace(" ", f" 难{number} ", 1) for number, line in enumerate(lines))
    )
    one, two = (trained(file, settings(min_count=2, sample=0, lr=0, final_lr=0)) for file in (path, other))
    assert two.vectors.words == one.vectors.words
    assert two.reports[0].tokens == one.reports[0].tokens + 2 * len(lines)
    assert two.reports[0].pairs == pytest.approx(one.reports[0].pairs, rel=0.02)


def test_loss_is_that_of_untrained_vectors(tmp_path: Path) -> None:
    """With context vectors of zero every sigmoid is a half, so a pair loses (1 + negatives that count) log 2."""
    path = two_topics(tmp_path / "a.txt")
    found = trained(path, settings(lr=0, final_lr=0, negatives="pair", epochs=1))
    share = np.array(token_file(path, min_count=1).vocabulary.counts) ** 0.75
    same = ((share / share.sum()) ** 2).sum()
    assert found.reports[0].loss == pytest.approx(np.log(2) * (1 + 5 * (1 - same)), rel=0.01)


# ---------------------------------------------------------------------------------------------- odd corpora


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "content",
    [
        "一 二",
        "一\n二\n一",
        "的 " * 5000 + "了",
        "一 二 " * 60_000,
        "a\0b \0 a\0b c",
        "\n\n一 二\r\n\r\n  三 ",
        "👨\u200d👩\u200d👧 𠀀 " * 10,
        "长" * 300 + " 短 " + "久" * 341,
        "一 二 " + "x" * 200_000 + " 三",
    ],
)
def test_odd_corpora(tmp_path: Path, content: str, workers: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text(content, "utf-8", newline="")
    for changes in KINDS.values():
        found = trained(path, settings(epochs=2, **changes), workers=workers)
        assert set(found.vectors.words) == {word for word in content.split() if len(word) < 1000}
        assert np.isfinite(found.vectors.matrix).all()
        assert [report.tokens for report in found.reports] == [len(content.split())] * 2
    assert len(found.notes) == ("x" * 2000 in content)


def test_lines_of_one_word_have_no_pairs(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("一\n二\n一\n", "utf-8")
    assert [report.loss for report in trained(tmp_path / "a.txt", settings()).reports] == [None] * 3


def test_the_file_must_stay_as_it_was(tmp_path: Path) -> None:
    tokens = token_file(two_topics(tmp_path / "a.txt"), min_count=1)
    tokens.path.write_text("苹果 香蕉\n", "utf-8")
    with pytest.raises(InputError, match="the file changed"):
        trained(tokens, settings())
    tokens.path.unlink()
    with pytest.raises(InputError, match="no such file"):
        trained(tokens, settings())


# ---------------------------------------------------------------------------------------------- beginning from vectors


@pytest.mark.parametrize("kind", KINDS)
def test_from_vectors(tmp_path: Path, kind: str) -> None:
    """At a learning rate of zero words have the vectors they began with."""
    path = two_topics(tmp_path / "a.txt")
    old = trained(path, settings(**KINDS[kind])).vectors
    with path.open("a", encoding="utf-8") as stream:
        stream.write("新词 苹果 新词 香蕉\n" * 400)
    still = settings(lr=0, final_lr=0, **KINDS[kind])
    new = trained(path, still, vectors=old).vectors
    assert new.words != old.words
    for word in old.words:
        assert new.vector(word) == pytest.approx(old.vector(word), abs=1e-6)
        assert new.context is not None
        assert old.context is not None
        assert new.context[new.words.index(word)].tolist() == old.context[old.words.index(word)].tolist()
    fresh = new.vector("新词")
    assert fresh is not None
    assert 0 < np.abs(fresh).max() <= 0.5
    learned = trained(path, settings(**KINDS[kind]), vectors=new).vectors
    rows = learned.matrix / np.linalg.norm(learned.matrix, axis=1, keepdims=True)
    fruit, trains = (np.mean([rows[learned.words.index(word)] for word in topic], axis=0) for topic in (FRUIT, TRAINS))
    own = rows[learned.words.index("新词")]
    assert own @ fruit > own @ trains + 0.1


def test_from_vectors_without_context_or_common_words(tmp_path: Path) -> None:
    path = two_topics(tmp_path / "a.txt")
    given = Vectors(["苹果", "别的"], np.ones((2, 20), dtype=np.float32))
    found = trained(path, settings(lr=0, final_lr=0), vectors=given).vectors
    assert found.vector("苹果") == pytest.approx(np.ones(20))
    stranger = Vectors(["别的"], np.ones((1, 20), dtype=np.float32))
    assert len(trained(path, settings(), vectors=stranger).vectors) == 15


def test_from_vectors_of_another_length(tmp_path: Path) -> None:
    given = Vectors(["苹果"], np.ones((1, 21), dtype=np.float32))
    with pytest.raises(UsageError, match="21 dimensions"):
        trained(two_topics(tmp_path / "a.txt"), settings(), vectors=given)


# ---------------------------------------------------------------------------------------------- subwords


def test_a_vector_is_the_mean_of_its_parts(tmp_path: Path) -> None:
    """Where the words' own rows are known: at a rate of zero, from vectors."""
    found = trained(two_topics(tmp_path / "a.txt"), settings(subword=True, buckets=50, lr=0, final_lr=0)).vectors
    subwords = found.subwords
    assert subwords is not None
    assert (subwords.min_n, subwords.max_n, subwords.matrix.shape) == (1, 3, (50, 20))
    for word, row in zip(found.words, found.matrix, strict=True):
        rows = subwords.matrix[[*buckets_of(word, 1, 3, 50)]]
        own = row * (len(rows) + 1) - rows.sum(axis=0)
        assert np.abs(own).max() <= 0.5 / 20 + 1e-6  # as rows begin
        assert own.any()


def test_unknown_words_are_near_those_they_share_characters_with(tmp_path: Path) -> None:
    found = trained(two_topics(tmp_path / "a.txt"), settings(subword=True, epochs=10, sample=0)).vectors
    assert found.subwords is not None
    rows = found.matrix / np.linalg.norm(found.matrix, axis=1, keepdims=True)
    for unknown, topic in (("火车票", TRAINS), ("大苹果", FRUIT)):
        vector = found.subwords.vector(unknown)
        nearest = [found.words[place] for place in np.argsort(-(rows @ vector))[:3]]
        assert set(nearest) <= set(topic)


# ---------------------------------------------------------------------------------------------- refusals


def test_what_the_engine_does_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_topics(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="hierarchical"):
        trained(path, settings(loss="hierarchical"))
    with pytest.raises(UsageError, match="'cuda'"):
        native.train(token_file(path, min_count=1), settings(), device="cuda", log=TrainingLog())
    monkeypatch.setattr(native, "is_compiled", lambda: False)
    with pytest.raises(UsageError, match="was not built"):
        trained(path, settings())


def test_too_high_a_rate(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="grow without bound"):
        trained(
            two_topics(tmp_path / "a.txt"),
            settings(lr=10.0, final_lr=10.0, epochs=30, arch="cbow", window=50, negative=50),
        )


def test_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(native, "aligned", full)
    with pytest.raises(ResourceError, match="do not fit"):
        trained(two_topics(tmp_path / "a.txt"), settings())


def test_instruction_set_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_topics(tmp_path / "a.txt")
    found: list[Trained] = []
    for name in ("baseline", native.instruction_set()):
        monkeypatch.setenv(native.VARIABLE, name)
        found.append(trained(path, settings()))
        assert found[-1].facts["instruction_set"] == name
    monkeypatch.setenv(native.VARIABLE, "mmx")
    with pytest.raises(UsageError, match="'mmx' does not run here"):
        trained(path, settings())


def test_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_CHUNK", 4096)
    monkeypatch.setattr(native, "_POLL", 0.001)
    seen: list[Progress] = []
    tokens = token_file(two_topics(tmp_path / "a.txt"), min_count=1)
    native.train(tokens, settings(), workers=2, log=TrainingLog(progress=seen.append))
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1].done == seen[-1].total == 72_000
    assert {progress.epoch for progress in seen} == {1, 2, 3}


def test_a_signal_ends_it_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("一 二 三 四 五 六 七 八 九 十\n" * 200_000, "utf-8")

    def interrupt(progress: Progress) -> None:
        assert progress.done < progress.total / 2
        os.kill(os.getpid(), signal.SIGINT)

    tokens = token_file(path, min_count=1)
    with pytest.raises(KeyboardInterrupt):
        native.train(tokens, settings(epochs=100), log=TrainingLog(progress=interrupt))
