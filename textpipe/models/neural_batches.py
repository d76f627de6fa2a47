"""Texts as networks take them: batches of ids, by length so that little of them is padding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.inputs import Units
from textpipe.models.labels import Gold
from textpipe.training.batches import in_order
from textpipe.training.surroundings import evaluation

Doubles = npt.NDArray[np.float64]
_AT_ONCE, _PADDED = 256, 1 << 14  # texts, and positions, that are predicted together


class Batch(NamedTuple):
    """ids: of each channel int64[texts, positions]; lengths: int64[texts]; classes: as many, or bool[texts, labels]"""

    ids: list[Any]
    lengths: Any
    classes: Any


class Batches(Sequence[Batch]):
    """The batches of an epoch, each made when it is needed."""

    def __init__(self, units: Units, gold: Gold, rows: list[npt.NDArray[np.int64]], least: int) -> None:
        self.units, self.gold, self.rows, self.least = units, gold, rows, least

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return batch_of(self.units, self.rows[place], self.gold, self.least)


def batch_of(units: Units, rows: npt.NDArray[np.int64], gold: Gold | None, least: int) -> Batch:
    ids, lengths = units.padded(rows, least=least)
    classes = None if gold is None else torch.from_numpy(gold[rows])
    return Batch([torch.from_numpy(part) for part in ids], torch.from_numpy(lengths), classes)


def decisions_of(network: Any, units: Units, *, labels: int, least: int) -> Doubles:
    """float64[texts, labels]: what a network decides, without dropout and gradients."""
    order = in_order(np.maximum(units.lengths, least), _AT_ONCE, padded=_PADDED)
    place = next(network.parameters()).device
    parts = [np.zeros((0, labels))]
    with evaluation(network):
        for rows in order.batches:
            batch = batch_of(units, rows, None, least)
            found = network([part.to(place) for part in batch.ids], batch.lengths.to(place))
            parts.append(found.double().cpu().numpy())
    return np.concatenate(parts)[order.inverse]


def digest_of(units: Units, gold: Gold, held: Units, held_gold: Gold) -> str:
    """What data a state of training belongs to."""
    digest = hashlib.sha256()
    parts: list[Any] = [*units.channels, units.bounds, gold, *held.channels, held.bounds, held_gold]
    for part in parts:
        digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
