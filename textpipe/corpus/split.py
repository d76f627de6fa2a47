"""Labelled documents into some to learn from and some to be judged by."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import labels_of
from textpipe.errors import UsageError


class Split(NamedTuple):
    """Documents to learn from and documents held back, both in the order that they came in."""

    train: list[Document]
    valid: list[Document]


def text_key(text: str) -> str:
    """What makes two texts the same one: all but white space around them."""
    return text.strip()


def text_hash(text: str) -> int:
    """64 bits of a text, the same for the same one; of a million texts, two agree by chance once in 37 million runs."""
    return int.from_bytes(_digest(text_key(text), "text"), "little")


def split(documents: Sequence[Document], share: float, *, seed: int, label_sep: str = "") -> Split:
    """Hold back a share of the texts of each label; documents without label stay where they can be learned from.

    share: from 0 to less than 1, of the different texts; which they are depends on seed and texts, not on their order
    label_sep: what separates several labels of a text, each of which goes by its rarest label then
    Equal texts always go together, by the label that most of them have. Every label keeps a text to learn from; of
    very few texts, none may be held back. Raises UsageError for a share that is none.
    """
    if not 0 <= share < 1:
        raise UsageError(f"{share:g} is no share to hold back", hint="from 0 to less than 1, as 0.1 for a tenth")
    groups = _groups(documents, label_sep)
    totals: Counter[str] = Counter()
    for labels in groups.values():
        totals.update(labels.keys())
    of_label: dict[str, list[str]] = defaultdict(list)
    for text, labels in groups.items():
        of_label[_rarest(labels, totals) if label_sep else _commonest(labels)].append(text)
    for texts in of_label.values():
        texts.sort(key=lambda text: (_digest(text, f"split {seed}"), text))
    held: set[str] = set()
    for label, count in _quotas({label: len(texts) for label, texts in of_label.items()}, share).items():
        held.update(of_label[label][:count])
    held -= _needed(groups, held)
    train = [one for one in documents if one.label is None or text_key(one.text) not in held]
    valid = [one for one in documents if one.label is not None and text_key(one.text) in held]
    return Split(train, valid)


def _groups(documents: Iterable[Document], separator: str) -> dict[str, Counter[str]]:
    """text → how often it has each label"""
    groups: dict[str, Counter[str]] = {}
    for document in documents:
        if document.label is not None:
            groups.setdefault(text_key(document.text), Counter()).update(labels_of(document, separator))
    return groups


def _commonest(labels: Counter[str]) -> str:
    return min(labels, key=lambda label: (-labels[label], label))


def _rarest(labels: Counter[str], totals: Mapping[str, int]) -> str:
    """The one that fewest texts have; an empty name for texts without any."""
    return min(labels, key=lambda label: (totals[label], label), default="")


def _quotas(sizes: Mapping[str, int], share: float) -> dict[str, int]:
    """How many texts of each label are held back: the share of each, rounded so that the sum is that of all."""
    exact = {label: min(size * share, size - 1) for label, size in sizes.items()}
    counts = {label: int(value) for label, value in exact.items()}
    missing = round(sum(exact.values())) - sum(counts.values())
    order = sorted(sizes, key=lambda label: (counts[label] - exact[label], sizes[label], label))
    for label in [label for label in order if counts[label] < sizes[label] - 1][: max(missing, 0)]:
        counts[label] += 1
    return counts


def _needed(groups: Mapping[str, Counter[str]], held: set[str]) -> set[str]:
    """Held texts without which some label would have none left: it was only with texts that most know by another."""
    learned = {label for text, labels in groups.items() if text not in held for label in labels}
    needed: set[str] = set()
    for text in sorted(held):
        if not groups[text].keys() <= learned:
            needed.add(text)
            learned |= groups[text].keys()
    return needed


def _digest(text: str, purpose: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=purpose.encode()).digest()
