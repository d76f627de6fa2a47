"""Text to tokens: the public Tokenizer."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from textpipe.errors import UsageError
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.engine import Engine
from textpipe.segment.engine import Mode as Mode
from textpipe.segment.value import immutable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from textpipe.segment.prepare import Preparation

MODES: tuple[Mode, ...] = get_args(Mode)


@immutable("mode", "hmm", "dictionary", "protect", "traditional")
class Tokenizer:
    """How text is cut: an immutable value, safe to share between threads, equal when its settings are.

    mode: `exact` cuts every character into one token; `search` adds the dictionary words of 2 and 3 characters
    inside longer tokens, before them; `full` gives every dictionary word there is, overlapping.
    hmm: join characters that the dictionary leaves alone to unknown words by jieba's model (not in `full`).
    dictionary: None is jieba's own.
    protect: terms that come out whole, with spaces and punctuation; the text between them is cut as usual.
    traditional: read traditional characters as simplified ones (with OpenCC); tokens stay those of the text.

    >>> Tokenizer().tokenize("我来到北京清华大学")
    ['我', '来到', '北京', '清华大学']
    """

    mode: Mode
    hmm: bool
    dictionary: Dictionary
    protect: tuple[str, ...]
    traditional: bool

    def __init__(
        self,
        mode: Mode = "exact",
        hmm: bool = True,
        dictionary: Dictionary | None = None,
        *,
        protect: Iterable[str] = (),
        traditional: bool = False,
    ) -> None:
        if mode not in MODES:
            raise UsageError(f"unknown mode {mode!r}", hint=f"one of: {', '.join(MODES)}")
        if not isinstance(dictionary, Dictionary | None):
            raise UsageError("a Dictionary is needed for the dictionary", hint="Dictionary().with_file(PATH)")
        if protect:
            from textpipe.segment.protect import checked_terms

            protect = checked_terms(protect)
        if traditional:
            from textpipe.segment.traditional import require_opencc

            require_opencc()
        dictionary = Dictionary() if dictionary is None else dictionary
        self.__dict__.update(
            mode=mode, hmm=bool(hmm), dictionary=dictionary, protect=tuple(protect), traditional=bool(traditional)
        )

    @property
    def is_plain(self) -> bool:
        """Whether the engine sees a text as it is: no terms are protected, no characters read as others."""
        return not (self.protect or self.traditional)

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text. In exact mode `"".join(tokens) == text`, white space included."""
        if self._preparation is None:
            return self._engine.cut(text, self.mode, self.hmm)
        return [token for token, _ in self._preparation.placed(text)]

    def joined(self, text: str, *, lines: bool = False) -> bytes:
        """The tokens with a space between, white space left out, as UTF-8; with `lines`, line feeds stay.

        For files: no token becomes an object, and other threads run meanwhile. Lone surrogates become `\\ud800`.
        """
        if self._preparation is None:
            return self._engine.joined(text, self.mode, self.hmm, lines)
        from textpipe.segment.jieba_engine import join_tokens

        return join_tokens(self.tokenize, text, lines=lines)

    def placed(self, text: str) -> list[tuple[str, int]]:
        """(token, offset) pairs: the tokens of `tokenize` and where each begins, in code points."""
        if self._preparation is not None:
            return self._preparation.placed(text)
        bounds = memoryview(self._engine.bounds(text, self.mode, self.hmm)).cast("i").tolist()
        return list(zip(self._engine.cut(text, self.mode, self.hmm), bounds[::2], strict=True))

    def spans(self, text: str) -> NDArray[np.int32]:
        """int32[n, 2]: start and end of each token of `tokenize`, in code points of the text as given.

        Full mode glues Latin letters across dictionary words that lie between them, as jieba does; such a token has
        the place of its first letter and its own length.
        """
        if self._preparation is None:
            return self._engine.spans(text, self.mode, self.hmm)
        import numpy as np

        placed = self._preparation.placed(text)
        rows = [(start, start + len(token)) for token, start in placed]
        return np.array(rows, dtype=np.int32).reshape(-1, 2)

    def tag(self, text: str) -> list[tuple[str, str]]:
        """(token, part of speech) pairs, as jieba.posseg gives them; only exact mode has them.

        The tokens are posseg's, which now and then differ from those of `tokenize` (`23.4%` is one there, two here).
        """
        if self.mode != "exact":
            raise UsageError(f"no parts of speech in mode {self.mode!r}", hint="use the mode 'exact'")
        if self._preparation is not None:
            return self._preparation.tag(text)
        return self._engine.tag(text, self.hmm)

    def known_tags(self) -> frozenset[str]:
        """Every part of speech that `tag` may give."""
        from textpipe.segment.jieba_tables import tag_names

        return tag_names() | {entry.tag for entry in self.dictionary.entries if entry.tag}

    @functools.cached_property
    def _engine(self) -> Engine:
        return self.dictionary.engine

    @functools.cached_property
    def _preparation(self) -> Preparation | None:
        """What stands before the engine when terms are protected or characters are read as others."""
        if self.is_plain:
            return None
        from textpipe.segment.prepare import Preparation

        plain = Tokenizer(self.mode, self.hmm, self.dictionary)
        return Preparation(plain, protect=self.protect, traditional=self.traditional)
