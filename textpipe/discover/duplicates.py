"""Documents that are there more than once: exactly, by a digest, and nearly, by signatures."""

from __future__ import annotations

import functools
import zlib
from array import array
from collections.abc import Callable, Iterator
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from textpipe.discover.near_duplicates import (
    SHINGLE,
    HashValues,
    NearSettings,
    Signatures,
    kept,
    near_groups,
    similarities,
)

Int64s = NDArray[np.int64]
Kind = Literal["exact", "near"]
DIGEST = 16  # bytes
_EXAMPLES = 5


class Duplicate(TypedDict):
    """A document of a group beyond the first, and its estimated similarity to the first."""

    id: str
    similarity: float


class DuplicateGroup(TypedDict):
    """Documents that are the same or nearly so, in the order of the input.

    id: the first one; kind: `exact` when all texts are equal; texts: how many different ones; labels: how many
    different ones, documents without label aside
    """

    id: str
    kind: Kind
    texts: int
    labels: int
    duplicates: list[Duplicate]


class ExactRecord(TypedDict):
    """groups: of documents with equal texts; documents: those of them beyond the first of each group."""

    groups: int
    documents: int


class NearRecord(TypedDict):
    """groups: with several different texts; documents: those texts beyond the first of each group."""

    threshold: float
    permutations: int
    shingle: int
    standard_error: float
    groups: int
    documents: int
    unchecked: int


class LargeGroup(TypedDict):
    """One of the largest groups: its size, and some of its documents, the first first."""

    kind: Kind
    documents: int
    texts: int
    labels: int
    least_similarity: float
    ids: list[str]


class DuplicatesRecord(TypedDict):
    """documents: all that are there again, exactly or nearly, so that without them each group has one left.

    share: of all documents that are not empty; conflicting: groups whose documents have different labels; near: None
    where near-duplicates were not looked for
    """

    documents: int
    share: float | None
    conflicting: int
    exact: ExactRecord
    near: NearRecord | None
    largest: list[LargeGroup]


class DuplicateFinder:
    """Collects a digest, an id and a label of every document, and a signature of every different text.

    Memory: 28 bytes and the id for a document; with near-duplicates two bytes a permutation and about 100 bytes for a
    different text besides.
    """

    def __init__(self, near: NearSettings | None) -> None:
        self._near = near
        self._digests = bytearray()
        self._ids = bytearray()
        self._id_ends = array("Q")
        self._labels = array("I")
        self._seen: set[bytes] = set()
        self._signatures = bytearray()
        self._signed = array("Q")  # the document that each signature is of

    def add(self, identity: str, label: str | None, digest: bytes, signature: HashValues | None) -> None:
        """One document that is not empty; the signature is not needed without near-duplicates."""
        number = len(self._id_ends)
        self._digests += digest
        self._ids += identity.encode("utf-8", "surrogatepass")
        self._id_ends.append(len(self._ids))
        self._labels.append(0 if label is None else zlib.crc32(label.encode("utf-8", "surrogatepass")) or 1)
        if signature is not None and digest[:8] not in self._seen:
            self._seen.add(digest[:8])
            self._signatures += kept(signature).tobytes()
            self._signed.append(number)

    def find(self) -> Duplicates:
        """The groups of all documents that were added; nothing can be added any more."""
        text = _numbered(np.frombuffer(self._digests, np.uint64).reshape(-1, 2))
        texts = int(text.max(initial=-1)) + 1
        labels = np.frombuffer(self._labels, np.uint32)
        found = Duplicates(self._id, labels, text=text, group=np.arange(texts, dtype=np.int64))
        if self._near is not None:
            signatures = np.frombuffer(self._signatures, np.uint16).reshape(-1, self._near.permutations)
            signed = text[np.frombuffer(self._signed, np.uint64).astype(np.int64)]
            near = near_groups(signatures, signed, self._near)
            found.group[signed] = signed[near.group]
            found.add_near(self._near, signatures, signed, unchecked=near.unchecked)
        return found

    def _id(self, document: int) -> str:
        start = self._id_ends[document - 1] if document else 0
        return self._ids[start : self._id_ends[document]].decode("utf-8", "surrogatepass")


