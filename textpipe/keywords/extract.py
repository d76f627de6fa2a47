"""Text to keywords: `textpipe.keywords(text)`, the methods put together with a tokenizer and defaults by language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, get_args

from textpipe.errors import UsageError
from textpipe.keywords.candidates import (
    JIEBA_STOPWORDS,
    Keyword,
    chosen_stopwords,
    shipped_stopwords,
    tagged_occurrences,
)
from textpipe.keywords.textrank import DEFAULT_POS, CooccurrenceGraph, rank
from textpipe.keywords.tfidf import tfidf, tfidf_tagged
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import has_han, split_pieces

Method = Literal["tfidf", "textrank"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class KeywordSettings:
    """How keywords are found. None means: by the document's language, Chinese if it holds a Han character.

    method: `tfidf` or `textrank`
    k: how many; None for all
    pos: parts of speech that count (jieba's names). None: all for tfidf; ns, n, vn, v for textrank, and eng as
        well in a document without Han characters, where jieba's tagger knows no other
    stopwords: words that never count, in lower case, besides jieba's few English ones (textpipe's English list
        in a document without Han characters)
    only: these stop words alone, without those of the language
    lowercase: count words in lower case. None: only in a document without Han characters
    converge: for textrank, PageRank to a tolerance instead of jieba's ten sweeps
    tokenizer: its mode must be exact
    """

    method: Method = "tfidf"
    k: int | None = 20
    pos: tuple[str, ...] | None = None
    stopwords: frozenset[str] = frozenset()
    only: bool = False
    lowercase: bool | None = None
    converge: bool = False
    tokenizer: Tokenizer = field(default_factory=Tokenizer)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(f"unknown method {self.method!r}", hint=f"one of: {', '.join(METHODS)}")
        if self.tokenizer.mode != "exact":
            raise UsageError("keywords need a tokenizer in exact mode", hint="Tokenizer(mode='exact')")
        if self.k is not None and self.k < 1:
            raise UsageError(f"k is {self.k}, but at least one keyword must be asked for", hint="a whole number from 1")
        if self.converge and self.method != "textrank":
            raise UsageError("--converge belongs to textrank", hint="add --method textrank")

    def for_language(self, *, chinese: bool) -> KeywordSettings:
        """The same with every None decided."""
        pos = self.pos
        if pos is None and self.method == "textrank":
            pos = DEFAULT_POS if chinese else (*DEFAULT_POS, "eng")
        stopwords = self.stopwords
        if not self.only:
            stopwords |= JIEBA_STOPWORDS if chinese else shipped_stopwords("en")
        lowercase = not chinese if self.lowercase is None else self.lowercase
        return replace(self, pos=pos, stopwords=stopwords, only=True, lowercase=lowercase)


def extract(
    text: str,
    *,
    method: Method = "tfidf",
    k: int | None = 20,
    pos: Iterable[str] | None = None,
    stopwords: str | Iterable[str] = (),
    lowercase: bool | None = None,
    converge: bool = False,
    tokenizer: Tokenizer | None = None,
) -> list[Keyword]:
    """The keywords of one text, best first.

    `stopwords` names lists (`zh`, `en`, a file; `none` for not even the usual ones), or is a set of words; they are
    added to jieba's few English ones. The other options are those of `KeywordSettings`.
    Raises UsageError for settings that make no sense, InputError for a list that is missing.

    >>> [keyword.text for keyword in extract("石墨烯电池的石墨烯电极", k=1)]
    ['石墨']
    """
    if not isinstance(text, str):
        raise UsageError(f"a text is needed, not {type(text).__name__}", hint="call it once for each text")
    words, only = chosen_stopwords(stopwords)
    settings = KeywordSettings(
        method=method,
        k=k,
        pos=None if pos is None else tuple(pos),
        stopwords=words,
        only=only,
        lowercase=lowercase,
        converge=converge,
        tokenizer=tokenizer or Tokenizer(),
    )
    return keywords_of(split_pieces(iter((text,))), settings)


def keywords_of(pieces: Iterable[str], settings: KeywordSettings) -> list[Keyword]:
    """The keywords of one document that comes in pieces, as `textpipe.text.split_pieces` cuts it.

    The first piece decides the language of settings that are left to it.
    """
    chosen, pieces = _decide(pieces, settings)
    if chosen.method == "textrank":
        return rank(_graph(pieces, chosen), k=chosen.k, converge=chosen.converge)
    stopwords, lowercase = chosen.stopwords, bool(chosen.lowercase)
    if chosen.pos is None:
        tokens = chain.from_iterable(map(chosen.tokenizer.tokenize, pieces))
        return tfidf(tokens, k=chosen.k, stopwords=stopwords, lowercase=lowercase)
    pairs = chain.from_iterable(map(chosen.tokenizer.tag, pieces))
    return tfidf_tagged(pairs, pos=frozenset(chosen.pos), k=chosen.k, stopwords=stopwords, lowercase=lowercase)


def graph_of(pieces: Iterable[str], settings: KeywordSettings) -> CooccurrenceGraph:
    """The co-occurrence graph that textrank ranks, of one document that comes in pieces."""
    chosen, pieces = _decide(pieces, settings)
    return _graph(pieces, chosen)


def _decide(pieces: Iterable[str], settings: KeywordSettings) -> tuple[KeywordSettings, Iterator[str]]:
    rest = iter(pieces)
    first = next(rest, "")
    return settings.for_language(chinese=has_han(first) or not first), chain((first,), rest)


def _graph(pieces: Iterable[str], settings: KeywordSettings) -> CooccurrenceGraph:
    graph = CooccurrenceGraph()
    pairs = chain.from_iterable(map(settings.tokenizer.tag, pieces))
    pos = frozenset(settings.pos or ())
    lowercase = bool(settings.lowercase)
    graph.add(tagged_occurrences(pairs, pos=pos, stopwords=settings.stopwords, lowercase=lowercase))
    return graph
