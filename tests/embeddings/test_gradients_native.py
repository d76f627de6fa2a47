"""The native kernel's update, in every instruction set of the machine, against torch's own differentiation."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from textpipe.embeddings.config import Architecture
from textpipe.embeddings.subwords import buckets_of

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")
native: Any = pytest.importorskip("textpipe.embeddings._word2vec", reason="the native engine was not built")

WORDS = ["茶", "山", "tea", "叶子", "水", "a", "河流", "风"]
BUCKETS, RATE = 7, 0.1
SETS = native.instruction_sets()


def trainer(folder: Path, kernel: str, *, cbow: bool, dim: int, negative: int, subword: bool) -> tuple[Any, Any, Any]:
    """A trainer and its two matrices, of random rows."""
    aligned = import_module("textpipe.embeddings.native_matrices").aligned
    encoded = [word.encode() for word in WORDS]
    matrices = [aligned(len(WORDS) + BUCKETS * rows, dim) for rows in (subword, False)]
    for number, matrix in enumerate(matrices):
        matrix[:, :dim] = np.random.default_rng(number).standard_normal((len(matrix), dim))
    path = folder / "tokens.txt"
    path.write_text(" ".join(WORDS))
    with open(path, "rb") as stream:
        made = native.Trainer(
            b"".join(encoded),
            np.cumsum([0, *map(len, encoded)], dtype=np.int64),
            np.ones(len(WORDS), dtype=np.int64),
            *matrices,
            file=stream.fileno(),
            size=path.stat().st_size,
            cbow=cbow,
            dim=dim,
            window=4,
            negative=negative,
            own_negatives=False,
            power=0.75,
            sample=0.0,
            epochs=1,
            rate=RATE,
            final_rate=RATE,
            seed=0,
            buckets=BUCKETS if subword else 0,
            min_n=1,
            max_n=3,
            kernel=kernel,
            block=1 << 16,
        )
    return made, matrices[0], matrices[1]


def rows_of(word: int, *, subword: bool) -> list[int]:
    grams = buckets_of(WORDS[word], 1, 3, BUCKETS) if subword else ()
    return [word, *(len(WORDS) + bucket for bucket in grams)]


def mean_of(vectors: Any, words: list[int], *, subword: bool) -> Any:
    """The mean of all rows of these words; each has its whole gradient, as in word2vec.c and fastText."""
    rows = vectors[[row for word in words for row in rows_of(word, subword=subword)]]
    return rows.sum(0) - (rows.sum(0) - rows.mean(0)).detach()


def expected(
    vectors: Any, context: Any, inputs: list[int], targets: list[int], *, cbow: bool, subword: bool
) -> tuple[Any, Any, float]:
    """Both matrices after the update, and the loss before it; a negative that is the target itself is left out."""
    vectors, context = (torch.tensor(matrix, dtype=torch.float64, requires_grad=True) for matrix in (vectors, context))
    loss = torch.zeros((), dtype=torch.float64)
    for words in [inputs] if cbow else [[word] for word in inputs]:
        predicting = mean_of(vectors, words, subword=subword)
        loss = loss - torch.log(torch.sigmoid(predicting @ context[targets[0]]))
        for negative in targets[1:]:
            if negative != targets[0]:
                loss = loss - torch.log(torch.sigmoid(-(predicting @ context[negative])))
    loss.backward()
    moved = [(matrix - RATE * matrix.grad).detach().numpy() for matrix in (vectors, context)]
    return moved[0], moved[1], float(loss.detach())


@pytest.mark.parametrize("kernel", SETS)
@pytest.mark.parametrize("subword", [False, True])
@pytest.mark.parametrize("arch", ["skipgram", "cbow"])
@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        ([0, 1, 3, 4], [2, 5, 6, 7]),  # negatives shared by a window
        ([3], [2, 5, 6, 7]),  # a pair with its own
        ([0, 1], [2, 2, 5, 5]),  # the target among the negatives, and one of them twice
        ([2, 6], [2, 6, 1, 0]),  # words that are targets too
        ([0, 1, 3, 4, 5, 6, 7], [2, *(number % 8 for number in range(11))]),  # more than a block of targets
    ],
)
@pytest.mark.parametrize("dim", [5, 16, 100])
def test_a_step(
    tmp_path: Path,
    kernel: str,
    subword: bool,
    arch: Architecture,
    inputs: list[int],
    targets: list[int],
    dim: int,
) -> None:
    cbow = arch == "cbow"
    made, vectors, context = trainer(tmp_path, kernel, cbow=cbow, dim=dim, negative=len(targets) - 1, subword=subword)
    # numbers of a size as in training: the kernel's sigmoid need not be exact where it is all but 0 or 1
    vectors /= np.sqrt(dim)
    new_vectors, new_context, loss = expected(
        vectors[:, :dim], context[:, :dim], inputs, targets, cbow=cbow, subword=subword
    )
    found = made.step(tuple(inputs), tuple(targets), RATE)
    assert found == pytest.approx(loss, rel=1e-4)
    np.testing.assert_allclose(vectors[:, :dim], new_vectors, atol=2e-5)
    np.testing.assert_allclose(context[:, :dim], new_context, atol=2e-5)
    assert not vectors[:, dim:].any()
    assert not context[:, dim:].any()
