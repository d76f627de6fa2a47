"""The words that segmentation knows: jieba's dictionary and, on top, the user's, in a value that never changes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from textpipe.errors import DictionaryError
from textpipe.segment.engine import Engine, JiebaEngine, can_match
from textpipe.segment.jieba_tables import add_prefixes, base_dictionary, base_tags
from textpipe.text import read_text

_LINE = re.compile(r"(.+?)( [0-9]{1,18})?( [a-z]+)?")  # jieba's format: word, frequency, tag, one space between
_OTHER_SEPARATOR = re.compile(r".+[,;|:=，；：]\s*[0-9]+.*")  # 石墨烯,10: a frequency that no space precedes
_WORD_LIMIT = 100  # characters; every prefix of a word is kept, so that a word takes its length squared
_ENGINES = 16  # engines kept ready; each has its own copy of the prefix table


class Entry(NamedTuple):
    """One change to the dictionary. Without a frequency, one is chosen that makes the word come out whole."""

    word: str
    frequency: int | None = None
    tag: str | None = None


@dataclass(frozen=True)
class Dictionary:
    """jieba's dictionary with user words; every change returns a new Dictionary and leaves this one as it is.

    >>> dictionary = Dictionary().add_word("石墨烯")
    """

    entries: tuple[Entry, ...] = field(default=())

    def add_word(self, word: str, frequency: int | None = None, tag: str | None = None) -> Dictionary:
        """With `word` in it. Without `frequency` it gets one that makes it come out whole (as in jieba)."""
        return self.with_entries((Entry(word, frequency, tag),))

    def del_word(self, word: str) -> Dictionary:
        """Without `word`; the model for unknown words may not join it again either."""
        return self.add_word(word, 0)

    def suggest_freq(self, segment: str | tuple[str, ...]) -> Dictionary:
        """With the frequency that joins a word, or keeps the words of a tuple apart (jieba's `tune=True`)."""
        word = segment if isinstance(segment, str) else "".join(segment)
        return self.add_word(word, self.suggested_frequency(segment))

    def suggested_frequency(self, segment: str | tuple[str, ...]) -> int:
        """The frequency that would join a word, or keep the words of a tuple apart."""
        return self._table.suggested_frequency(segment)

    def frequency(self, word: str) -> int:
        """The word's frequency; 0 when it is unknown or deleted."""
        return self._table.frequencies.get(word, 0)

    def with_file(self, path: str, *, encoding: str = "auto") -> Dictionary:
        """With the words of a file in jieba's format: a line `word [frequency] [tag]`.

        Raises DictionaryError, with the line, for a line that is not in that format.
        """
        return self.with_entries(read_entries(path, encoding=encoding))

    def with_entries(self, entries: Iterable[Entry]) -> Dictionary:
        """With several changes, applied in order."""
        added = tuple(entries)
        for entry in added:
            if not entry.word or (entry.frequency is not None and entry.frequency < 0):
                message = f"not a dictionary entry: {entry.word!r}, frequency {entry.frequency}"
                raise DictionaryError(message, hint="a word, and a frequency from 0 or none")
            if len(entry.word) > _WORD_LIMIT:
                message = f"a word of more than {_WORD_LIMIT} characters: {entry.word[:20]!r}…"
                raise DictionaryError(message, hint="shorten it, or leave it out")
        return Dictionary(self.entries + added)

    @property
    def unmatchable(self) -> list[str]:
        """User words that are never found: they hold white space or punctuation, at which jieba always cuts."""
        return [entry.word for entry in self.entries if not can_match(entry.word)]

    @functools.cached_property
    def engine(self) -> Engine:
        """The engine over these words, made at first use and shared by all equal dictionaries of the process."""
        return _engine(self.entries)

    @functools.cached_property
    def _table(self) -> _Table:
        return _table(self.entries)

    def __reduce__(self) -> tuple[object, ...]:
        return Dictionary, (self.entries,)  # the words travel to worker processes, the engine is made there


class _Table:
    """A dictionary being put together: the state that jieba's Tokenizer has, without its file cache and globals."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        base = base_dictionary()
        self.frequencies: dict[str, int] = dict(base.frequencies)
        self.total = base.total
        self.tags: dict[str, str] = {}
        self.forced_apart: set[str] = set()
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        word = entry.word
        frequency = self.suggested_frequency(word) if entry.frequency is None else entry.frequency
        self.frequencies[word] = frequency
        self.total += frequency
        add_prefixes(self.frequencies, [word])
        if entry.tag:
            self.tags[word] = entry.tag
        if frequency == 0:
            self.forced_apart.add(word)

    def suggested_frequency(self, segment: str | tuple[str, ...]) -> int:
        """jieba's formula, in its order of operations."""
        total = float(self.total)
        if isinstance(segment, str):
            pieces = tuple(JiebaEngine(self.frequencies, total=self.total).cut(segment, hmm=False))
        else:
            pieces = segment
        product = 1.0
        for piece in pieces:
            product *= self.frequencies.get(piece, 1) / total
        if isinstance(segment, str):
            return max(int(product * self.total) + 1, self.frequencies.get(segment, 1))
        return min(int(product * self.total), self.frequencies.get("".join(segment), 0))


@functools.lru_cache(maxsize=_ENGINES)
def _table(entries: tuple[Entry, ...]) -> _Table:
    return _Table(entries)


@functools.lru_cache(maxsize=_ENGINES)
def _engine(entries: tuple[Entry, ...]) -> Engine:
    if not entries:
        base = base_dictionary()
        return JiebaEngine(base.frequencies, total=base.total, tags=base_tags)
    table = _table(entries)
    return JiebaEngine(
        table.frequencies,
        total=table.total,
        tags=lambda: base_tags() | table.tags,
        forced_apart=frozenset(table.forced_apart),
    )


def read_entries(path: str, *, encoding: str = "auto") -> list[Entry]:
    """The entries of a user dictionary file. Raises DictionaryError, with the line, for an unusable one."""
    text = read_text(path, what="dictionary", encoding=encoding)
    entries: list[Entry] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip().lstrip("\ufeff")
        if stripped:
            entries.append(_parse(stripped, path=path, number=number))
    return entries


def _parse(line: str, *, path: str, number: int) -> Entry:
    match = _LINE.fullmatch(line)
    word, frequency, tag = match.groups() if match else (line, None, None)
    problem = _problem(word, bare=frequency is None)
    if problem is not None:
        hint = "a line is: word, one space, frequency, one space, tag; frequency and tag may be left out"
        shown = repr(line) if len(line) <= _WORD_LIMIT else f"{line[:20]!r}…"
        raise DictionaryError(f"not an entry: {shown}: {problem}", where=path, line=number, hint=hint)
    return Entry(word, None if frequency is None else int(frequency), tag.strip() if tag else None)


def _problem(word: str, *, bare: bool) -> str | None:
    """Why a word is a slip of the pen; jieba takes phrases and punctuation, though it never matches them."""
    if any(character.isspace() and character != " " for character in word):
        return "fields lie between single spaces, not tabs"
    if len(word) > _WORD_LIMIT:
        return f"a word of more than {_WORD_LIMIT} characters"
    if bare and _OTHER_SEPARATOR.fullmatch(word):
        return "fields lie between single spaces, not commas or the like"
    first, *others = word.split(" ")
    if not all(others) or not first:
        return "fields lie between single spaces"
    if any(other[0] in "+-.0123456789" for other in others):
        return "the frequency is no whole number, or the tag not in small letters"
    return None
