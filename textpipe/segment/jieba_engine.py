"""jieba 0.42.1's algorithms in Python: what serves where the compiled core could not be built, and what it is held
against. One engine a dictionary, from jieba's own dictionary and models, with no state outside it.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from textpipe.segment.jieba_tables import LogWeights, add_prefixes, base_dictionary, base_tags
from textpipe.segment.tag_hmm import tag_unknown
from textpipe.segment.word_hmm import split_unknown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from textpipe.segment.dictionary import Entry
    from textpipe.segment.engine import Mode

_CUT_BLOCK = re.compile(r"([\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+)")
_TAG_BLOCK = re.compile(
    r"([\u4E00-\u9FD5a-zA-Z0-9+#&._]+)"
)  # without % and -: tags differ from cuts there, as in jieba
_SKIP = re.compile(r"(\r\n|\s)")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class JiebaEngine:
    """jieba's algorithms on one prefix table, in Python: every word with its frequency and, at 0, every proper prefix.

    What it keeps is looked up and never changed once it is made, so that any number of threads may share one.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        base = base_dictionary()
        added = tuple(entries)
        self._frequencies = dict(base.frequencies) if added else base.frequencies
        self.total = base.total
        self._user_tags: dict[str, str] = {}
        self._forced_apart: set[str] = set()
        for entry in added:
            self._add(entry)
        self._weights = LogWeights(self.total)

    def _add(self, entry: Entry) -> None:
        word = entry.word
        frequency = self.suggested_frequency(word) if entry.frequency is None else entry.frequency
        self._frequencies[word] = frequency
        self.total += frequency
        if self.total >= 1 << 63:  # where the compiled core ends
            raise OverflowError
        add_prefixes(self._frequencies, [word])
        if entry.tag:
            self._user_tags[word] = entry.tag
        if frequency == 0:
            self._forced_apart.add(word)

    @functools.cached_property
    def _tags(self) -> Mapping[str, str]:
        """Parts of speech, read when the first one is asked for."""
        return base_tags() | self._user_tags

    def frequency(self, word: str) -> int:
        """The word's frequency, 0 when it is unknown or deleted."""
        return self._frequencies.get(word, 0)

    def suggested_frequency(self, segment: str | tuple[str, ...]) -> int:
        """What joins a word, or keeps the words of a tuple apart: jieba's formula, in its order of operations."""
        self._weights = LogWeights(self.total)
        pieces = tuple(self._cut(segment, hmm=False)) if isinstance(segment, str) else segment
        total = float(self.total)
        product = 1.0
        for piece in pieces:
            product *= self._frequencies.get(piece, 1) / total
        if isinstance(segment, str):
            return max(int(product * self.total) + 1, self._frequencies.get(segment, 1))
        return min(int(product * self.total), self._frequencies.get("".join(segment), 0))

    def cut(self, text: str, mode: Mode, hmm: bool) -> list[str]:
        """The tokens, in order."""
        if mode == "exact":
            return self._cut(text, hmm=hmm)
        return [token for token, _ in self._placed(text, mode, hmm)]

    def spans(self, text: str, mode: Mode, hmm: bool) -> NDArray[np.int32]:
        """int32[n, 2]: where each token of `cut` begins and ends."""
        import numpy as np

        return np.frombuffer(self.bounds(text, mode, hmm), dtype=np.int32).reshape(-1, 2)

    def bounds(self, text: str, mode: Mode, hmm: bool) -> bytearray:
        """The same as bytes, without numpy."""
        placed = self._placed(text, mode, hmm)
        bounds = (min(place, len(text)) for token, start in placed for place in (start, start + len(token)))
        return bytearray(array("i", bounds).tobytes())

    def joined(self, text: str, mode: Mode, hmm: bool, lines: bool) -> bytes:
        """The tokens with a space between, white space left out; with `lines`, line feeds stay. UTF-8."""
        return join_tokens(lambda part: self.cut(part, mode, hmm), text, lines=lines)

    def _placed(self, text: str, mode: Mode, hmm: bool) -> Iterator[tuple[str, int]]:
        if mode == "full":
            return self._cut_all(text)
        placed = _placed(self._cut(text, hmm=hmm))
        return self._searchable(placed) if mode == "search" else placed

    def _searchable(self, placed: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
        """jieba's search mode: inside a token of more than n characters, its dictionary words of n = 2, then 3."""
        for word, offset in placed:
            for size in (2, 3):
                if len(word) > size:
                    for start in range(len(word) - size + 1):
                        part = word[start : start + size]
                        if self._frequencies.get(part):
                            yield part, offset + start
            yield word, offset

    def _cut(self, text: str, *, hmm: bool) -> list[str]:
        """The tokens of exact mode; joined they are the text."""
        words: list[str] = []
        cut_block = self._cut_block if hmm else self._cut_block_without_hmm
        for index, part in enumerate(_CUT_BLOCK.split(text)):
            if index % 2:
                cut_block(part, words)
            elif part:
                words.extend(_outside_blocks(part))
        return words

    def _cut_all(self, text: str) -> Iterator[tuple[str, int]]:
        """(word, offset) of every dictionary word in the text: full mode, with jieba's empty strings."""
        offset = 0
        for index, part in enumerate(_CUT_BLOCK.split(text)):
            if index % 2:
                yield from ((word, offset + start) for word, start in self._all_words(part))
            elif part:
                start = offset
                for piece in _SKIP.split(part):
                    yield piece, start
                    start += len(piece)
            offset += len(part)

    def tag(self, text: str, hmm: bool) -> list[tuple[str, str]]:
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


def _placed(words: list[str]) -> Iterator[tuple[str, int]]:
    offset = 0
    for word in words:
        yield word, offset
        offset += len(word)


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


def join_tokens(cut: Callable[[str], list[str]], text: str, *, lines: bool) -> bytes:
    """What `joined` of an engine gives, by a function that cuts."""
    parts = text.split("\n") if lines else [text]
    kept = ([token for token in cut(part) if token and not token.isspace()] for part in parts)
    return "\n".join(map(" ".join, kept)).encode(errors="backslashreplace")
