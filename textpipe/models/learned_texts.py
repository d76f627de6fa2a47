"""Texts that were learned from, as hashes: to know one again word for word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textpipe.corpus.split import text_hash
from textpipe.errors import REMAKE, ArtifactError
from textpipe.features.files import read_array, write_array

Hashes = npt.NDArray[np.uint64]


def hashes_of(texts: Iterable[str]) -> Hashes:
    """uint64, sorted, each once."""
    return np.unique(np.fromiter(map(text_hash, texts), np.uint64))


def are_among(texts: Sequence[str], hashes: Hashes) -> npt.NDArray[np.bool_]:
    """bool[texts]: whether each is one of those that were hashed, but for white space around it."""
    found = np.fromiter(map(text_hash, texts), np.uint64, count=len(texts))
    if not len(hashes):
        return np.zeros(len(texts), np.bool_)
    places = np.minimum(np.searchsorted(hashes, found), len(hashes) - 1)
    return np.asarray(hashes[places] == found)


def write_hashes(path: Path, hashes: Hashes) -> None:
    """As .npy."""
    write_array(path, hashes.astype("<u8"))


def read_hashes(path: Path) -> Hashes:
    """What `write_hashes` wrote. Raises ArtifactError for anything else."""
    hashes = read_array(path, np.dtype("<u8"), dimensions=1)
    if not (hashes[1:] > hashes[:-1]).all():
        raise ArtifactError("not the hashes of texts", where=path, hint=REMAKE)
    return hashes
