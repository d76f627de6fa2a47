"""Integrated gradients of a TextCNN, in closed form.

On the line from embeddings that are all 0, all sums over windows grow alike: the window with the largest stays the
same, and what comes out of a filter is relu(share * largest + bias). The gradient of that is the filter's own, over
the share of the line on which it is above 0; nothing is to be averaged at nodes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from textpipe.models.textcnn_windows import starts, window_sums

_AT_ONCE = 1 << 23  # numbers of a block


class Filters(NamedTuple):
    """weight: [dim, sum(widths) * each], of each width, for every place in the window, that of each filter;
    bias: [len(widths) * each]; widths: of the windows; each: filters of a width"""

    weight: Any
    bias: Any
    widths: tuple[int, ...]
    each: int


def filter_parts(embedded: Any, lengths: Any, filters: Filters, gains: Any) -> tuple[Any, Any]:
    """(float64[texts, positions]: what each position adds, float64[texts]: what there is without anything)

    embedded: [texts, positions, dim]; lengths: int64[texts], positions of each, not fewer than the widest window
    gains: float64[texts, len(widths) * each], what the decision has of each filter
    """
    texts, positions = embedded.shape[:2]
    values = torch.zeros(texts, positions, dtype=torch.float64, device=embedded.device)
    size = max(1, _AT_ONCE // (positions * filters.weight.shape[1]))
    for first in range(0, texts, size):
        block = slice(first, first + size)
        _add(values[block], embedded[block] @ filters.weight, lengths[block], filters, gains[block])
    return values, (gains * torch.relu(filters.bias).double()).sum(1)


def _add(values: Any, products: Any, lengths: Any, filters: Filters, gains: Any) -> None:
    """Windows that are equally large, as those of a repeated word are, have equal shares."""
    places = torch.arange(values.shape[1], device=values.device)
    for number, (width, start) in enumerate(zip(filters.widths, starts(filters.widths, filters.each), strict=True)):
        part = slice(number * filters.each, (number + 1) * filters.each)
        sums = window_sums(products, width, start, filters.each)
        windows = sums.shape[1]
        sums = sums.masked_fill((places[:windows] > (lengths - width)[:, None])[..., None], float("-inf"))
        largest = sums.amax(1)
        chosen = (sums == largest[:, None]).to(products.dtype)
        slope = gains[:, part] * share_above(largest.double(), filters.bias[part].double())
        chosen *= (slope / chosen.sum(1)).to(products.dtype)[:, None]
        for place in range(width):
            first = start + place * filters.each
            own = products[:, place : place + windows, first : first + filters.each]
            values[:, place : place + windows] += (own * chosen).sum(2)


def share_above(largest: Any, bias: Any) -> Any:
    """The share of 0 to 1 at which share * largest + bias is above 0."""
    crossing = (-bias / largest).clamp(0.0, 1.0)
    rising = torch.where(bias > 0, 1.0, 1.0 - crossing)
    falling = torch.where(bias > 0, crossing, 0.0)
    flat = (bias > 0).double()
    return torch.where(largest > 0, rising, torch.where(largest < 0, falling, flat))
