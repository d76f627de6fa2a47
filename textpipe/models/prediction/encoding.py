"""Texts as ids by the compiled kernel: no token becomes a Python object. What it gives is what `Inputs` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.models.prediction.compiled import has_kernel, parts_of, shared
from textpipe.segment.tokenizer import Tokenizer

if TYPE_CHECKING:
    from textpipe.models.prediction._kernel import Encoder

_LEAST = 256  # texts that are worth a thread
NOT_READ = -1


class Encoded(NamedTuple):
    """Of each channel int32[positions of all texts]; lengths int64[texts], NOT_READ of those that Python is to read;
    cut: texts that were longer than they may be"""

    channels: tuple[npt.NDArray[np.int32], ...]
    lengths: npt.NDArray[np.int64]
    cut: int


def compiled_encoder(
    unit: Any,
    tokenizer: Tokenizer,
    *,
    characters: npt.NDArray[np.int32] | None,
    words: tuple[str, ...],
    first: int,
    most: int,
) -> Encoder | None:
    """What reads texts so; None where the kernel was not built, or the tokenizer does what it cannot.

    characters: int32[code points], their ids; words: those of the ids from `first` on; most: units of a text
    """
    plain = unit == "char" or (tokenizer.is_plain and tokenizer.mode != "full")
    if not (has_kernel() and plain):
        return None
    from textpipe.models.prediction._kernel import Encoder

    engine = None if unit == "char" else tokenizer.dictionary.engine
    mode: Any = "exact" if unit == "char" else tokenizer.mode
    return Encoder(unit, engine, mode, tokenizer.hmm, characters, words, first, most)


def encode(encoder: Encoder, texts: Sequence[str], *, threads: int, others: Callable[[list[str]], Encoded]) -> Encoded:
    """The ids of texts; others: reads those that are left."""

    def one(part: slice) -> Encoded:
        channels, lengths, cut = encoder.encode(texts[part])
        return Encoded(tuple(np.frombuffer(ids, np.int32) for ids in channels), np.frombuffer(lengths, np.int64), cut)

    parts = shared(one, parts_of(len(texts), threads, least=_LEAST), threads=threads)
    found = joined(parts) if len(parts) > 1 else parts[0]
    left = np.flatnonzero(found.lengths == NOT_READ)
    if not len(left):
        return found
    more = others([texts[place] for place in left.tolist()])
    return _with(found, left, more)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """One after the other."""
    channels = tuple(np.concatenate(arrays) for arrays in zip(*(part.channels for part in parts), strict=True))
    return Encoded(channels, np.concatenate([part.lengths for part in parts]), sum(part.cut for part in parts))


def _with(found: Encoded, places: npt.NDArray[np.int64], more: Encoded) -> Encoded:
    """The texts at these places put in, of which there was nothing."""
    lengths = found.lengths.copy()
    lengths[places] = 0
    starts = np.concatenate([[0], np.cumsum(lengths)])[places]  # where they go
    at = np.repeat(starts, more.lengths)
    channels = tuple(np.insert(ids, at, own) for ids, own in zip(found.channels, more.channels, strict=True))
    lengths[places] = more.lengths
    return Encoded(channels, lengths, found.cut + more.cut)
