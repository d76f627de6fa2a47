"""The files of an artifact of kind `embeddings`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from textpipe.embeddings.vectors import Vectors
from textpipe.errors import REMAKE, ArtifactError
from textpipe.store.objects import Artifact


def read_vectors(source: Artifact | Path, *, subwords: bool = True) -> Vectors:
    """The vectors of an artifact or of its folder, with counts where it has them.

    Raises ArtifactError when words and matrix do not fit together.
    """
    from safetensors.numpy import load_file

    assert not subwords
    folder = source if isinstance(source, Path) else source.folder
    words = (folder / "words.txt").read_text("utf-8").split("\n")[:-1]
    matrix = load_file(folder / "vectors.safetensors")["vectors"]
    counts_file = folder / "counts.npy"
    counts = np.load(counts_file, allow_pickle=False) if counts_file.exists() else None
    if matrix.ndim != 2 or len(matrix) != len(words) or (counts is not None and len(counts) != len(words)):
        raise ArtifactError("words and vectors do not fit together", where=folder, hint=REMAKE)
    return Vectors(words, matrix, counts=counts)
