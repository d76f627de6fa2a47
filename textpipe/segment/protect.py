"""Protected terms: what comes out whole whatever it holds, spaces and punctuation too, leftmost first, then longest."""

from __future__ import annotations

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator

from textpipe.errors import DictionaryError, UsageError
from textpipe.text import read_text

LONGEST_TERM = 200  # characters; looking a place up takes a slice for each length that terms have
_WORD = frozenset(string.ascii_letters + string.digits)
_NOTHING = re.compile("(?!)")
_HINT = "a term has 1 to 200 characters and no line feed"


class ProtectedTerms:
    """Terms ready to be found. A term whose end is an ASCII letter or digit is not found where one follows (or, at
    its beginning, precedes): `AI` is no part of `MAIL`.

    Two characters decide whether a place is worth a look, so that 100,000 terms cost little more than ten.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = frozenset(terms)
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for term in self._terms:
            lengths[term[:2]].add(len(term))
        for head in lengths:
            if head[0] in self._terms:
                lengths[head].add(1)
        self._lengths = {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}
        self._places = _pattern(self._lengths)

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """(piece, whether it is a term), none of them empty; joined they are the text."""
        end = 0
        get = self._lengths.get
        for match in self._places.finditer(text):
            start = match.start()
            lengths = get(text[start : start + 2]) or get(text[start])
            if lengths is not None and start >= end:
                length = self._length_at(text, start, lengths)
                if length:
                    if end < start:
                        yield text[end:start], False
                    end = start + length
                    yield text[start:end], True
        if end < len(text):
            yield text[end:], False

    def _length_at(self, text: str, start: int, lengths: tuple[int, ...]) -> int:
        """The length of the longest term that begins here, 0 for none."""
        if start and text[start] in _WORD and text[start - 1] in _WORD:
            return 0
        for length in lengths:
            stop = start + length
            if (
                text[start:stop] in self._terms
                and stop <= len(text)
                and not (text[stop - 1] in _WORD and stop < len(text) and text[stop] in _WORD)
            ):
                return length
        return 0


def _pattern(heads: Iterable[str]) -> re.Pattern[str]:
    """Every place where a term may begin, and some more: a first character, before a second one."""
    longer = [head for head in heads if len(head) == 2]
    parts = [_any(head for head in heads if len(head) == 1)]
    if longer:
        parts.append(f"{_any(head[0] for head in longer)}(?={_any(head[1] for head in longer)})")
    found = "|".join(filter(None, parts))
    return re.compile(found) if found else _NOTHING


def _any(characters: Iterable[str]) -> str:
    """A character class, empty for none."""
    inside = "".join(map(re.escape, sorted(set(characters))))
    return f"[{inside}]" if inside else ""


def checked_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms sorted, each once: equal settings are equal values.

    Raises DictionaryError for one that could never be found or is too long.
    """
    if isinstance(terms, str):
        raise UsageError("protect wants several terms, not one text", hint=f"protect=({terms[:20]!r},)")
    given = list(terms)
    for term in given:
        if not isinstance(term, str):
            raise UsageError(f"not a term to protect: {term!r:.40}", hint=_HINT)
    found = tuple(sorted(set(given)))
    for term in found:
        problem = _problem(term)
        if problem is not None:
            raise DictionaryError(problem, hint=_HINT)
    return found


def read_terms(path: str, *, encoding: str = "auto") -> list[str]:
    """The terms of a file, one a line, without white space around them; there are no comments.

    Raises DictionaryError, with the line, for a term that is too long.
    """
    terms: list[str] = []
    text = read_text(path, what="list of protected terms", encoding=encoding)
    for number, line in enumerate(text.split("\n"), start=1):
        term = line.strip().lstrip("\ufeff").lstrip()
        problem = _problem(term) if term else None
        if problem is not None:
            raise DictionaryError(problem, where=path, line=number, hint=_HINT)
        if term:
            terms.append(term)
    return terms


def _problem(term: str) -> str | None:
    if not term.strip():
        return "an empty term"
    if "\n" in term:
        return f"a term with a line feed: {term[:20]!r}"
    if len(term) > LONGEST_TERM:
        return f"a term of more than {LONGEST_TERM} characters: {term[:20]!r}…"
    return None
