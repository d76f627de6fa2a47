"""Decisions about texts by networks that are tables, some texts at a time, so that memory does not grow with them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from textpipe.models.inputs import Units
from textpipe.models.prediction.compiled import has_kernel
from textpipe.models.prediction.rows import Ids, Rows

Doubles = npt.NDArray[np.float64]


class Network(Protocol):
    """rows: the table of each channel; texts, positions: that are decided on together; labels: numbers of a decision"""

    rows: list[Rows]
    texts: int
    positions: int
    labels: int

    def decide(self, units: Units, places: list[Ids], threads: int) -> Doubles:
        """float64[texts, labels]; places: of each channel the rows of the tables."""


class Quick:
    """Decisions by tables where there are any for a network, else by the network itself. Safe from any thread.

    tables: those of a network, made when it is first asked; otherwise: the network's own decisions, also on a text
    with more rare units than there is room for
    """

    def __init__(self, tables: Callable[[Any], Network | None], otherwise: Callable[[Any, Units], Doubles]) -> None:
        self._make, self._otherwise = tables, otherwise
        self._network: Any = None
        self._tables: Network | None = None
        self._lock = threading.Lock()  # of the rows, which come and go

    def decisions(self, network: Any, units: Units) -> Doubles:
        """float64[texts, labels]"""
        with self._lock:
            if self._network is not network:
                on_cpu = next(network.parameters()).device.type == "cpu"
                self._network, self._tables = network, self._make(network) if on_cpu and has_kernel() else None
            tables = self._tables
        return self._otherwise(network, units) if tables is None else self._by_tables(tables, units)

    def _by_tables(self, tables: Network, units: Units) -> Doubles:
        found = np.empty((len(units.lengths), tables.labels))
        step = tables.texts
        left = [slice(first, min(first + step, len(found))) for first in range(0, len(found), step)][::-1]
        while left:
            texts = left.pop()
            part, count = units.part(texts), texts.stop - texts.start
            fits = int(part.bounds[-1]) <= tables.positions or count == 1
            decided = self._decided(tables, part) if fits else None
            if decided is None and count > 1:
                half = texts.start + count // 2
                left += [slice(half, texts.stop), slice(texts.start, half)]
            else:
                found[texts] = self._otherwise(self._network, part) if decided is None else decided
        return found

    def _decided(self, tables: Network, units: Units) -> Doubles | None:
        with self._lock:
            found = [rows.places(ids) for rows, ids in zip(tables.rows, units.channels, strict=True)]
            places = [place for place in found if place is not None]
            return tables.decide(units, places, torch.get_num_threads()) if len(places) == len(found) else None
