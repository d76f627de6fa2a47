"""Tokens with parts of speech to the words that phrases are made of, and to what ends phrases."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textpipe.keywords.english import english_class, singular
from textpipe.text import has_han

# parts of speech that may stand in a phrase, as jieba names them
CHINESE_KINDS: dict[str, tuple[str, ...]] = {
    "noun": ("n", "ng", "g"),
    "verbal": ("vn", "an"),
    "name": ("nr", "nrt", "nrfg", "ns", "nt", "nz"),
    "verb": ("v", "vd", "vi", "vq", "vg"),
    "adjective": ("a", "b", "ad", "ag", "z", "zg"),
    "english": ("eng",),
    "short": ("j", "l", "i"),
    "other": ("s", "t", "tg", "f", "q", "d", "m", "k", "h"),
}
ENGLISH_KINDS = (
    "noun", "adjectival", "adjective", "generic", "gerund", "participle", "verb", "verb_s", "verb_ed", "verb_ing",
    "number",
)  # fmt: skip
KIND_OF_TAG = {tag: kind for kind, tags in CHINESE_KINDS.items() for tag in tags}
NO_KIND = frozenset({
    "bg", "c", "df", "dg", "e", "en", "in", "jn", "ln", "mg", "mq", "o", "p", "qe", "qg", "r", "rg", "rr", "rz", "u",
    "ud", "ug", "uj", "ul", "uv", "uz", "w", "x", "y", "yg",
})  # the rest of jieba's tags: no phrase holds such words  # fmt: skip
UNTAGGED = "x"  # what jieba says of a word of the user's that has no tag
LONGEST_WORD = 64  # characters; what is longer is data, and no part of a phrase
OWN_KIND = "name"  # of such words, and of those with tags that are not jieba's: somebody thought them worth a line
ENDING_KINDS = frozenset({"verb", "verb_s", "verb_ed", "verb_ing", "other"})  # a phrase beside one has come to its end
_JOINING = frozenset("-‐‑'’/.&+_")
_OPENING = frozenset('(（[［《〈“"「『【‘')
_CLOSING = frozenset(')）]］》〉”"」』】’')


class Word(NamedTuple):
    """A word that may stand in a phrase.

    key: equal for occurrences of the same word
    position: among the words and marks of the document; offset: in code points
    joined: a phrase may go on from the word before it
    opened: a bracket or quotation mark opens right before it
    """

    key: str
    text: str
    kind: str
    offset: int
    position: int
    joined: bool
    opened: bool


class Mark(NamedTuple):
    """Something that ends phrases: a mark that opens or closes, or a word that no phrase holds."""

    opens: bool = False
    closes: bool = False


class _Unit(NamedTuple):
    text: str
    tag: str
    offset: int
    letters: bool


def _is_letters(text: str) -> bool:
    """Whether it is made of letters or digits, as `C++` is too, and holds no Han character."""
    return (text.isalnum() or any(map(str.isalpha, text))) and not has_han(text)


def chinese_kind(text: str, tag: str) -> str:
    """The class of a word that holds a Han character, empty for one that no phrase holds.

    >>> chinese_kind("电池", "n"), chinese_kind("的", "uj"), chinese_kind("云鹊手表", "brand")
    ('noun', '', 'name')
    """
    if tag == UNTAGGED and len(text) > 1:
        return OWN_KIND
    return "" if tag in NO_KIND else KIND_OF_TAG.get(tag, OWN_KIND)


def _units(pairs: Sequence[tuple[str, str]], offset: int) -> Iterator[_Unit]:
    """Tokens, those of letters and digits joined over hyphens and the like: `ET-1`, `TGF-β`, `e-commerce`."""
    index, count = 0, len(pairs)
    while index < count:
        text, tag = pairs[index]
        index += 1
        if not _is_letters(text):
            yield _Unit(text, tag, offset, letters=False)
            offset += len(text)
            continue
        while index < count:
            if _is_letters(pairs[index][0]):
                step = 1
            elif pairs[index][0] in _JOINING and index + 1 < count and _is_letters(pairs[index + 1][0]):
                step = 2
            else:
                break
            text += "".join(token for token, _ in pairs[index : index + step])
            tag = "eng"
            index += step
        yield _Unit(text, tag, offset, letters=True)
        offset += len(text)


@dataclass
class WordStream:
    """The words and marks of one document; `of` takes its pieces in order, offsets and positions are carried on.

    chinese: whether parts of speech are jieba's; else English ones, by lists and endings
    stopwords: in lower case; they end phrases
    pos: the parts of speech that count; None for all
    """

    chinese: bool
    stopwords: Collection[str]
    pos: Collection[str] | None = None
    offset: int = 0
    position: int = 0
    _before: str = ""
    _after_letters: bool = False
    _spaced: bool = False
    _line_ends: int = 0
    _broken: bool = True
    _opened: bool = False

    def of(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Word | Mark]:
        """The words and marks of a piece, given as all its (token, part of speech) pairs."""
        for unit in _units(pairs, self.offset):
            if unit.text.isspace():
                self._spaced = True
                self._line_ends += unit.text.count("\n")
                continue
            yield self._word(unit) if unit.letters or has_han(unit.text) else self._mark(unit.text)
            self.position += 1
            self._spaced, self._line_ends = False, 0
        self.offset += sum(len(text) for text, _ in pairs)

    def _mark(self, text: str) -> Mark:
        self._before, self._after_letters, self._broken = "", False, True
        self._opened = text in _OPENING
        return Mark(opens=self._opened, closes=text in _CLOSING)

    def _word(self, unit: _Unit) -> Word | Mark:
        # white space ends a phrase, but not between words of letters; an empty line does always
        apart = self._spaced and not (self._after_letters and unit.letters and self._line_ends < 2)
        key = unit.text.lower()
        kind = self._kind(unit, key)
        self._after_letters = unit.letters
        joined, opened = not (apart or self._broken), self._opened
        self._opened, self._broken = False, not kind
        if not kind:
            return Mark()
        if not self.chinese:
            key = singular(key)
        return Word(key, unit.text, kind, unit.offset, self.position, joined, opened)

    def _kind(self, unit: _Unit, key: str) -> str:
        """The word's class, empty for one that no phrase holds."""
        if self.chinese:
            number = unit.letters and unit.text.replace(".", "").isdigit()
            kind = "" if number else "english" if unit.letters else chinese_kind(unit.text, unit.tag)
        else:
            self._before = english_class(key, before=self._before)
            kind = self._before if self._before in ENGLISH_KINDS else ""
        allowed = len(unit.text) <= LONGEST_WORD and (self.pos is None or unit.tag in self.pos)
        return kind if allowed and key not in self.stopwords else ""
