"""The words that segmentation knows: jieba's dictionary and, on top, the user's, in a value that never changes."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

from textpipe.errors import DictionaryError
from textpipe.segment.engine import Engine, new_engine
from textpipe.segment.value import immutable

WORD_LIMIT = 100  # characters; in Python every prefix of a word is kept, so that it takes its length squared
FREQUENCY_LIMIT = 10**18  # frequencies below it; their sum must stay under 2^63
_JOINING = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#&._%-")  # beside Han
_ENGINES = 16  # engines kept ready


class Entry(NamedTuple):
    """One change to the dictionary. Without a frequency, one is chosen that makes the word come out whole."""

    word: str
    frequency: int | None = None
    tag: str | None = None


@immutable("entries")
class Dictionary:
    """jieba's dictionary with user words; every change returns a new Dictionary and leaves this one as it is.

    >>> dictionary = Dictionary().add_word("石墨烯")
    """

    entries: tuple[Entry, ...]

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.__dict__["entries"] = tuple(map(_checked, entries))

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
        return self.engine.suggested_frequency(segment)

    def frequency(self, word: str) -> int:
        """The word's frequency; 0 when it is unknown or deleted."""
        return self.engine.frequency(word)

    def with_file(self, path: str, *, encoding: str = "auto") -> Dictionary:
        """With the words of a file in jieba's format: a line `word [frequency] [tag]`.

        Raises DictionaryError, with the line, for a line that is not in that format.
        """
        from textpipe.segment.dictionary_file import read_entries  # with what detects encodings

        return self._with(tuple(read_entries(path, encoding=encoding)))

    def with_entries(self, entries: Iterable[Entry]) -> Dictionary:
        """With several changes, applied in order."""
        return self._with(tuple(map(_checked, entries)))

    def _with(self, checked: tuple[Entry, ...]) -> Dictionary:
        made = Dictionary()
        made.__dict__["entries"] = self.entries + checked
        return made

    @property
    def unmatchable(self) -> list[str]:
        """User words that are never found: they hold white space or punctuation, at which jieba always cuts."""
        return [entry.word for entry in self.entries if not can_match(entry.word)]

    @functools.cached_property
    def engine(self) -> Engine:
        """The engine over these words, made at first use and shared by all equal dictionaries of the process."""
        return _engine(self.entries)

    @property
    def total(self) -> int:
        """The sum of all frequencies."""
        return self.engine.total


def _checked(entry: Any) -> Entry:
    """The entry; DictionaryError for what is none."""
    if not isinstance(entry, tuple) or len(entry) != 3 or not isinstance(entry[0], str):
        hint = "Entry(word), Entry(word, frequency) or Entry(word, frequency, tag)"
        raise DictionaryError(f"not a dictionary entry: {entry!r:.60}", hint=hint)
    word, frequency, tag = entry
    whole = frequency is None or (isinstance(frequency, int) and 0 <= frequency < FREQUENCY_LIMIT)
    if not word or not whole or not isinstance(tag, str | None):
        message = f"not a dictionary entry: {word[:20]!r}, frequency {frequency!r:.40}, tag {tag!r:.20}"
        raise DictionaryError(message, hint="a word, a frequency from 0 (below 10^18) or none, a tag or none")
    if len(word) > WORD_LIMIT:
        message = f"a word of more than {WORD_LIMIT} characters: {word[:20]!r}…"
        raise DictionaryError(message, hint="shorten it, or leave it out")
    return entry if isinstance(entry, Entry) else Entry(*entry)


@functools.lru_cache(maxsize=_ENGINES)
def _engine(entries: tuple[Entry, ...]) -> Engine:
    return new_engine(entries)


def can_match(word: str) -> bool:
    """Whether segmentation could ever find the word in a text: jieba cuts at every character outside its blocks."""
    return all("\u4e00" <= character <= "\u9fd5" or character in _JOINING for character in word)
