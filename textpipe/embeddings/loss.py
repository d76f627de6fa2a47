"""The mean loss of a model on a fixed sample of pairs, the same for every engine: what an epoch has brought."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.ids import Ids, encode
from textpipe.embeddings.sampling import cumulative, keep_probabilities, noise
from textpipe.embeddings.search import Floats
from textpipe.embeddings.tokens import TokenFile

_PLACES = 16  # where the file is read
_BYTES = 1 << 15  # at each of them, and on to the end of the line
_LONGEST = 1 << 20
_AT_ONCE = 2048  # positions whose products are in memory together

Bits = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class Sample(NamedTuple):
    """Positions of a corpus, as training would draw them, n of them.

    centres: int64[n]; windows: int64[n, 2 · window], -1 where no word is; negatives: int64[n, negative], shared by the
    pairs of a position
    """

    centres: Numbers
    windows: Numbers
    negatives: Numbers

    @property
    def words(self) -> int:
        """How many pairs of words there are."""
        return int((self.windows >= 0).sum())


class Paths(NamedTuple):
    """The way to each word in a tree: points int64[words, depth] (-1 after the end), codes bool[words, depth]."""

    points: Numbers
    codes: Bits


def draw_sample(tokens: TokenFile, config: EmbeddingConfig) -> Sample:
    """The same positions for the same file, settings and seed: from 16 places of the file, spread evenly."""
    generator = np.random.default_rng(config.seed)
    end = len(tokens.vocabulary)
    ids = _read_places(tokens)
    keep = np.append(keep_probabilities(tokens.vocabulary, config.sample), 1.0)
    kept = ids[generator.random(len(ids)) < keep[ids]]
    padding = np.full(config.window, end, dtype=np.int32)
    kept = np.concatenate((padding, kept, padding))
    places = np.flatnonzero(kept != end)
    sizes = generator.integers(1, config.window + 1, len(places))
    windows = windows_of(kept, places, sizes, window=config.window, end=end)
    chances = generator.random((len(places), config.negative))
    drawn = np.searchsorted(cumulative(noise(tokens.vocabulary, config.power)), chances, side="right")
    some = (windows >= 0).any(axis=1)
    return Sample(kept[places][some].astype(np.int64), windows[some], drawn[some].astype(np.int64))


def windows_of(kept: Ids, places: Numbers, sizes: Numbers, *, window: int, end: int) -> Numbers:
    """The words around each place, no farther than its size and within its document; -1 for none."""
    sides = []
    for sign in (-1, 1):
        steps = np.arange(1, window + 1)
        words = kept[places[:, None] + sign * steps]
        inside = np.logical_and.accumulate(words != end, axis=1) & (steps <= sizes[:, None])
        sides.append(np.where(inside, words, -1))
    return np.concatenate(sides, axis=1).astype(np.int64)


def mean_loss(
    sample: Sample, config: EmbeddingConfig, matrix: Floats, context: Floats, *, paths: Paths | None = None
) -> float | None:
    """The mean loss of a sample's pairs, as `EpochReport` defines it, in double precision; None without any pair.

    context: of words, or with `paths` of the nodes of the tree, and the loss is that of hierarchical softmax.
    """
    total, pairs = 0.0, 0
    for start in range(0, len(sample.centres), _AT_ONCE):
        centres, windows, negatives = (part[start : start + _AT_ONCE] for part in sample)
        inputs, used = _inputs(windows, matrix, mean=config.arch == "cbow")
        if paths is None:
            targets = np.concatenate((centres[:, None], negatives), axis=1)
            positive = np.zeros(targets.shape, dtype=bool)
            positive[:, 0] = True
            counted = positive | (targets != centres[:, None])
        else:
            targets, positive = paths.points[centres], ~paths.codes[centres]
            counted = targets >= 0
        products = inputs @ context[targets].astype(np.float64).transpose(0, 2, 1)
        losses = np.logaddexp(0.0, np.where(positive[:, None, :], -products, products))
        total += float((losses * counted[:, None, :] * used[:, :, None]).sum())
        pairs += int(used.sum())
    return total / pairs if pairs else None


def _inputs(windows: Numbers, matrix: Floats, *, mean: bool) -> tuple[npt.NDArray[np.float64], Bits]:
    """What predicts, float64[n, pairs, dim], and which of it there is: each word of a window, or their mean."""
    used: Bits = windows >= 0
    words = matrix[windows].astype(np.float64) * used[:, :, None]
    if not mean:
        return words, used
    sizes = used.sum(axis=1)[:, None]
    return words.sum(axis=1, keepdims=True) / np.maximum(sizes, 1)[:, :, None], sizes > 0


def _read_places(tokens: TokenFile) -> Ids:
    size = os.path.getsize(tokens.path)
    whole = size <= _PLACES * _BYTES
    starts = [0] if whole else [size * place // _PLACES for place in range(_PLACES)]
    found = [np.array([len(tokens.vocabulary)], dtype=np.int32)]
    with open(tokens.path, "rb") as stream:
        for start in starts:
            stream.seek(start)
            if start:
                stream.readline(_LONGEST)  # the rest of a line
            block = stream.read(size if whole else _BYTES) + stream.readline(_LONGEST)
            cut = max(block.rfind(b" "), block.rfind(b"\n")) + 1 or len(block)
            found.append(encode(block[:cut] + b"\n", tokens, line=1))
    return np.concatenate(found)
