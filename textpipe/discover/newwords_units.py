"""Text as a row of units, which n-grams are made of: a Han character is one, and so is a word or number in ASCII."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from textpipe.segment.tokenizer import Tokenizer

BREAK = 0  # the unit that stands for all that no word reaches over: punctuation, space, ends, other scripts
FIRST_WORD = 0x110000  # units below are code points; ASCII words are numbered from here on
WORD_LIMIT = 32  # characters; a longer run of letters and digits is data, and breaks
_HAN = ((0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF))
_ASCII = ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A))
_IS_HAN, _IS_ASCII = 1, 2


class Units(NamedTuple):
    """A stretch of text as units, a break at its end.

    units: int32[n], code points of Han characters, -1 - i for words[i], BREAK (once, however long) for all else
    starts: bool[n], whether a token of segmentation starts at the unit; true of breaks
    documents: int64[m], the places in `units` where documents begin
    words: ASCII words that stand beside a Han character, each once
    """

    units: NDArray[np.int32]
    starts: NDArray[np.bool_]
    documents: NDArray[np.int64]
    words: list[str]


def to_units(pieces: Iterable[tuple[str, bool]], *, tokenizer: Tokenizer) -> Units:
    """Pieces of text, each with whether it begins a document, as units."""
    parts: list[str] = []
    begins: list[int] = []
    length = 0
    for text, begins_document in pieces:
        if begins_document:
            parts.append("\n")
            length += 1
            begins.append(length)
        parts.append(text)
        length += len(text)
    parts.append("\n")
    return _encoded("".join(parts), np.array(begins, np.int64), tokenizer)


def _encoded(text: str, begins: NDArray[np.int64], tokenizer: Tokenizer) -> Units:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _kinds()
    kinds = table[np.minimum(codes, len(table) - 1)]
    units = np.where(kinds == _IS_HAN, codes, BREAK).astype(np.int32)
    kept = np.ones(len(codes), np.bool_)
    words: dict[str, int] = {}
    for start, end in _words_beside_han(kinds):
        units[start] = -1 - words.setdefault(text[start:end], len(words))
        kept[start + 1 : end] = False
    kept[1:] &= (units[1:] != BREAK) | (units[:-1] != BREAK) | ~kept[:-1]
    starts = units == BREAK
    starts[tokenizer.spans(text)[:, 0]] = True
    return Units(units[kept], starts[kept], np.cumsum(kept, dtype=np.int64)[begins - 1], list(words))


def _words_beside_han(kinds: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """(start, end) of every run of ASCII letters and digits, not too long, that touches a Han character."""
    inside = kinds == _IS_ASCII
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1  # the text begins or ends with no word: breaks are there
    if inside[0]:
        edges = np.concatenate(([0], edges))
    starts, ends = edges[::2], edges[1::2]
    before = np.where(starts > 0, kinds[starts - 1], 0)
    wanted = ((before == _IS_HAN) | (kinds[ends] == _IS_HAN)) & (ends - starts <= WORD_LIMIT)
    return list(zip(starts[wanted].tolist(), ends[wanted].tolist(), strict=True))


@functools.cache
def _kinds() -> NDArray[np.uint8]:
    """Code point -> _IS_HAN, _IS_ASCII or 0."""
    table = np.zeros(_HAN[-1][1] + 2, np.uint8)
    for ranges, kind in ((_HAN, _IS_HAN), (_ASCII, _IS_ASCII)):
        for first, last in ranges:
            table[first : last + 1] = kind
    return table