def _numbered(digests: NDArray[np.uint64]) -> Int64s:
    """int64[n]: a number for each different row of [n, 2], by its value, so that the order of the rows is nothing."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    ordered = digests[order]
    starts = np.zeros(len(order), np.int64)
    starts[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(starts)
    return numbers


class Duplicates:
    """Groups of documents that are the same or nearly so.

    text: int64[documents], equal for equal texts; group: int64[texts], equal for texts that belong together
    """

    def __init__(self, id_of: Callable[[int], str], labels: NDArray[np.uint32], *, text: Int64s, group: Int64s) -> None:
        self._id_of = id_of
        self._labels = labels
        self._text = text
        self.group = group
        self._near: NearSettings | None = None
        self._unchecked = 0

    def add_near(self, settings: NearSettings, signatures: Signatures, signed: Int64s, *, unchecked: int) -> None:
        """Say how near-duplicates were found. signatures [n, permutations]; signed: int64[n], the texts they are of."""
        self._near = settings
        self._unchecked = unchecked
        self._signatures = signatures
        self._row = np.zeros(len(self.group), np.int64)
        self._row[signed] = np.arange(len(signed))

    @functools.cached_property
    def members(self) -> list[Int64s]:
        """The documents of each group of two or more, in the order of the input, as the groups are by their first."""
        of_document = self.group[self._text]
        order = np.argsort(of_document, kind="stable")
        ordered = of_document[order]
        places = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        groups = [group for group in np.split(order, places) if len(group) > 1]
        return sorted(groups, key=lambda group: int(group[0]))

    def groups(self) -> Iterator[DuplicateGroup]:
        """Every group, with the ids of its documents."""
        for members in self.members:
            first, *others = members.tolist()
            similar = self._similarities(members)
            yield DuplicateGroup(
                id=self._id_of(first),
                kind=self._kind(members),
                texts=self._texts(members),
                labels=self._different_labels(members),
                duplicates=[
                    Duplicate(id=self._id_of(other), similarity=similarity)
                    for other, similarity in zip(others, similar[1:], strict=True)
                ],
            )

    def record(self, *, top: int) -> DuplicatesRecord:
        """The counts, and the `top` largest groups."""
        documents, texts, groups = len(self._text), len(self.group), len(np.unique(self.group))
        again = documents - (texts if self._near is None else groups)
        copies = np.bincount(self._text, minlength=1)
        exact = ExactRecord(groups=int(np.count_nonzero(copies > 1)), documents=documents - texts)
        largest = sorted(self.members, key=len, reverse=True)[:top]
        return DuplicatesRecord(
            documents=again,
            share=again / documents if documents else None,
            conflicting=sum(self._different_labels(members) > 1 for members in self.members),
            exact=exact,
            near=None if self._near is None else self._near_record(self._near, texts - groups),
            largest=[self._large(members) for members in largest],
        )

    def _near_record(self, settings: NearSettings, documents: int) -> NearRecord:
        return NearRecord(
            threshold=settings.threshold,
            permutations=settings.permutations,
            shingle=SHINGLE,
            standard_error=settings.standard_error,
            groups=int(np.count_nonzero(np.bincount(self.group, minlength=1) > 1)),
            documents=documents,
            unchecked=self._unchecked,
        )

    def _large(self, members: Int64s) -> LargeGroup:
        return LargeGroup(
            kind=self._kind(members),
            documents=len(members),
            texts=self._texts(members),
            labels=self._different_labels(members),
            least_similarity=min(self._similarities(members)),
            ids=[self._id_of(document) for document in members[:_EXAMPLES].tolist()],
        )

    def _texts(self, members: Int64s) -> int:
        return len(np.unique(self._text[members]))

    def _kind(self, members: Int64s) -> Kind:
        return "near" if self._texts(members) > 1 else "exact"

    def _different_labels(self, members: Int64s) -> int:
        labels = self._labels[members]
        return len(np.unique(labels[labels > 0]))

    def _similarities(self, members: Int64s) -> list[float]:
        """With the first of them; 1.0 for an equal text."""
        texts = self._text[members]
        if (texts == texts[0]).all():
            return [1.0] * len(members)
        rows = self._signatures[self._row[texts]]
        return similarities(rows, rows[0]).tolist()  # type: ignore[no-any-return]
