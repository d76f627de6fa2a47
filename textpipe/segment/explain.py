"""Why a text is cut as it is: the words that the dictionary has in it, the path chosen among them, and what was made
of the characters in between. jieba's algorithm once more, written to be read: plain Python, and independent of the
engine, so that a test may hold the two against each other.

A text falls into blocks of Han characters, letters, digits and a few signs; outside them every character is a token.
Inside, every word of the dictionary is an edge from its first character to the one behind it, with the weight
log(frequency) - log(total); a character where no word begins is an edge of its own, with frequency 1. The path with
the largest sum of weights is chosen. Where it leaves characters alone, the model for unknown words may join them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.word_hmm import split_unknown

Source = Literal["dictionary", "user", "hmm", "single", "latin", "other", "protected"]

LONGEST_WORD = 16  # characters of the longest word of jieba's dictionary
_BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+)")
_HAN = re.compile(r"[\u4E00-\u9FD5]")
_LATIN = re.compile(r"[a-zA-Z0-9]")
_OUTSIDE = re.compile(r"\r\n|.", re.DOTALL)


@dataclass(frozen=True)
class Candidate:
    """A word found in the text. frequency 0: no word, but a character that has to stand alone; chosen: on the path."""

    text: str
    start: int
    end: int
    frequency: int
    weight: float
    chosen: bool


@dataclass(frozen=True)
class ExplainedToken:
    """A token and where it comes from. frequency: the dictionary's; weight: None for what is no edge of the path.

    source: `dictionary` and `user` words (`user` when an entry of ours says something about it), `hmm` (joined by
    the model for unknown words), `latin` (letters, digits and signs in a row), `single` (a character that no
    dictionary has), `other` (outside the blocks: punctuation, white space), `protected` (a protected term).
    """

    text: str
    start: int
    end: int
    source: Source
    frequency: int
    weight: float | None


@dataclass(frozen=True)
class Explanation:
    """The tokens of a text, and the words considered, by position."""

    tokens: tuple[ExplainedToken, ...]
    considered: tuple[Candidate, ...]


def explain(text: str, tokenizer: Tokenizer) -> Explanation:
    """Why the tokenizer cuts the text as it does; offsets are code points. Takes time in proportion to the text.

    With traditional=True, words and frequencies are those of the simplified text; what is shown is the text as given.
    Raises UsageError for another mode than `exact`.
    """
    if tokenizer.mode != "exact":
        raise UsageError(f"mode {tokenizer.mode!r} cannot be explained", hint="use the mode 'exact'")
    lexicon = _Lexicon(tokenizer.dictionary)
    tokens: list[ExplainedToken] = []
    considered: list[Candidate] = []
    offset = 0
    for given, read, protected in _stretches(text, tokenizer):
        if protected:
            end = offset + len(given)
            tokens.append(ExplainedToken(given, offset, end, "protected", lexicon.frequency(read), None))
            offset = end
            continue
        for index, part in enumerate(_BLOCK.split(read)):
            if index % 2:
                found, candidates = _explain_block(part, offset, lexicon, hmm=tokenizer.hmm)
                tokens += found
                considered += candidates
            else:
                tokens += _outside(part, offset)
            offset += len(part)
    if tokenizer.traditional:
        tokens = [replace(token, text=text[token.start : token.end]) for token in tokens]
        considered = [replace(word, text=text[word.start : word.end]) for word in considered]
    return Explanation(tuple(tokens), tuple(considered))


def _stretches(text: str, tokenizer: Tokenizer) -> Iterable[tuple[str, str, bool]]:
    """(a stretch as given, as it is read, whether it is a protected term), joined they are the text."""
    preparation = tokenizer._preparation
    return [(text, text, False)] if preparation is None else preparation._segments(text)


def _outside(part: str, offset: int) -> Iterator[ExplainedToken]:
    """One character a token; only CR LF stays together."""
    for match in _OUTSIDE.finditer(part):
        yield ExplainedToken(match[0], offset + match.start(), offset + match.end(), "other", 0, None)


# -------------------------------------------------------------------------------------------------- inside a block


class _Lexicon:
    """What the algorithm asks of a dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.frequency = dictionary.frequency
        self._log_total = math.log(dictionary.total)
        self._of_user = frozenset(entry.word for entry in dictionary.entries)
        self.deleted = frozenset(entry.word for entry in dictionary.entries if entry.frequency == 0)
        self.longest = max(LONGEST_WORD, *map(len, self._of_user), 0)

    def weight(self, frequency: int) -> float:
        return math.log(frequency or 1) - self._log_total

    def source(self, word: str) -> Source:
        """Where a word of the path comes from."""
        if not self.frequency(word):
            return "single"
        return "user" if word in self._of_user else "dictionary"


