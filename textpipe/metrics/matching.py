"""When two phrases count as the same: Unicode form, case and white space aside, and English endings if asked."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from importlib.util import find_spec

from textpipe.errors import UsageError

_PACKAGE = "snowballstemmer"
_ENGLISH = re.compile("[a-z]+")
_SPACED = "\u2e80"  # letters below, Latin to Tibetan, stand in words; Han, kana and what follows are written unspaced


def folded(text: str, *, stem: bool = False) -> str:
    """The form in which phrases are compared: NFKC, case folded, runs of white space as one space.

    stem: each run of the letters a to z as its stem, by the algorithm of Porter (1980); needs snowballstemmer
    Raises UsageError when the package is not installed.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    spaced = " ".join(plain.split())
    return _ENGLISH.sub(lambda match: _stem(match[0]), spaced) if stem else spaced


def distinct(phrases: Iterable[str], *, stem: bool = False) -> list[str]:
    """The phrases folded, in order, blank ones left out and of those that became the same the first kept."""
    return list(dict.fromkeys(filter(None, (folded(phrase, stem=stem) for phrase in phrases))))


def occurs(phrase: str, text: str) -> bool:
    """Whether a folded phrase stands in a folded text, neither end inside a word: `art` is not in `start`."""
    start = text.find(phrase)
    while start >= 0:
        if not (_within_word(text, start) or _within_word(text, start + len(phrase))):
            return True
        start = text.find(phrase, start + 1)
    return False


def _within_word(text: str, place: int) -> bool:
    """Whether letters or digits of a script with spaces stand on both sides."""
    around = text[place - 1 : place + 1] if place else ""
    return len(around) == 2 and around.isalnum() and max(around) < _SPACED


@functools.lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return _stemmer()(word)


@functools.cache
def _stemmer() -> functools.partial[str]:
    if find_spec(_PACKAGE) is None:
        raise UsageError(f"stemming needs {_PACKAGE}", hint=f"pip install {_PACKAGE}, or match exactly")
    import snowballstemmer

    return functools.partial(snowballstemmer.stemmer("porter").stemWord)
