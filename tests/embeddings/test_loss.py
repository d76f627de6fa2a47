"""The loss of a sample, against a plain sum over its pairs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.embeddings.corpora import subjects, token_file
from textpipe.embeddings.config import Architecture, EmbeddingConfig
from textpipe.embeddings.ids import read_ids
from textpipe.embeddings.loss import Paths, draw_sample, mean_loss
from textpipe.embeddings.sampling import cumulative, keep_probabilities, noise
from textpipe.errors import InputError

CONFIG = EmbeddingConfig(dim=8, window=3, negative=4, sample=0.05, seed=1)


def sigmoid(number: float) -> float:
    return 1 / (1 + math.exp(-number))


@pytest.mark.parametrize("arch", ["skipgram", "cbow"])
@pytest.mark.parametrize("hierarchical", [False, True])
def test_as_it_is_written_down(tmp_path: Path, arch: Architecture, hierarchical: bool) -> None:
    tokens = subjects(tmp_path, documents=20)
    sample = draw_sample(tokens, CONFIG)
    generator = np.random.default_rng(0)
    words, context = (generator.standard_normal((24, 8)).astype(np.float32) for _ in range(2))
    points = generator.integers(0, 23, (24, 5))
    points[:12, 4] = -1
    paths = Paths(points, generator.random((24, 5)) < 0.5) if hierarchical else None
    total, pairs = 0.0, 0
    for centre, window, negatives in zip(*sample, strict=True):
        rows = words[window[window >= 0]].astype(float)
        for row in [rows.mean(axis=0)] if arch == "cbow" else rows:
            pairs += 1
            if paths is not None:
                for point, code in zip(paths.points[centre], paths.codes[centre], strict=True):
                    if point >= 0:
                        total -= math.log(sigmoid((1 - 2 * int(code)) * float(row @ context[point])))
                continue
            total -= math.log(sigmoid(float(row @ context[centre])))
            total -= sum(math.log(sigmoid(-float(row @ context[word]))) for word in negatives if word != centre)
    assert pairs > 100
    assert mean_loss(sample, replace(CONFIG, arch=arch), words, context, paths=paths) == pytest.approx(total / pairs)


def test_untrained_vectors_have_the_loss_of_guessing(tmp_path: Path) -> None:
    sample = draw_sample(subjects(tmp_path), replace(CONFIG, power=0.0, sample=0.0))
    loss = mean_loss(sample, CONFIG, np.ones((24, 8), np.float32), np.zeros((24, 8), np.float32))
    assert loss == pytest.approx((1 + 4 * 23 / 24) * math.log(2), rel=0.01)


def test_a_large_file_is_read_at_some_places(tmp_path: Path) -> None:
    tokens = subjects(tmp_path, documents=20_000)
    sample, again = (draw_sample(tokens, CONFIG) for _ in range(2))
    assert 50_000 < len(sample.centres) < tokens.tokens / 2
    assert all((one == other).all() for one, other in zip(sample, again, strict=True))
    assert set(sample.centres.tolist()) == set(range(24))


def test_no_pairs_have_no_loss(tmp_path: Path) -> None:
    sample = draw_sample(token_file(tmp_path / "tokens.txt", ["a", "b"]), CONFIG)
    assert sample.words == 0
    assert mean_loss(sample, CONFIG, np.ones((2, 8), np.float32), np.ones((2, 8), np.float32)) is None


def test_ids_have_marks_where_documents_end(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["b a rare a", "", "a b a"], min_count=2)
    assert tokens.vocabulary.tokens == ("a", "b")
    for end in (b"", b"\n"):
        tokens.path.write_bytes(tokens.path.read_bytes().rstrip(b"\n") + end)
        assert np.concatenate(list(read_ids(tokens))).tolist() == [1, 0, 0, 2, 2, 0, 1, 0, 2]
    tokens.path.write_bytes("b\ta\r\n\n \u3000 a\fa a\u3000".encode())
    assert np.concatenate(list(read_ids(tokens))).tolist() == [1, 0, 2, 2, 0, 0, 2]
    tokens.path.write_bytes(b"")
    assert list(read_ids(tokens)) == []


def test_blocks_are_cut_between_tokens(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["词语 " * 400_000 + "词", "词语 " * 9 + "长" * 3_000_000])
    counts = np.bincount(np.concatenate(list(read_ids(tokens))), minlength=4)
    assert counts.tolist() == [400_009, *(1 for _ in tokens.vocabulary.tokens[1:]), 2]


def test_where_bytes_are_no_text(tmp_path: Path) -> None:
    tokens = token_file(tmp_path / "tokens.txt", ["词 语"] * 300_000)
    tokens.path.write_bytes(tokens.path.read_bytes() + b"a\n\x80 b\n")
    with pytest.raises(InputError, match="300002"):
        list(read_ids(tokens))


def test_chances(tmp_path: Path) -> None:
    vocabulary = token_file(tmp_path / "tokens.txt", ["a " * 90 + "b " * 9 + "c"]).vocabulary
    threshold = 0.01 * 100
    expected = [(math.sqrt(count / threshold) + 1) * threshold / count for count in (90, 9)]
    assert keep_probabilities(vocabulary, 0.01).tolist() == pytest.approx([*expected, 1.0])
    assert keep_probabilities(vocabulary, 0.0).tolist() == [1, 1, 1]
    assert noise(vocabulary, 0.5).tolist() == pytest.approx(
        [math.sqrt(count) / sum(map(math.sqrt, (90, 9, 1))) for count in (90, 9, 1)]
    )
    assert cumulative(noise(vocabulary, 1.0)).tolist() == pytest.approx([0.9, 0.99, 1.0])
