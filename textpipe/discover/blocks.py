"""What is counted of a block of documents, in any process; the blocks together are what stats.py adds up."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from textpipe.discover.duplicates import DIGEST
from textpipe.discover.near_duplicates import HashValues, NearSettings, signature
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.traditional import simplify
from textpipe.text import has_han

_ONLY_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")


@dataclass(frozen=True)
class CountSettings:
    """How documents are counted: cut into tokens how, and with signatures for near-duplicates or without."""

    tokenizer: Tokenizer
    near: NearSettings | None = None


class Part(NamedTuple):
    """A document, or (not whole) a piece of one, with the end of the piece before it."""

    text: str
    whole: bool = True
    before: str = ""


@dataclass(frozen=True)
class BlockCounts:
    """The counts of n parts that hold w different words.

    tokens: int64[n], tokens that are not white space; empty, han: bool[n], no characters but white space, any Han
    digests: DIGEST bytes for each part; signatures: uint32[n, permutations], None when not asked for
    words: each once, in lower case; counts, documents, firsts: int64[w], how often, in how many whole documents, and
        at which word of the block first; unknown: bool[w], words of Han characters that the dictionary lacks
    points, characters: int64[c], code points and how often each occurs
    """

    tokens: NDArray[np.int64]
    empty: list[bool]
    han: list[bool]
    digests: list[bytes]
    signatures: HashValues | None
    words: list[str]
    counts: NDArray[np.int64]
    documents: NDArray[np.int64]
    firsts: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    points: NDArray[np.int64]
    characters: NDArray[np.int64]


def count_block(parts: Sequence[Part], settings: CountSettings) -> BlockCounts:
    """Count a block of documents, or of one piece of a document."""
    words: list[str] = []
    documents: Counter[str] = Counter()
    lowered: dict[str, str | None] = {}
    tokens = np.zeros(len(parts), np.int64)
    for number, part in enumerate(parts):
        cut = settings.tokenizer.tokenize(part.text)
        tokens[number] = len(cut) - sum(map(str.isspace, cut))
        for token in set(cut).difference(lowered):
            lowered[token] = token.lower() if any(map(str.isalnum, token)) else None
        found = list(filter(None, map(lowered.get, cut)))
        words += found
        if part.whole:
            documents.update(set(found))
    counts = Counter(words)
    firsts = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
    distinct = list(counts)
    texts = [part.text for part in parts]
    points, characters = _characters("".join(texts))
    digests = [digest(text) for text in texts]
    return BlockCounts(
        tokens=tokens,
        empty=[not text or text.isspace() for text in texts],
        han=list(map(has_han, texts)),
        digests=digests,
        signatures=None if settings.near is None else _signatures(parts, digests, settings.near),
        words=distinct,
        counts=np.fromiter(counts.values(), np.int64, len(distinct)),
        documents=np.fromiter(map(documents.__getitem__, distinct), np.int64, len(distinct)),
        firsts=np.fromiter(map(firsts.__getitem__, distinct), np.int64, len(distinct)),
        unknown=_unknown(distinct, settings.tokenizer),
        points=points,
        characters=characters,
    )


def digest(text: str) -> bytes:
    """What tells texts apart."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def _characters(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    counts = np.bincount(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4"))
    points = np.flatnonzero(counts)
    return points, counts[points]


def _signatures(parts: Sequence[Part], digests: Sequence[bytes], near: NearSettings) -> HashValues:
    """uint32[n, permutations]: the signature of each part, made once for equal ones."""
    made: dict[bytes, HashValues] = {}
    for part, key in zip(parts, digests, strict=True):
        if key not in made or part.before:
            made[key] = signature([part.before + part.text], permutations=near.permutations)
    return np.stack([made[key] for key in digests])


def _unknown(words: Sequence[str], tokenizer: Tokenizer) -> NDArray[np.bool_]:
    frequency = tokenizer.dictionary.frequency
    found = (
        _ONLY_HAN.fullmatch(word) is not None
        and not frequency(word)
        and not (tokenizer.traditional and frequency(simplify(word)))
        for word in words
    )
    return np.fromiter(found, np.bool_, len(words))