@dataclass(frozen=True)
class _Edge:
    start: int
    end: int
    frequency: int
    weight: float


def _explain_block(
    block: str, offset: int, lexicon: _Lexicon, *, hmm: bool
) -> tuple[list[ExplainedToken], list[Candidate]]:
    graph = [_edges(block, start, lexicon) for start in range(len(block))]
    path = _best_path(graph)
    tokens: list[ExplainedToken] = []
    start = 0
    for word, source in _words(block, path, lexicon, hmm=hmm):
        end = start + len(word)
        edge = path.get(start)
        weight = edge.weight if edge is not None and edge.end == end else None
        tokens.append(ExplainedToken(word, offset + start, offset + end, source, lexicon.frequency(word), weight))
        start = end
    considered = [
        Candidate(
            block[edge.start : edge.end],
            offset + edge.start,
            offset + edge.end,
            edge.frequency,
            edge.weight,
            chosen=path.get(edge.start) is edge,
        )
        for edges in graph
        for edge in edges
    ]
    return tokens, considered


def _edges(block: str, start: int, lexicon: _Lexicon) -> list[_Edge]:
    """The words that begin at a position, short to long; where there is none, its character alone."""
    edges: list[_Edge] = []
    for end in range(start + 1, min(start + lexicon.longest, len(block)) + 1):
        frequency = lexicon.frequency(block[start:end])
        if frequency:
            edges.append(_Edge(start, end, frequency, lexicon.weight(frequency)))
    return edges or [_Edge(start, start + 1, 0, lexicon.weight(0))]


def _best_path(graph: list[list[_Edge]]) -> dict[int, _Edge]:
    """The edges of the path with the largest sum of weights, by their starts; of equals, the longer word."""
    best = [0.0] * (len(graph) + 1)
    choice: list[_Edge] = []
    for edges in reversed(graph):
        edge = max(edges, key=lambda edge: (edge.weight + best[edge.end], edge.end))
        best[edge.start] = edge.weight + best[edge.end]
        choice.append(edge)
    choice.reverse()
    path: dict[int, _Edge] = {}
    start = 0
    while start < len(graph):
        path[start] = choice[start]
        start = choice[start].end
    return path


def _words(block: str, path: dict[int, _Edge], lexicon: _Lexicon, *, hmm: bool) -> Iterator[tuple[str, Source]]:
    """The words of the path, and what is made of the runs of single characters between them."""
    made_of = _joined if hmm else _glued
    for alone, edges in groupby(path.values(), key=lambda edge: edge.end - edge.start == 1):
        words = [block[edge.start : edge.end] for edge in edges]
        if alone:
            yield from made_of("".join(words), lexicon)
        else:
            yield from ((word, lexicon.source(word)) for word in words)


def _glued(run: str, lexicon: _Lexicon) -> Iterator[tuple[str, Source]]:
    """Without the model: Latin letters and digits in a row are one token, even where the dictionary has them."""
    for latin, characters in groupby(run, key=lambda character: _LATIN.match(character) is not None):
        piece = "".join(characters)
        if latin and len(piece) > 1:
            yield piece, "latin"
        else:
            yield from ((character, lexicon.source(character)) for character in piece)


def _joined(run: str, lexicon: _Lexicon) -> Iterator[tuple[str, Source]]:
    """With the model: what it joins, unless the run is itself a word of the dictionary, or the word was deleted."""
    if len(run) == 1 or lexicon.frequency(run):
        yield from ((character, lexicon.source(character)) for character in run)
        return
    for word in split_unknown(run):
        han = _HAN.match(word) is not None
        if len(word) == 1 or (han and word in lexicon.deleted):
            yield from ((character, lexicon.source(character)) for character in word)
        else:
            yield word, "hmm" if han else "latin"
