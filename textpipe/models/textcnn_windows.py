"""The largest value of every filter over the windows of a text, computed from products of unlike rows only.

A convolution is linear in each position of its window: what the filter's j-th column gives with a character can be
computed once for all places where that character stands. A batch has far fewer unlike characters than positions, and
the maximum sends its gradient to one window of a text: so most of the work of the usual convolution is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch.nn import functional

_AT_ONCE = 1 << 22  # numbers of a block: it should stay in the cache


def pooled_windows(
    products: Sequence[Any], ids: Sequence[Any], lengths: Any, *, widths: Sequence[int], filters: int
) -> Any:
    """[texts, len(widths) * filters]: for every filter the largest value over all windows of each text.

    products: of each channel [rows, sum(widths) * filters]: for every width, for every place in the window, what the
    filters give with that row; ids: of each channel int64[texts, positions], rows of its product; lengths:
    int64[texts], positions of each text, not fewer than the widest window: those behind are not looked at.
    """
    return _PooledWindows.apply(lengths, tuple(widths), filters, len(products), *products, *ids)


def convolved_windows(embedded: Any, weight: Any, lengths: Any, *, widths: Sequence[int], filters: int) -> Any:
    """As `pooled_windows`, by torch's convolution.

    embedded: [texts, positions, dim]; weight: [dim, sum(widths) * filters]
    """
    turned = embedded.transpose(1, 2)
    pooled = []
    for width, start in zip(widths, starts(widths, filters), strict=True):
        kernel = weight[:, start : start + width * filters].reshape(-1, width, filters).permute(2, 0, 1)
        values = functional.conv1d(turned, kernel)
        places = torch.arange(values.shape[2], device=values.device)
        behind = places > (lengths - width)[:, None]
        pooled.append(values.masked_fill(behind[:, None], float("-inf")).amax(2))
    return torch.cat(pooled, 1)


def starts(widths: Sequence[int], filters: int) -> list[int]:
    """The first column of each width."""
    return [0, *accumulate(width * filters for width in widths)][:-1]


class _PooledWindows(torch.autograd.Function):  # type: ignore[misc]
    """The order of additions is the same whatever the number of threads: equal input gives equal bits."""

    @staticmethod
    def forward(ctx: Any, lengths: Any, widths: tuple[int, ...], filters: int, channels: int, *parts: Any) -> Any:
        products, ids = parts[:channels], parts[channels:]
        texts, positions = ids[0].shape
        columns = products[0].shape[1]
        size = max(1, _AT_ONCE // (positions * columns))
        behind = torch.arange(positions, device=lengths.device) >= lengths[:, None]
        pooled = products[0].new_empty(texts, len(widths) * filters)
        places = torch.empty(texts, len(widths) * filters, dtype=torch.int64, device=lengths.device)
        for first in range(0, texts, size):
            block = slice(first, first + size)
            values = functional.embedding(ids[0][block], products[0])
            for other, product in zip(ids[1:], products[1:], strict=True):
                values += functional.embedding(other[block], product)
            hidden = behind[block].reshape(-1).nonzero()[:, 0]
            if len(hidden):
                values.view(-1, columns).index_fill_(0, hidden, float("-inf"))
            for number, (width, start) in enumerate(zip(widths, starts(widths, filters), strict=True)):
                target = slice(number * filters, (number + 1) * filters)
                found = window_sums(values, width, start, filters).max(1)
                pooled[block, target], places[block, target] = found.values, found.indices
        ctx.save_for_backward(places, *ids)
        ctx.shape = widths, filters, [product.shape for product in products]
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        places, *ids = ctx.saved_tensors
        widths, filters, shapes = ctx.shape
        texts = len(gradient)
        looked_up, given = [], []
        for number, width in enumerate(widths):
            part = slice(number * filters, (number + 1) * filters)
            offsets = torch.arange(width, device=places.device)[:, None]
            looked_up.append((places[:, None, part] + offsets).reshape(texts, width * filters))
            given.append(gradient[:, None, part].expand(texts, width, filters).reshape(texts, width * filters))
        at, values = torch.cat(looked_up, 1), torch.cat(given, 1).reshape(-1)
        results: list[Any] = []
        for number, (shape, rows) in enumerate(zip(shapes, ids, strict=True)):
            if not ctx.needs_input_grad[4 + number]:
                results.append(None)
                continue
            columns = torch.arange(shape[1], device=places.device)
            targets = (rows.gather(1, at) * shape[1] + columns).reshape(-1)
            flat = torch.zeros(shape[0] * shape[1], dtype=_summing(values.dtype), device=values.device)
            flat.scatter_add_(0, targets, values.to(flat.dtype))
            results.append(flat.view(shape).to(values.dtype))
        return None, None, None, None, *results, *(None for _ in ids)


def window_sums(values: Any, width: int, start: int, filters: int) -> Any:
    """[texts, windows, filters]"""
    count = values.shape[1] - width + 1
    total = values[:, :count, start : start + filters]
    for place in range(1, width):
        first = start + place * filters
        total = total + values[:, place : place + count, first : first + filters]
    return total


def _summing(dtype: Any) -> Any:
    """What to add up in."""
    return dtype if dtype == torch.float64 else torch.float32
