"""Texts that were learned from, as hashes with the label that each had: to know one again word for word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textpipe.corpus.split import text_hash
from textpipe.errors import REMAKE, ArtifactError
from textpipe.features.files import read_array, write_array

Learned = npt.NDArray[np.void]
UNDECIDED = -1  # no label is the commonest, or there are several a text
_ROW = np.dtype([("text", "<u8"), ("label", "<i4")])


def learned_texts(texts: Iterable[str], labels: Iterable[int]) -> Learned:
    """(text, label)[different texts], sorted: the hash, and the number of the label that it had most often."""
    counts: dict[int, Counter[int]] = {}
    for text, label in zip(texts, labels, strict=True):
        counts.setdefault(text_hash(text), Counter())[label] += 1
    return np.array([(text, _commonest(counts[text])) for text in sorted(counts)], _ROW)


def known_labels(texts: Sequence[str], learned: Learned) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int32]]:
    """bool[texts]: whether each was learned from, but for white space around it; int32[texts]: then its label's number,
    or UNDECIDED."""
    if not len(learned):
        return np.zeros(len(texts), np.bool_), np.full(len(texts), UNDECIDED, np.int32)
    known, places = known_places(texts, learned["text"])
    return known, np.where(known, learned["label"][places], UNDECIDED).astype(np.int32)


def known_places(
    texts: Sequence[str], hashes: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """bool[texts]: whether its hash is among these, one at least, which are sorted; int64[texts]: where, if so."""
    wanted = np.fromiter(map(text_hash, texts), np.uint64, count=len(texts))
    places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return np.asarray(hashes[places] == wanted), places


def write_learned(path: Path, learned: Learned) -> None:
    """As .npy."""
    write_array(path, learned)


def read_learned(path: Path, *, labels: int) -> Learned:
    """What `write_learned` wrote, of so many labels. Raises ArtifactError for anything else."""
    learned = read_array(path, _ROW, dimensions=1)
    numbers, hashes = learned["label"], learned["text"]
    if not ((hashes[1:] > hashes[:-1]).all() and (numbers >= UNDECIDED).all() and (numbers < labels).all()):
        raise ArtifactError("not texts that were learned from", where=path, hint=REMAKE)
    return learned


def _commonest(counts: Counter[int]) -> int:
    (label, most), *others = counts.most_common(2)
    return UNDECIDED if others and others[0][1] == most else label
