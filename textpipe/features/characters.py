"""Texts as code points in one array: folded, in lower case, runs of white space as one space."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.text import fold

Codes = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int64]
_RUN = re.compile(r"\s\s+")  # a lone tab stays: so does it with scikit-learn


def lowered(text: str) -> str:
    """`text.lower()`, letter by letter: as long as it was, a sigma the same wherever in a word it stands."""
    return text.replace("İ", "i").replace("Σ", "σ").lower()


def normalized(text: str, *, folding: bool) -> str:
    """The text whose n-grams of characters are counted."""
    return _RUN.sub(" ", lowered(fold(text) if folding else text))


class Characters(NamedTuple):
    """Texts one after the other: codes uint32[n], and where each begins and the last one ends, int64[texts + 1]."""

    codes: Codes
    starts: Integers


def characters_of(texts: Sequence[str], *, folding: bool) -> Characters:
    """The characters of texts in lower case, as many as there were."""
    joined = lowered("".join(texts))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    if folding:
        codes = _folded(codes)
    return Characters(codes, starts_of([len(text) for text in texts]))


def starts_of(lengths: Sequence[int] | Integers) -> Integers:
    """int64[n + 1]: where things of these lengths begin, and where the last one ends."""
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def is_kept(characters: Characters) -> npt.NDArray[np.bool_]:
    """bool[n]: all but the second and later characters of a run of white space."""
    codes, starts = characters
    space = is_space(codes)
    after = np.zeros(len(codes), bool)  # whether it follows white space of the same text
    after[1:] = space[:-1]
    firsts = starts[:-1]
    after[firsts[firsts < len(codes)]] = False
    return ~(space & after)


def without_runs(characters: Characters) -> Characters:
    """One space in place of two or more characters of white space."""
    codes, starts = characters
    kept = is_kept(characters)
    if kept.all():
        return characters
    begins_run = np.zeros(len(codes), bool)
    begins_run[:-1] = ~kept[1:]
    codes = np.where(begins_run & is_space(codes), np.uint32(0x20), codes)[kept]
    gone = np.concatenate([[0], np.cumsum(~kept)])
    return Characters(codes, starts - gone[starts])


def is_space(codes: Codes) -> npt.NDArray[np.bool_]:
    """What `str.isspace` says, of each."""
    return _spaces()[np.minimum(codes, len(_spaces()) - 1)]


@functools.cache
def _spaces() -> npt.NDArray[np.bool_]:
    last = 0x3000  # the last there is
    return np.array([chr(code).isspace() for code in range(last + 2)])


def _folded(codes: Codes) -> Codes:
    table = np.array([ord(fold(chr(code))) for code in (0x3000, *range(0xFF00, 0xFF60))], np.uint32)
    place = codes.astype(np.int64)
    wide = (place >= 0xFF00) & (place < 0xFF60)
    folded = np.where(codes == 0x3000, table[0], codes)
    folded[wide] = table[place[wide] - 0xFF00 + 1]
    return folded
