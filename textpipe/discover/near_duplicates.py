"""Documents that are nearly the same: MinHash over character n-grams, candidates by bands, groups of what is alike.

The signatures are datasketch's (the extra `duplicates`). Its in-memory index takes kilobytes a document; here the
16 bits of each hash value are kept, and one band after the other is sorted.

Broder (1997), On the resemblance and containment of documents; Li and König (2010), b-bit minwise hashing;
Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from textpipe.errors import UsageError

HashValues = NDArray[np.uint32]  # as MinHash has them
Signatures = NDArray[np.uint16]  # what is kept of them
DEFAULT_THRESHOLD = 0.8
PERMUTATIONS = 128
SHINGLE = 5  # characters
CONTEXT = 64  # characters of a piece that the shingles of the next one begin in
_RECALL = 0.99  # of pairs exactly at the threshold, that become candidates
_COMPARISONS = 200  # for each document of a bucket; a bucket of that many is compared whole
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")
_WEIGHTS = np.array(  # odd, so that no character is lost in the product
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F], np.uint64
)


@dataclass(frozen=True)
class NearSettings:
    """When two texts are nearly the same.

    threshold: the Jaccard similarity of their sets of shingles from which on they are, above 0 and at most 1
    permutations: hash values of a signature; the standard error of a similarity s is sqrt(s (1 - s) / permutations)
    """

    threshold: float = DEFAULT_THRESHOLD
    permutations: int = PERMUTATIONS

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            hint = "--near 0.8, for example"
            raise UsageError(f"near is {self.threshold}, but a similarity above 0 and up to 1 is needed", hint=hint)
        if not 16 <= self.permutations <= 1024:
            raise UsageError(
                f"{self.permutations} permutations, but 16 to 1024 make sense", hint="--permutations 128, for example"
            )
        if not has_datasketch():
            raise UsageError("near-duplicates need datasketch", hint="pip install 'textpipe-zh[duplicates]'")

    @property
    def standard_error(self) -> float:
        """Of a similarity at the threshold."""
        return math.sqrt(self.threshold * (1 - self.threshold) / self.permutations)

    @property
    def bands(self) -> tuple[int, int]:
        """(bands, rows of each): the longest rows with which 99 % of the pairs at the threshold agree in some band."""
        for rows in range(self.permutations, 1, -1):
            bands = self.permutations // rows
            if 1 - (1 - self.threshold**rows) ** bands >= _RECALL:
                return bands, rows
        return self.permutations, 1


def has_datasketch() -> bool:
    """Whether the extra `duplicates` is installed."""
    return find_spec("datasketch") is not None


def normalized(text: str) -> str:
    """What is compared: letters and digits alone, NFKC, in lower case; of a text without any, all but white space."""
    letters = _NEITHER_LETTER_NOR_DIGIT.sub("", text)  # first: full-width punctuation makes NFKC slow
    folded = unicodedata.normalize("NFKC", letters)
    if folded != letters:
        folded = _NEITHER_LETTER_NOR_DIGIT.sub("", folded)
    return folded.lower() or "".join(text.split())


def shingle_hashes(text: str) -> HashValues:
    """uint32[2, n]: two hashes of each shingle (SHINGLE characters in a row) of a normalized text.

    A text that is shorter is one shingle.
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    if len(points) < SHINGLE:
        points = np.concatenate([points, np.full(SHINGLE - len(points), 0x110000, np.uint64)])  # no character
    count = len(points) - SHINGLE + 1
    sums = np.zeros(count, np.uint64)
    for place, weight in enumerate(_WEIGHTS):
        sums += (points[place : place + count] + np.uint64(1)) * weight
    sums ^= sums >> np.uint64(32)
    products = np.stack([sums * _WEIGHTS[0], sums * _WEIGHTS[1]])
    halves: HashValues = (products >> np.uint64(32)).astype(np.uint32)
    return halves


def signature(texts: Iterable[str], *, permutations: int) -> HashValues:
    """uint32[permutations]: the least hash values of the shingles of some texts.

    Those of a document in pieces are the least of its pieces' values, if each piece begins with the end of the last.
    Two MinHashes share the work, each over its own hash of 32 bits: by one alone, two words of a few characters that
    chance gives the same hash would be the same text.
    """
    first, second = _empty(permutations // 2, 1).copy(), _empty(permutations - permutations // 2, 2).copy()
    for text in texts:
        hashes = shingle_hashes(normalized(text))
        first.update_batch(hashes[0].tolist())
        second.update_batch(hashes[1].tolist())
    return np.concatenate([first.hashvalues, second.hashvalues])


def kept(values: HashValues) -> Signatures:
    """16 bits of each value, in which two different ones agree once in 65,536 times.

    Neither the lowest nor the highest ones: those depend on the lowest ones of a shingle's hash alone, these are zero
    for the least of many.
    """
    return (values * np.uint32(0x9E3779B1) >> np.uint32(16)).astype(np.uint16)


@functools.cache
def _empty(permutations: int, seed: int) -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=permutations, seed=seed, hashfunc=int, scheme="affine32")


