"""n-grams as numbers of 64 bits: what stands for them in a model. `ngrams/ngrams.c` says the same.

A hash begins with a number that is the block's, and takes in one character after the other, or one word after the
other, words being hashes of characters themselves. So an n-gram's hash is that of the one a character shorter, and one
step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.features.characters import Characters, Integers, is_space

Hashes = npt.NDArray[np.uint64]
STEP = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio
SECOND_STEP = 0xBF58476D1CE4E5B9  # of a second hash, by which two n-grams with one hash are found out
_MASK = (1 << 64) - 1


class Starts(NamedTuple):
    """What hashes begin with: of n-grams of characters, of n-grams of words, of words."""

    char: int
    word: int
    token: int


def starts(seed: int) -> Starts:
    """Another seed gives other hashes (splitmix64)."""
    state, found = seed * 3 & _MASK, []
    for _ in range(3):
        state = state + 0x9E3779B97F4A7C15 & _MASK
        mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        found.append(mixed ^ mixed >> 31)
    return Starts(*found)


class Occurrences(NamedTuple):
    """n-grams of one length. hashes uint64[n]; texts int64[n]: the text of each, ascending; places int64[n]: which
    character (or word) of its text it begins with."""

    length: int
    hashes: Hashes
    texts: Integers
    places: Integers


def hash_chars(
    characters: Characters, *, lengths: tuple[int, int], start: int, step: int = STEP
) -> Iterator[Occurrences]:
    """The n-grams of characters, by length."""
    return _chains(characters.codes.astype(np.uint64), characters.starts, lengths, start, step)


def hash_words(
    tokens: Hashes, bounds: Integers, *, lengths: tuple[int, int], start: int, step: int = STEP
) -> Iterator[Occurrences]:
    """The n-grams of words; tokens: their hashes, bounds: where those of each text begin and the last one's end."""
    return _chains(tokens, bounds, lengths, start, step)


def _chains(items: Hashes, bounds: Integers, lengths: tuple[int, int], start: int, step: int) -> Iterator[Occurrences]:
    counts = np.diff(bounds)
    texts = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(items)) - bounds[texts]
    left = counts[texts] - places  # items from here to the end of the text
    at = np.arange(len(items))
    hashes = np.full(len(items), start, np.uint64)
    for length in range(1, lengths[1] + 1):
        fits = left[at] >= length
        at, hashes = at[fits], hashes[fits]
        hashes = stirred(hashes, items[at + length - 1], step)
        if length >= lengths[0]:
            yield Occurrences(length, hashes, texts[at], places[at])


def hash_tokens(
    characters: Characters, spans: Integers, *, start: int, step: int = STEP
) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """(uint64[tokens], whether each is a word and not white space); spans: int64[tokens, 2] in `characters.codes`."""
    codes = characters.codes.astype(np.uint64)
    space = is_space(characters.codes)
    hashes = np.full(len(spans), start, np.uint64)
    is_word = np.zeros(len(spans), bool)
    at, rest = np.arange(len(spans)), spans
    offset = 0
    while True:
        inside = rest[:, 0] + offset < rest[:, 1]
        at, rest = at[inside], rest[inside]
        if not len(at):
            return hashes, is_word
        places = rest[:, 0] + offset
        hashes[at] = stirred(hashes[at], codes[places], step)
        is_word[at] |= ~space[places]
        offset += 1


def stirred(hashes: Hashes, values: Hashes, step: int) -> Hashes:
    """One step: what was hashed, then these."""
    mixed = (hashes ^ values) * np.uint64(step)
    result: Hashes = mixed ^ mixed >> np.uint64(32)
    return result
