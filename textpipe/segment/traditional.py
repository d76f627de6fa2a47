"""Traditional characters read as simplified ones, by OpenCC: the same text, character for character."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Collection, Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from textpipe.errors import UsageError

if TYPE_CHECKING:
    from opencc import OpenCC

_SURROGATE = re.compile("[\ud800-\udfff]")  # no UTF-8, which OpenCC works on
_STRETCH = re.compile(r"(\w+)")  # OpenCC's phrases hold letters only
_one_at_a_time = threading.Lock()  # OpenCC promises nothing about threads


def require_opencc() -> None:
    """Raises UsageError when OpenCC is not installed."""
    if find_spec("opencc") is None:
        raise UsageError("reading traditional text needs OpenCC", hint="pip install 'textpipe-zh[traditional]'")


def simplify(text: str) -> str:
    """The text in simplified characters (OpenCC's t2s), each in the place of its original.

    No entry of OpenCC 1.4's tables changes a length. Should a stretch of letters ever come out longer or shorter, it is
    converted character by character, so that offsets hold whatever the tables say.
    """
    if text.isascii():
        return text
    encodable = _SURROGATE.sub("\ufffd", text)
    converted = _convert(encodable)
    stretches = _STRETCH.split(encodable)
    if list(map(len, _STRETCH.split(converted))) == list(map(len, stretches)):
        return converted
    return "".join(map(_aligned, stretches))


def simplified_words(words: Iterable[str]) -> list[str]:
    """Every word by itself, in one go; no word may hold a line feed."""
    return simplify("\n".join(words)).split("\n")


def _aligned(stretch: str) -> str:
    converted = _convert(stretch)
    if len(converted) == len(stretch):
        return converted
    singles = ((character, _convert(character)) for character in stretch)
    return "".join(single if len(single) == 1 else character for character, single in singles)


def _convert(text: str) -> str:
    with _one_at_a_time:
        return str(_converter().convert(text))


@functools.cache
def _converter() -> OpenCC:
    """Made once a process (about 10 ms)."""
    require_opencc()
    from opencc import OpenCC

    return OpenCC("t2s")


class EitherScript(Collection[str]):
    """Simplified words that know their traditional forms too."""

    def __init__(self, words: Collection[str]) -> None:
        self._words = words

    def __contains__(self, word: object) -> bool:
        return word in self._words or (isinstance(word, str) and simplify(word) in self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)
