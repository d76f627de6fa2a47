"""A trie as a double array (Aoe 1989): the child of node n by label c lies at base[n] + c, if check there says n.

Written for the build of the package, where it places half a million nodes in seconds; the compiled core reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

ROOT = 0


class DoubleArray(NamedTuple):
    """base: where the children of a node lie, 0 for a leaf; check: a node's parent; slots: a node's place.

    The children of the root lie at their labels, whether there are any or not.
    """

    base: list[int]
    check: list[int]
    slots: dict[str, int]


def double_array(prefixes: Iterable[str], labels: dict[str, int]) -> DoubleArray:
    """Place the nodes. prefixes: every node's string, each with all its own prefixes; labels: from 1, by character."""
    children: dict[str, list[str]] = {}
    for prefix in prefixes:
        if len(prefix) > 1:
            children.setdefault(prefix[:-1], []).append(prefix)
    first_level = max(labels.values()) + 1
    placed = _place(children, labels, first_level)
    size = max(max(placed.values()) + first_level, first_level) + 1
    size += -size % 4
    slots: dict[str, int] = {prefix: labels[prefix] for prefix in labels}
    base, check = [0] * size, [size] * size  # no node has the number `size`: an empty slot is nobody's child
    for slot in range(1, first_level):
        check[slot] = ROOT
    for parent in sorted(children, key=len):
        slot = slots[parent]
        base[slot] = placed[parent]
        for child in children[parent]:
            slots[child] = placed[parent] + labels[child[-1]]
            check[slots[child]] = slot
    return DoubleArray(base, check, slots)


def _place(children: dict[str, list[str]], labels: dict[str, int], first_level: int) -> dict[str, int]:
    """A base for every parent: the widest first, at the first place where all their children fit.

    `free` has a bit for every slot behind the first level. Shifted by each label of a parent and joined by `and`, it
    shows all places where the parent's children fit at once. Single children fill the gaps at the end.
    """
    widths = {parent: len(below) for parent, below in children.items()}
    placed: dict[str, int] = {}
    free, end = (1 << first_level) - 1, 0  # `end`: slots behind it are free, and the next `first_level` are in `free`
    for parent in sorted((parent for parent in children if widths[parent] > 1), key=lambda p: (-widths[p], p)):
        first, *others = sorted(labels[child[-1]] for child in children[parent])
        fits, taken = free, 1
        for other in others:
            fits &= free >> (other - first)
            taken |= 1 << (other - first)
        slot = (fits & -fits).bit_length() - 1
        free ^= taken << slot
        placed[parent] = first_level + slot - first
        beyond = slot + others[-1] - first + 1
        if beyond > end:
            free |= ((1 << (beyond - end)) - 1) << (end + first_level)
            end = beyond
    gaps = (position for position, bit in enumerate(reversed(f"{free:b}")) if bit == "1")
    slots = itertools.chain(gaps, itertools.count(end + first_level))
    for parent, below in children.items():
        if widths[parent] == 1:
            placed[parent] = first_level + next(slots) - labels[below[0][-1]]
    return placed
