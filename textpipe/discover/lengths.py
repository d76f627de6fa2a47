"""Lengths of documents: exact quantiles and a histogram from counts of lengths.

Lengths are integers, and n characters make at most sqrt(2 n) different ones: a gigabyte of Chinese makes 26,000.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypedDict

_QUANTILES = (("q1", 0.25), ("median", 0.5), ("q3", 0.75), ("p95", 0.95))


class LengthRecord(TypedDict):
    """The lengths of documents; a quantile is a length that occurs (the inverse of the distribution function)."""

    total: int
    min: int
    q1: int
    median: int
    q3: int
    p95: int
    max: int
    mean: float


class Bin(TypedDict):
    """How many documents are from one length to another long, both included."""

    first: int
    last: int
    documents: int


def length_record(counts: Mapping[int, int]) -> LengthRecord:
    """What is told of lengths, from how many documents have each; all zero for no documents."""
    documents = sum(counts.values())
    total = sum(length * count for length, count in counts.items())
    quantiles = {name: _quantile(counts, documents, share) for name, share in _QUANTILES}
    return LengthRecord(
        total=total,
        min=min(counts, default=0),
        q1=quantiles["q1"],
        median=quantiles["median"],
        q3=quantiles["q3"],
        p95=quantiles["p95"],
        max=max(counts, default=0),
        mean=total / documents if documents else 0.0,
    )


def _quantile(counts: Mapping[int, int], documents: int, share: float) -> int:
    """The least length that at least `share` of the documents do not exceed."""
    needed = math.ceil(share * documents)
    passed = 0
    for length in sorted(counts):
        passed += counts[length]
        if passed >= needed:
            return length
    return 0


def histogram(counts: Mapping[int, int]) -> list[Bin]:
    """Documents by length, in bins that end at 0, 1, 2, 5, 10, 20, 50, … up to the longest; from the shortest on."""
    if not counts:
        return []
    bins: list[Bin] = []
    lengths = sorted(counts)
    first = 0
    for last in _ends():
        if last >= lengths[0]:
            inside = sum(counts[length] for length in lengths if first <= length <= last)
            bins.append(Bin(first=first, last=last, documents=inside))
        if last >= lengths[-1]:
            return bins
        first = last + 1
    return bins


def _ends() -> Iterator[int]:
    yield 0
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
