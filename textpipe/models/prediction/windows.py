"""TextCNN without convolutions: each place of a filter is a table with a row a unit, a window is a sum of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from textpipe.models.inputs import PADDING, Units
from textpipe.models.layers import Embedding
from textpipe.models.prediction.compiled import instruction_set, parts_of, shared
from textpipe.models.prediction.rows import Ids, rows_of
from textpipe.models.prediction.tables import Doubles

_LANES = 16  # filters come in so many, padded with zeros
_POOLED = 1 << 23  # numbers that are pooled at a time
_LEAST = 32  # texts that are worth a thread


class Windows:
    """See tables.Network."""

    positions = 1 << 16

    def __init__(self, embedding: Embedding, kernels: Sequence[Any], bias: Any, last: Any) -> None:
        filters = kernels[0].shape[0]
        more = -filters % _LANES
        self.widths = tuple(kernel.shape[2] for kernel in kernels)
        self.filters = filters + more
        self.labels = len(last.weight)
        self.texts = min(2_048, max(_POOLED // (len(kernels) * self.filters), 1))
        columns = [functional.pad(kernel.permute(1, 2, 0), (0, more)).flatten(1) for kernel in kernels]
        self.rows = rows_of(embedding, torch.cat(columns, 1))
        self.bias = functional.pad(bias.view(-1, filters), (0, more)).flatten()
        self.top = functional.pad(last.weight.view(self.labels, -1, filters), (0, more)).flatten(1).T.contiguous()
        self.top_bias = last.bias.clone()
        self.instructions = instruction_set()

    def decide(self, units: Units, places: list[Ids], threads: int) -> Doubles:
        from textpipe.models.prediction._kernel import pool

        pooled = np.empty((len(units.lengths), len(self.bias)), np.float32)
        tables, padding = tuple(rows.table for rows in self.rows), (PADDING,) * len(places)
        starts, lengths = units.bounds[:-1], units.lengths
        least = max(self.widths)

        def work(part: slice) -> None:
            pool(
                self.instructions,
                tables,
                tuple(places),
                padding,
                starts[part],
                lengths[part],
                self.widths,
                self.filters,
                least,
                pooled[part],
            )

        shared(work, parts_of(len(pooled), threads, least=_LEAST), threads=threads)
        with torch.inference_mode():
            hidden = torch.from_numpy(pooled).add_(self.bias).relu_()
            return np.asarray(torch.addmm(self.top_bias, hidden, self.top).double().numpy())


def window_tables(embedding: Embedding, kernels: Sequence[Any], bias: Any, last: Any) -> Windows | None:
    """What decides as filters over windows, ReLU and one layer do; None where its tables would be too large.

    kernels: of each width float[filters, dim, width]; bias: float[widths * filters]; last: the layer
    """
    with torch.no_grad():
        found = Windows(embedding, kernels, bias, last)
    return found if found.rows else None
