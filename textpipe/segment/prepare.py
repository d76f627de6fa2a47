"""What is done to a text before a plain tokenizer cuts it: protected terms taken out, traditional characters read
as simplified ones. The tokens are always slices of the text as given."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from textpipe.segment.jieba_tables import base_tags
from textpipe.segment.protect import ProtectedTerms
from textpipe.segment.traditional import simplified_words, simplify

if TYPE_CHECKING:
    from textpipe.segment.tokenizer import Tokenizer

TERM_TAG = "nz"  # other proper noun, in jieba's names

Placed = Iterator[tuple[str, int]]


class Segment(NamedTuple):
    """A stretch of a text: as given, as the tokenizer reads it (of the same length), whether it is a protected term."""

    given: str
    read: str
    protected: bool


class Preparation:
    """A tokenizer with protected terms, or for traditional text, around a plain one."""

    def __init__(
        self,
        plain: Tokenizer,
        *,
        protect: tuple[str, ...],
        traditional: bool,
    ) -> None:
        self._plain = plain
        self._traditional = traditional
        self._terms = ProtectedTerms(protect)
        self._simplified = ProtectedTerms(simplified_words(protect) if traditional and protect else ())

    def tokenize(self, text: str) -> list[str]:
        """The tokens."""
        if self._plain.mode != "exact":
            return [token for token, _ in self.placed(text)]
        found: list[str] = []
        for given, read, protected in self._segments(text):
            if protected:
                found.append(given)
            else:
                tokens = self._plain.tokenize(read)
                found += tokens if read == given else _slices(given, tokens)
        return found

    def placed(self, text: str) -> list[tuple[str, int]]:
        """(token, offset) pairs."""
        found: list[tuple[str, int]] = []
        offset = 0
        for given, read, protected in self._segments(text):
            placed = self._whole(read) if protected else self._plain.placed(read)
            found.extend((given[start : start + len(token)], offset + start) for token, start in placed)
            offset += len(given)
        return found

    def tag(self, text: str) -> list[tuple[str, str]]:
        """(token, part of speech) pairs."""
        pairs: list[tuple[str, str]] = []
        for given, read, protected in self._segments(text):
            if protected:
                pairs.append((given, self._tags.get(given) or self._tags.get(read) or TERM_TAG))
                continue
            tagged = self._plain.tag(read)
            tokens = _slices(given, (token for token, _ in tagged))
            pairs.extend(zip(tokens, (tag for _, tag in tagged), strict=True))
        return pairs

    def _whole(self, term: str) -> Placed:
        """A protected term; in search mode its dictionary words of two and three characters come before it."""
        if self._plain.mode == "search":
            frequency = self._plain._engine.frequency
            for size in (2, 3):
                for start in range(len(term) - size + 1 if len(term) > size else 0):
                    if frequency(term[start : start + size]):
                        yield term[start : start + size], start
        yield term, 0

    def _segments(self, text: str) -> Iterator[Segment]:
        """Terms as they are written come first; what is left is read as simplified, and searched once more."""
        if not isinstance(text, str):
            raise TypeError(f"a text is needed, not {type(text).__name__}")  # as the engine says it
        for given, protected in self._terms.split(text):
            if not self._traditional:
                yield Segment(given, given, protected)
                continue
            simplified = simplify(given)
            if protected:
                yield Segment(given, simplified, True)
                continue
            start = 0
            for read, found in self._simplified.split(simplified):
                yield Segment(given[start : start + len(read)], read, found)
                start += len(read)

    @functools.cached_property
    def _tags(self) -> Mapping[str, str]:
        """The dictionary's, as the engine has them."""
        dictionary = self._plain.dictionary
        return base_tags() | {entry.word: entry.tag for entry in dictionary.entries if entry.tag}


def _slices(text: str, tokens: Iterable[str]) -> Iterator[str]:
    """The text in pieces as long as the tokens."""
    start = 0
    for token in tokens:
        end = start + len(token)
        yield text[start:end]
        start = end