def similarities(signatures: Signatures, one: Signatures) -> NDArray[np.float64]:
    """float64[n]: the estimated Jaccard similarity of each signature of [n, permutations] with one of them."""
    return (signatures == one).mean(axis=1)  # type: ignore[no-any-return]


@dataclass
class NearGroups:
    """Which texts belong together.

    group: int64[n], the same number for texts that are connected by pairs at or above the threshold
    unchecked: candidate pairs that were left out, at most, because a bucket held too many texts that are not alike;
        a pair may count once a band
    """

    group: NDArray[np.int64]
    unchecked: int


def near_groups(signatures: Signatures, ranks: NDArray[np.int64], settings: NearSettings) -> NearGroups:
    """Group texts by their signatures [n, permutations]; the groups do not depend on the order of the rows.

    ranks: int64[n], an order of the texts that is theirs wherever they stand; it decides what is left unchecked.
    """
    joined = _Joined(len(signatures))
    unchecked = 0
    bands, rows = settings.bands
    for band in range(bands):
        keys = _band_keys(signatures[:, band * rows : (band + 1) * rows])
        for bucket in _buckets(keys, ranks):
            roots = {joined.root(row) for row in bucket.tolist()}
            if len(roots) > 1:
                unchecked += _join_bucket(joined, bucket, signatures[bucket], settings.threshold)
    return NearGroups(joined.groups(), unchecked)


def _band_keys(part: Signatures) -> NDArray[np.uint64]:
    keys = np.zeros(len(part), np.uint64)
    for column in range(part.shape[1]):
        keys = (keys ^ part[:, column]) * _WEIGHTS[0]
        keys ^= keys >> np.uint64(29)
    return keys


def _buckets(keys: NDArray[np.uint64], ranks: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Rows with equal keys, at least two together, by rank."""
    order = np.lexsort((ranks, keys))
    ordered = keys[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, len(keys))
    starts = np.append(0, ends[:-1])
    shared = ends - starts > 1
    for start, end in zip(starts[shared].tolist(), ends[shared].tolist(), strict=True):
        yield order[start:end]


class _Joined:
    """Disjoint sets of rows (Tarjan); the root of a set is its least row."""

    def __init__(self, count: int) -> None:
        self._parents = np.arange(count, dtype=np.int64)

    def root(self, row: int) -> int:
        parents = self._parents
        top = row
        while parents[top] != top:
            top = int(parents[top])
        while parents[row] != top:
            parents[row], row = top, int(parents[row])
        return top

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parents[second] = first

    def groups(self) -> NDArray[np.int64]:
        return np.array([self.root(row) for row in range(len(self._parents))], np.int64)


def _join_bucket(joined: _Joined, bucket: NDArray[np.int64], signatures: Signatures, threshold: float) -> int:
    """Join the rows of a bucket that are connected by pairs that are alike. Returns how many pairs were left out."""
    allowed = _COMPARISONS * len(bucket)
    rest = np.arange(len(bucket))
    while len(rest) > 1:
        waiting, rest = rest[:1], rest[1:]  # what has been joined, and not yet compared with the rest
        leader = int(bucket[waiting[0]])
        while len(waiting) and len(rest):
            few = len(rest) < len(waiting) and len(rest) * len(waiting) <= allowed
            compared, waiting = (waiting, waiting[:0]) if few else (waiting[:1], waiting[1:])
            allowed -= len(compared) * len(rest)
            if allowed < 0:
                return len(rest) * (len(rest) + len(waiting) + 1)
            near = _near_any(signatures[rest], signatures[compared], threshold)
            for row in bucket[rest[near]].tolist():
                joined.join(leader, row)
            waiting, rest = np.concatenate([waiting, rest[near]]), rest[~near]
    return 0


def _near_any(rows: Signatures, others: Signatures, threshold: float) -> NDArray[np.bool_]:
    """bool[n]: whether each of the rows is near one of the others; one of the shorter side at a time."""
    if len(others) <= len(rows):
        near = np.zeros(len(rows), np.bool_)
        for other in others:
            near |= similarities(rows, other) >= threshold
        return near
    return np.array([bool((similarities(others, row) >= threshold).any()) for row in rows], np.bool_)
