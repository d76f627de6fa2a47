"""Small embeddings for tests: files in word2vec's text format, artifacts in a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textpipe.store.keys import Recipe
from textpipe.store.layout import Store
from textpipe.store.objects import building
from textpipe.store.refs import set_ref

Floats = npt.NDArray[np.float32]


def random_matrix(rows: int, dimensions: int = 8, *, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)


def vectors_file(path: Path, words: Sequence[str], matrix: Floats) -> Path:
    """word2vec's text format."""
    lines = [f"{word} {' '.join(map(repr, row))}\n" for word, row in zip(words, matrix.tolist(), strict=True)]
    path.write_text(f"{len(words)} {matrix.shape[1]}\n{''.join(lines)}", "utf-8")
    return path


def artifact(store: Store, words: Sequence[str], matrix: Floats, *, counts: Sequence[int], name: str) -> None:
    """An artifact of kind embeddings, called `name`."""
    from safetensors.numpy import save_file

    with building(store, Recipe("embeddings", "embeddings", 1, {"of": name}, {}), {}, environment={}) as made:
        (made.folder / "words.txt").write_text("".join(f"{word}\n" for word in words), "utf-8")
        (made.folder / "embeddings.json").write_text("{}", "utf-8")
        np.save(made.folder / "counts.npy", np.array(counts, np.int64))
        save_file({"vectors": matrix}, made.folder / "vectors.safetensors")
    assert made.artifact is not None
    set_ref(store, made.artifact.address, name)
