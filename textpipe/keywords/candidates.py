"""Which tokens of a document may become keywords: jieba's rules, with stop words and case as options."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import NamedTuple, NotRequired, TypedDict

from textpipe.errors import UsageError
from textpipe.text import read_text

# the only stop words that jieba.analyse has
JIEBA_STOPWORDS = frozenset({
    "the", "of", "is", "and", "to", "in", "that", "we", "for", "an", "are", "by", "be", "as", "on", "with", "can",
    "if", "from", "which", "you", "it", "this", "then", "at", "have", "all", "not", "one", "has", "or",
})  # fmt: skip
SHIPPED = ("zh", "en")
NO_LIST = "none"


class Keyword(NamedTuple):
    """A keyword of one document.

    text: the word as counted (lower case where lower-casing acts)
    score: larger is better; comparable within one document and method
    count: how often it was counted
    first: code-point offset of its first counted occurrence in the document as given
    """

    text: str
    score: float
    count: int  # type: ignore[assignment]  # a tuple's method of the same name gives way
    first: int


class Signal(TypedDict):
    """value: of the keyword; rank: among all candidates of the document, 1 for what speaks most for a keyword;
    weight: what the value is multiplied with in the sum that makes the score, None where scores are no such sum;
    effect: how much that adds to the sum, above the mean of all candidates (log-odds)."""

    value: float
    rank: int
    weight: float | None
    effect: float | None


class Sentence(TypedDict):
    """A sentence and its code-point offsets: text[start:end]."""

    text: str
    start: int
    end: int


class KeywordRow(TypedDict):
    """A keyword: its text, its score (larger is better), how often it was counted, and where first (code points).

    When asked why: the IDF of its most common word, its signals by name, and the sentences that hold it.
    """

    text: str
    score: float
    count: int
    first: int
    idf: NotRequired[float | None]
    signals: NotRequired[dict[str, Signal]]
    sentences: NotRequired[list[Sentence]]


class KeywordRecord(TypedDict):
    """A document's keywords, best first: one JSON line."""

    id: str
    keywords: list[KeywordRow]


def keyword_record(identity: str, found: Iterable[Keyword]) -> KeywordRecord:
    """What is printed of a document."""
    rows: list[KeywordRow] = [
        {"text": one.text, "score": one.score, "count": one.count, "first": one.first} for one in found
    ]
    return {"id": identity, "keywords": rows}


class Occurrence(NamedTuple):
    """A token that counts: the word, its offset in code points, its position among all tokens of the document."""

    word: str
    offset: int
    position: int


@dataclass
class WordFilter:
    """Which tokens of a document count: two characters at least (white space aside), no stop word in lower case.

    Tokens may come in several calls, all of the document and in order: offsets and positions are carried on.
    """

    stopwords: Collection[str] = JIEBA_STOPWORDS
    lowercase: bool = False
    pos: Collection[str] | None = None
    offset: int = 0
    position: int = 0

    def words(self, tokens: Iterable[str]) -> Iterator[Occurrence]:
        """The tokens that count."""
        for token in tokens:
            if len(token) > 1 and len(token.strip()) > 1 and token.lower() not in self.stopwords:
                yield Occurrence(token.lower() if self.lowercase else token, self.offset, self.position)
            self.offset += len(token)
            self.position += 1

    def tagged(self, pairs: Iterable[tuple[str, str]]) -> Iterator[Occurrence]:
        """The tokens that count of (token, part of speech) pairs; only those with one in `pos`."""
        allowed = self.pos if self.pos is not None else ()
        for token, tag in pairs:
            if tag in allowed and len(token.strip()) > 1 and token.lower() not in self.stopwords:
                yield Occurrence(token.lower() if self.lowercase else token, self.offset, self.position)
            self.offset += len(token)
            self.position += 1


@dataclass
class WordCounts:
    """How often words of one document occur, and where first."""

    counts: dict[str, int] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)

    def counted(self, found: Iterable[Occurrence]) -> Iterator[Occurrence]:
        """The same occurrences, each counted as it passes; they must be later ones in the document."""
        counts = self.counts
        for occurrence in found:
            word = occurrence.word
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
                self.firsts[word] = occurrence.offset
            yield occurrence

    def add(self, found: Iterable[Occurrence]) -> None:
        """Count more occurrences, later ones in the document."""
        for _ in self.counted(found):
            pass


def ranked(scores: dict[str, float], counts: dict[str, int], firsts: dict[str, int], *, k: int | None) -> list[Keyword]:
    """The k best, sorted by (-score, first); all for None."""
    found = [Keyword(word, score, counts[word], firsts[word]) for word, score in scores.items()]
    found.sort(key=lambda keyword: (-keyword.score, keyword.first))
    return found if k is None else found[:k]


@functools.cache
def shipped_stopwords(language: str) -> frozenset[str]:
    """The list for `zh` or `en` that comes with textpipe (textpipe/resources/README.md says how it was made)."""
    resource = files("textpipe").joinpath(f"resources/stopwords_{language}.txt")
    return frozenset(resource.read_text("utf-8").split("\n")) - {""}


def chosen_stopwords(choice: str | Iterable[str]) -> tuple[frozenset[str], bool]:
    """(words, whether they stand alone): of a set, its words; else of lists named `zh`, `en` or by a file.

    A file has one word a line. The name `none` drops the stop words that act without being asked for.
    Raises InputError for a file that is missing or not text.
    """
    if isinstance(choice, set | frozenset):
        return frozenset(word.lower() for word in choice), False
    words: set[str] = set()
    names = [choice] if isinstance(choice, str) else list(choice)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"not a stop-word list: {name!r}", hint="zh, en, a file, or a set of words")
        if name in SHIPPED:
            words |= shipped_stopwords(name)
        elif name != NO_LIST:
            words |= _read_words(name)
    return frozenset(words), NO_LIST in names


def _read_words(path: str) -> set[str]:
    text = read_text(path, what="stop-word list (the shipped ones are zh and en)")
    return {line.strip().lower() for line in text.split("\n")} - {""}
