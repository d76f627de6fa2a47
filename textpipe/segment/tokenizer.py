"""Text to tokens: the public Tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.engine import Engine

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
        if not isinstance(self.dictionary, Dictionary | None):
            raise UsageError("a Dictionary is needed for the dictionary", hint="Dictionary().with_file(PATH)")
        if self.dictionary is None:
            object.__setattr__(self, "dictionary", Dictionary())

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text. In exact mode `"".join(tokens) == text`, white space included."""
        if self.mode == "exact":
            return self._engine.cut(text, hmm=self.hmm)
        return [token for token, _ in self.placed(text)]

    def placed(self, text: str) -> list[tuple[str, int]]:
        """(token, offset) pairs: the tokens of `tokenize` and where each begins, in code points."""
        if self.mode == "full":
            return self._engine.cut_all(text)
        words = self._engine.cut(text, hmm=self.hmm)
        return list(self._searchable(words) if self.mode == "search" else _placed(words))

    def spans(self, text: str) -> NDArray[np.int32]:
        """int32[n, 2]: start and end of each token of `tokenize`, in code points of the text as given."""
        import numpy as np

        placed = self.placed(text)
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
        return self._engine.tag(text, hmm=self.hmm)

    def known_tags(self) -> frozenset[str]:
        """Every part of speech that `tag` may give."""
        from textpipe.segment.jieba_tables import tag_names

        return tag_names() | {entry.tag for entry in self._words.entries if entry.tag}

    @property
    def _words(self) -> Dictionary:
        assert self.dictionary is not None  # __post_init__ saw to it
        return self.dictionary

    @property
    def _engine(self) -> Engine:
        return self._words.engine

    def _searchable(self, words: list[str]) -> Iterator[tuple[str, int]]:
        """jieba's search mode: inside a token of more than n characters, its dictionary words of n = 2, then 3."""
        frequency = self._engine.frequency
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
