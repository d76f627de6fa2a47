"""What the tests of the native engine share: a corpus of two topics, and a trainer over matrices that can be seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from textpipe.embeddings import native
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, TrainingLog
from textpipe.embeddings.native_matrices import aligned, start
from textpipe.embeddings.tokens import TokenFile, is_compiled, token_file
from textpipe.embeddings.vectors import Vectors

if TYPE_CHECKING:
    from textpipe.embeddings._word2vec import Trainer

NEEDS_IT = pytest.mark.skipif(not is_compiled(), reason="needs the extension: built with the package")
FRUIT = ["苹果", "香蕉", "梨子", "葡萄", "西瓜", "桃子"]
TRAINS = ["火车", "车站", "铁路", "车票", "站台", "乘客"]


def two_topics(path: Path, *, lines: int = 2000) -> Path:
    """Lines of words of one topic each, with words that stand in all of them."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(lines):
            topic = chance.choice((FRUIT, TRAINS))
            stream.write(" ".join(chance.choice([*topic, *topic, "的", "和", "在"]) for _ in range(12)) + "\n")
    return path


class Trained(NamedTuple):
    """Vectors, and what was reported."""

    vectors: Vectors
    reports: list[EpochReport]
    notes: list[str]
    facts: dict[str, object]


def trained(
    tokens: TokenFile | Path,
    config: EmbeddingConfig,
    *,
    vectors: Vectors | None = None,
    workers: int = 1,
    work: Path | None = None,
) -> Trained:
    """Train on a file."""
    reports: list[EpochReport] = []
    notes: list[str] = []
    log = TrainingLog(epoch=reports.append, note=notes.append, work=work)
    if isinstance(tokens, Path):
        tokens = token_file(tokens, min_count=config.min_count)
    result = native.train(tokens, config, vectors=vectors, workers=workers, log=log)
    return Trained(result, reports, notes, log.facts)


class Bare(NamedTuple):
    """A trainer and its matrices, which have padded rows."""

    trainer: Trainer
    tokens: TokenFile
    matrices: dict[str, npt.NDArray[np.float32]]


@contextmanager
def bare(path: Path, config: EmbeddingConfig, *, instruction_set: str = "baseline") -> Iterator[Bare]:
    """The compiled trainer itself, over random vectors and random context vectors."""
    tokens = token_file(path, min_count=config.min_count)
    size = len(tokens.vocabulary)
    matrices = {
        "vectors": aligned(size + (config.buckets if config.subword else 0), config.dim),
        "context": aligned(size, config.dim),
    }
    with path.open("rb", buffering=0) as stream:
        trainer = native._trainer(tokens, config, matrices, stream, instruction_set)
        start(tokens, config, trainer, matrices, None)
        generator = np.random.default_rng(1)
        for matrix in matrices.values():
            matrix[:, : config.dim] = generator.normal(0, 0.5, (len(matrix), config.dim))
        yield Bare(trainer, tokens, matrices)
