"""Ids of a token file, found on the device: words by a hash of 64 bits of their bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from textpipe.embeddings.ids import Ids
from textpipe.vocabulary import Vocabulary

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse
_SPACE, _LINE_END = 32, 10


def encoder(vocabulary: Vocabulary, device: Any) -> Encoder | None:
    """What finds ids on a device; None when two words have one hash."""
    found = Encoder(vocabulary, device)
    return found if found.exact else None


class Encoder:
    """Turns whole tokens into ids, as `ids.encode` does, all of a block at once.

    The hash of a word is the polynomial of its bytes in a fixed base modulo 2^64, of which the sums up to each byte
    give that of every token. A token that is no word is taken for one by chance about once in 2^64 / words.

    exact: whether the words of the vocabulary have a hash each
    """

    def __init__(self, vocabulary: Vocabulary, device: Any) -> None:
        self._device = device
        self._powers = self._inverses = torch.zeros(0, dtype=torch.int64)
        self._end = len(vocabulary)
        _, _, hashes = self._tokens(" ".join(vocabulary.tokens).encode())
        self._hashes, self._order = hashes.sort()
        self.exact = len(hashes) == self._end and not bool((self._hashes[1:] == self._hashes[:-1]).any())

    def __call__(self, block: bytes) -> Ids:
        """int32 ids in the order of the block, the number of words where a line ends; other tokens are left out."""
        data, starts, hashes = self._tokens(block)
        places = torch.searchsorted(self._hashes, hashes).clamp(max=self._end - 1)
        found = self._hashes[places] == hashes
        ids = torch.full((len(data),), -1, dtype=torch.int32, device=self._device)
        ids[starts[found]] = self._order[places[found]].int()
        ids[(data == _LINE_END).nonzero().squeeze(1)] = self._end
        result: Ids = ids[ids >= 0].cpu().numpy()
        return result

    def _tokens(self, block: bytes) -> tuple[Any, Any, Any]:
        """The bytes and a space after them, where tokens start, and their hashes."""
        data = torch.from_numpy(np.frombuffer(block + b" ", dtype=np.uint8).copy()).to(self._device)
        between = (data == _SPACE) | ((data >= 9) & (data <= 13))
        before = torch.ones_like(between)
        before[1:] = between[:-1]
        starts = (before & ~between).nonzero().squeeze(1)
        ends = (between & ~before).nonzero().squeeze(1)
        self._reach(len(data))
        sums = torch.cumsum((data.long() + 1) * self._powers[: len(data)], 0)
        sums -= (data.long() + 1) * self._powers[: len(data)]  # of what comes before
        return data, starts, (sums[ends] - sums[starts]) * self._inverses[starts]

    def _reach(self, length: int) -> None:
        if len(self._powers) < length:
            self._powers = self._powers_of(_BASE, length)
            self._inverses = self._powers_of(pow(_BASE, -1, 1 << 64), length)

    def _powers_of(self, base: int, length: int) -> Any:
        signed = base - (1 << 64) if base >> 63 else base
        factors = torch.full((length,), signed, dtype=torch.int64, device=self._device)
        factors[0] = 1
        return factors.cumprod(0)
