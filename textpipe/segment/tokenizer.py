"""Text to tokens: the public Tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Mode = Literal["exact", "search", "full"]
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True)
class Tokenizer:
    """How text is cut: an immutable value, safe to share between threads, equal when its settings are.

    mode: `exact` cuts every character into one token; `search` adds the dictionary words of 2 and 3 characters
    inside longer tokens, before them; `full` gives every dictionary word there is, overlapping.
    hmm: join characters that the dictionary leaves alone to unknown words by jieba's model (not in `full`).
    dictionary: None is jieba's own.

    >>> Tokenizer().tokenize("我来到北京清华大学")
    ['我', '来到', '北京', '清华大学']
    """

    mode: Mode = "exact"
    hmm: bool = True
    dictionary: Dictionary | None = field(default=None)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UsageError(f"unknown mode {self.mode!r}", hint=f"one of: {', '.join(MODES)}")
        if self.dictionary is None:
            object.__setattr__(self, "dictionary", Dictionary())

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text. In exact mode `"".join(tokens) == text`, white space included."""
        engine = self._dictionary.engine
        if self.mode == "full":
            return [word for word, _ in engine.cut_all(text)]
        words = engine.cut(text, hmm=self.hmm)
        if self.mode == "exact":
            return words
        return [token for token, _ in self._searchable(words)]

    def spans(self, text: str) -> NDArray[np.int32]:
        """int32[n, 2]: start and end of each token of `tokenize`, in code points of the text as given."""
        import numpy as np

        engine = self._dictionary.engine
        if self.mode == "full":
            placed = engine.cut_all(text)
        else:
            words = engine.cut(text, hmm=self.hmm)
            placed = list(self._searchable(words) if self.mode == "search" else _placed(words))
        spans = np.empty((len(placed), 2), dtype=np.int32)
        for row, (token, start) in enumerate(placed):
            spans[row] = start, start + len(token)
        return spans

    def tag(self, text: str) -> list[tuple[str, str]]:
        """(token, part of speech) pairs, as jieba.posseg gives them; only exact mode has them.

        The tokens are posseg's, which now and then differ from those of `tokenize` (`23.4%` is one there, two here).
        """
        if self.mode != "exact":
            raise UsageError(f"no parts of speech in mode {self.mode!r}", hint="use the mode 'exact'")
        return self._dictionary.engine.tag(text, hmm=self.hmm)

    @property
    def _dictionary(self) -> Dictionary:
        assert self.dictionary is not None  # __post_init__ saw to it
        return self.dictionary

    def _searchable(self, words: list[str]) -> Iterator[tuple[str, int]]:
        """jieba's search mode: inside a token of more than n characters, its dictionary words of n = 2, then 3."""
        frequency = self._dictionary.engine.frequency
        for word, offset in _placed(words):
            for size in (2, 3):
                if len(word) > size:
                    for start in range(len(word) - size + 1):
                        part = word[start : start + size]
                        if frequency(part):
                            yield part, offset + start
            yield word, offset


def _placed(words: list[str]) -> Iterator[tuple[str, int]]:
    offset = 0
    for word in words:
        yield word, offset
        offset += len(word)
