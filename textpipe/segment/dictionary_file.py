"""User dictionary files in jieba's format: a line is a word, its frequency, its tag, one space between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from textpipe.errors import DictionaryError
from textpipe.segment.dictionary import WORD_LIMIT, Entry
from textpipe.text import read_text

_FORMAT = "a line is: word, one space, frequency, one space, tag; frequency and tag may be left out"
_LINE = re.compile(r"(.+?)( [0-9]{1,18})?( [a-z]+)?")  # jieba's format: word, frequency, tag, one space between
_OTHER_SEPARATOR = re.compile(r".+[,;|:=，；：]\s*[0-9]+.*")  # 石墨烯,10: a frequency that no space precedes

_AT_A_TIME = 4096  # characters

# every line of a text in one search: the fields of one that is plainly good, else the whole line for a closer look
_LINES = re.compile(
    rf"^(?:([^\s\ufeff,;|:=，；：]{{1,{WORD_LIMIT}}}+)(?: ([0-9]{{1,18}}+))?(?: ([a-z]++))?\r?|(.*))$", re.MULTILINE
)


class Unusable(NamedTuple):
    """A line that is no entry, and why."""

    line: str
    problem: str


def read_entries(path: str, *, encoding: str = "auto") -> list[Entry]:
    """The entries of a user dictionary file. Raises DictionaryError, with the line, for an unusable one."""
    entries: list[Entry] = []
    for number, read in read_lines(path, encoding=encoding):
        if isinstance(read, Unusable):
            shown = repr(read.line) if len(read.line) <= WORD_LIMIT else f"{read.line[:20]!r}…"
            raise DictionaryError(f"not an entry: {shown}: {read.problem}", where=path, line=number, hint=_FORMAT)
        entries.append(read)
    return entries


def read_lines(path: str, *, encoding: str = "auto") -> Iterator[tuple[int, Entry | Unusable]]:
    """(number from 1, what the line says) of every line of a user dictionary file that is not blank."""
    return _read(read_text(path, what="dictionary", encoding=encoding))


def _read(text: str) -> Iterator[tuple[int, Entry | Unusable]]:
    for number, (word, frequency, tag, other) in enumerate(_fields(text), start=1):
        if word:
            yield number, Entry(word, int(frequency) if frequency else None, tag or None)
        elif other:
            stripped = other.strip().lstrip("\ufeff")
            if stripped:
                yield number, _parse(stripped)


def _fields(text: str) -> Iterator[tuple[str, str, str, str]]:
    """What _LINES makes of each line, some hundreds at a time: tuples that live long cost the garbage collector."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start + _AT_A_TIME)
        end = len(text) if end < 0 else end
        yield from _LINES.findall(text, start, end)
        start = end + 1


def _parse(line: str) -> Entry | Unusable:
    match = _LINE.fullmatch(line)
    word, frequency, tag = match.groups() if match else (line, None, None)
    problem = _problem(word, bare=frequency is None)
    if problem is not None:
        return Unusable(line, problem)
    return Entry(word, None if frequency is None else int(frequency), tag.strip() if tag else None)


def _problem(word: str, *, bare: bool) -> str | None:
    """Why a word is a slip of the pen; jieba takes phrases and punctuation, though it never matches them."""
    if any(character.isspace() and character != " " for character in word):
        return "fields lie between single spaces, not tabs"
    if len(word) > WORD_LIMIT:
        return f"a word of more than {WORD_LIMIT} characters"
    if bare and _OTHER_SEPARATOR.fullmatch(word):
        return "fields lie between single spaces, not commas or the like"
    first, *others = word.split(" ")
    if not all(others) or not first:
        return "fields lie between single spaces"
    if any(other[0] in "+-.0123456789" for other in others):
        return "the frequency is no whole number, or the tag not in small letters"
    return None
