"""Batches for training on a device: subsampling, windows and negatives, all drawn there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.sampling import cumulative, keep_probabilities, noise
from textpipe.vocabulary import Vocabulary

_MOST = 1 << 16  # positions of a batch
_LEAST = 1 << 4
_STEP = 1.0  # learning rate times pairs of a batch that move a word at full strength; more only share that
_OVER = 4  # times as many pairs the most frequent word of a batch may have


class Batch(NamedTuple):
    """Positions of a corpus, n of them. Words are int64 ids, -1 where there is none.

    centres: [n]; windows: [n, 2 · window]; negatives: [n, negative], shared by the pairs of a position, or
    [n, 2 · window, negative], a pair's own; a negative that is the centre itself is -1
    """

    centres: Any
    windows: Any
    negatives: Any


@dataclass(frozen=True)
class Chances:
    """What batches are drawn from: tensors of one number a word, on the device.

    keep: of a token to be kept, and 1 for the end of a document, float32[words + 1]; noise: sums of the shares of
    negatives, float64[words]; size: positions of a batch; word_scale, context_scale: see `_scales`, float32[words]
    """

    keep: Any
    noise: Any
    size: int
    word_scale: Any
    context_scale: Any


def chances(vocabulary: Vocabulary, config: EmbeddingConfig, device: Any, *, at_once: int | None = None) -> Chances:
    """What a corpus of this vocabulary is drawn by.

    at_once: how many positions a device works on before it sees what they changed; a batch where None is given
    """
    keep = keep_probabilities(vocabulary, config.sample)
    shares = np.array(vocabulary.counts) * keep
    shares /= shares.sum()
    drawn = noise(vocabulary, config.power)
    # of a position, on average at most; a word is but a part of the mean that CBOW's window is
    pairs = config.window + 1 if config.arch == "skipgram" else 1
    in_words, in_context = pairs * shares, pairs * (shares + config.negative * drawn)
    cap = max(_STEP / max(config.lr, 1e-6), 1.0)
    size = _MOST
    if at_once is None:
        size = at_once = int(np.clip(_OVER * cap / max(in_words.max(), in_context.max()), _LEAST, _MOST))
    scales = [_scales(expected * at_once, cap) for expected in (in_words, in_context)]

    def put(numbers: Any, kind: Any) -> Any:
        return torch.as_tensor(numbers).to(device=device, dtype=kind)

    return Chances(
        keep=put(np.append(keep, 1.0), torch.float32),
        noise=put(cumulative(drawn), torch.float64),
        size=size,
        word_scale=put(scales[0], torch.float32),
        context_scale=put(scales[1], torch.float32),
    )


def _scales(expected: Any, cap: float) -> Any:
    """How far each word is moved by what a batch asks for.

    Pairs of a batch do not see what the others change. Were the changes of a frequent word just added, they would go
    too far together, and then diverge; so a word that more pairs are expected to have is moved by the cap's share of
    their sum.
    """
    return np.minimum(1.0, cap / np.maximum(expected, cap))


def batches(ids: Any, drawn: Chances, config: EmbeddingConfig, generator: Any) -> Iterator[tuple[float, Batch]]:
    """The batches of a part of the corpus, each after the share of the part that came before it.

    A batch has positions from all over the part, so that none is of one subject.

    ids: [tokens], int32, on the device; the end of a document is the number of words
    """
    end = len(drawn.noise)
    device = ids.device
    kept = ids[torch.rand(len(ids), generator=generator, device=device) < drawn.keep[ids.long()]]
    border = torch.full((config.window,), end, dtype=kept.dtype, device=device)
    kept = torch.cat((border, kept, border))
    places = (kept != end).nonzero().squeeze(1)
    count = -(-len(places) // drawn.size)
    for number in range(count):
        yield number / count, _batch(kept, places[number::count], drawn, config, generator)


def _batch(kept: Any, places: Any, drawn: Chances, config: EmbeddingConfig, generator: Any) -> Batch:
    device = kept.device
    centres = kept[places].long()
    size = torch.randint(1, config.window + 1, (len(places), 1), generator=generator, device=device)
    windows = _windows(kept, places, size, window=config.window, end=len(drawn.noise))
    own = config.negatives == "pair" and config.arch == "skipgram"
    shape = (len(places), windows.shape[1], config.negative) if own else (len(places), config.negative)
    random = torch.rand(shape, generator=generator, device=device, dtype=torch.float64)
    negatives = torch.searchsorted(drawn.noise, random, right=True)
    same = negatives == centres.view(-1, *(1 for _ in shape[1:]))
    return Batch(centres, windows, negatives.masked_fill_(same, -1))


def _windows(kept: Any, places: Any, size: Any, *, window: int, end: int) -> Any:
    """The words on both sides of each place, no farther than its size and within its document."""
    steps = torch.arange(1, window + 1, device=kept.device)
    sides = []
    for sign in (-1, 1):
        words = kept[places[:, None] + sign * steps].long()
        inside = (words != end).long().cumprod(1).bool() & (steps <= size)
        sides.append(words.masked_fill(~inside, -1))
    return torch.cat(sides, dim=1)
