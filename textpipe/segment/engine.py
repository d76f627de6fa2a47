"""The boundary behind which segmentation happens: what a Tokenizer asks of an engine, and the engine of today.

`JiebaEngine` gives jieba 0.42.1's results from jieba's own dictionary and models, one engine a dictionary, with no
state outside it. What it keeps is looked up and never changed, so that any number of threads may share one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from textpipe.segment.jieba_tables import LogWeights
from textpipe.segment.tag_hmm import tag_unknown
from textpipe.segment.word_hmm import split_unknown

_CUT_BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+)")
_TAG_BLOCK = re.compile(
    r"([\u4E00-\u9FD5a-zA-Z0-9+#&._]+)"
)  # without % and -: tags differ from cuts there, as in jieba
_SKIP = re.compile(r"(\r\n|\s)")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class Engine(Protocol):
    """Segmentation over one dictionary."""

    def cut(self, text: str, *, hmm: bool) -> list[str]: ...
    def cut_all(self, text: str) -> list[tuple[str, int]]: ...
    def tag(self, text: str, *, hmm: bool) -> list[tuple[str, str]]: ...
    def frequency(self, word: str) -> int: ...


class JiebaEngine:
    """jieba's algorithms on one prefix table: `frequencies` with every word and (at 0) every proper prefix."""

    def __init__(
        self,
        frequencies: Mapping[str, int],
        *,
        total: int,
        tags: Callable[[], Mapping[str, str]] = dict,
        forced_apart: frozenset[str] = frozenset(),
    ) -> None:
        self._frequencies = frequencies
        self._weights = LogWeights(total)
        self._load_tags = tags
        self._forced_apart = forced_apart

    @functools.cached_property
    def _tags(self) -> Mapping[str, str]:
        """Parts of speech, read when the first one is asked for."""
        return self._load_tags()

    def frequency(self, word: str) -> int:
        """The word's frequency, 0 when it is unknown or deleted."""
        return self._frequencies.get(word, 0)

    def cut(self, text: str, *, hmm: bool) -> list[str]:
        """The tokens of exact mode; joined they are the text."""
        words: list[str] = []
        cut_block = self._cut_block if hmm else self._cut_block_without_hmm
        for index, part in enumerate(_CUT_BLOCK.split(text)):
            if index % 2:
                cut_block(part, words)
            elif part:
                words.extend(_outside_blocks(part))
        return words

    def cut_all(self, text: str) -> list[tuple[str, int]]:
        """(word, offset) of every dictionary word in the text: full mode, with jieba's empty strings."""
        found: list[tuple[str, int]] = []
        offset = 0
        for index, part in enumerate(_CUT_BLOCK.split(text)):
            if index % 2:
                found.extend((word, offset + start) for word, start in self._all_words(part))
            elif part:
                start = offset
                for piece in _SKIP.split(part):
                    found.append((piece, start))
                    start += len(piece)
            offset += len(part)
        return found

    def tag(self, text: str, *, hmm: bool) -> list[tuple[str, str]]:
        """(token, part of speech), cut as jieba.posseg cuts, which is not always as `cut` does."""
        pairs: list[tuple[str, str]] = []
        tag_block = self._tag_block if hmm else self._tag_block_without_hmm
        for index, part in enumerate(_TAG_BLOCK.split(text)):
            if index % 2:
                tag_block(part, pairs)
            elif part:
                pairs.extend(_tag_outside_blocks(part))
        return pairs

    # ------------------------------------------------------------------------------------------------ exact mode

    def _route(self, block: str) -> list[int]:
        """For each position the end of the word that begins there on the most probable path to the block's end.

        Right to left, without storing the graph. A tie takes the longer word, as `max` over `(weight, end)` does.
        """
        get, weights = self._frequencies.get, self._weights
        length = len(block)
        unknown = weights[1]
        best = [0.0] * (length + 1)
        ends = list(range(1, length + 1))
        for start in range(length - 1, -1, -1):
            end = start + 1
            frequency = get(block[start])
            value = (weights[frequency] if frequency else unknown) + best[end]
            alone = not frequency
            while frequency is not None and end < length:
                end += 1
                frequency = get(block[start:end])
                if frequency:
                    candidate = weights[frequency] + best[end]
                    if alone or candidate >= value:
                        value, ends[start], alone = candidate, end, False
            best[start] = value
        return ends

    def _follow(self, block: str, word: Callable[[str], object], run: Callable[[str], object]) -> None:
        """Hand on the words of the best path, and the runs of single characters between them, in order."""
        ends = self._route(block)
        start = single = 0
        while start < len(block):
            end = ends[start]
            if end - start > 1:
                if single < start:
                    run(block[single:start])
                word(block[start:end])
                single = end
            start = end
        if single < start:
            run(block[single:start])

    def _cut_block(self, block: str, words: list[str]) -> None:
        self._follow(block, words.append, lambda run: self._resolve(run, words))

    def _resolve(self, run: str, words: list[str]) -> None:
        """A run of single characters: what the model joins, unless the run is itself a word of the dictionary."""
        if len(run) == 1:
            words.append(run)
        elif self._frequencies.get(run):
            words.extend(run)
        elif not self._forced_apart:
            words.extend(split_unknown(run))
        else:
            for word in split_unknown(run):
                if word in self._forced_apart and _is_han(word):
                    words.extend(word)
                else:
                    words.append(word)

    def _cut_block_without_hmm(self, block: str, words: list[str]) -> None:
        words.extend(word for word, _ in self._glued(block))

    def _glued(self, block: str) -> Iterator[tuple[str, bool]]:
        """(word, whether it is a run of single Latin characters that the dictionary does not know)."""
        ends = self._route(block)
        start = latin = 0
        while start < len(block):
            end = ends[start]
            if end - start > 1 or block[start] not in _LATIN:
                if latin < start:
                    yield block[latin:start], True
                yield block[start:end], False
                latin = end
            start = end
        if latin < start:
            yield block[latin:start], True

    # ------------------------------------------------------------------------------------------------- full mode

    def _all_words(self, block: str) -> Iterator[tuple[str, int]]:
        """Port of jieba's `__cut_all`: every edge of the graph; runs of Latin characters are glued."""
        get = self._frequencies.get
        covered = -1
        latin_from: int | None = None
        latin: list[str] = []
        for start in range(len(block)):
            if latin_from is not None and block[start] not in _LATIN:
                yield "".join(latin), latin_from
                latin_from = None
            edges: list[int] = []
            end, frequency = start + 1, get(block[start])
            while frequency is not None:
                if frequency:
                    edges.append(end)
                end += 1
                frequency = get(block[start:end]) if end <= len(block) else None
            edges = edges or [start + 1]
            if len(edges) == 1 and start > covered:
                word = block[start : edges[0]]
                if word[0] in _LATIN:
                    if latin_from is None:
                        latin_from, latin = start, []
                    latin.append(word)
                if latin_from is None:
                    yield word, start
                covered = edges[0] - 1
            else:
                for end in edges:
                    if end > start + 1:
                        yield block[start:end], start
                        covered = end - 1
        if latin_from is not None:
            yield "".join(latin), latin_from

    # ------------------------------------------------------------------------------------------------------ tags

    def _tag_block(self, block: str, pairs: list[tuple[str, str]]) -> None:
        tag = self._tags.get
        self._follow(
            block,
            lambda word: pairs.append((word, tag(word, "x"))),
            lambda run: self._resolve_tagged(run, pairs),
        )

    def _resolve_tagged(self, run: str, pairs: list[tuple[str, str]]) -> None:
        if len(run) == 1 or self._frequencies.get(run):
            pairs.extend((character, self._tags.get(character, "x")) for character in run)
        else:
            pairs.extend(tag_unknown(run))

    def _tag_block_without_hmm(self, block: str, pairs: list[tuple[str, str]]) -> None:
        for word, glued in self._glued(block):
            pairs.append((word, "eng" if glued else self._tags.get(word, "x")))


def can_match(word: str) -> bool:
    """Whether the engine could ever find the word in a text: jieba cuts at every character outside its blocks."""
    return _CUT_BLOCK.fullmatch(word) is not None


def _is_han(word: str) -> bool:
    return "\u4e00" <= word[0] <= "\u9fd5"


def _outside_blocks(part: str) -> Iterator[str]:
    """One character a token; only CR LF stays together."""
    for piece in _SKIP.split(part):
        if piece == "\r\n":
            yield piece
        else:
            yield from piece


def _tag_outside_blocks(part: str) -> Iterator[tuple[str, str]]:
    # letters, digits and dots are always inside blocks, so that jieba's tests for them find nothing here
    for word in _outside_blocks(part):
        yield word, "x"
