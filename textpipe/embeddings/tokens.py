"""A file of tokens as engines read it: a line a document, one space between tokens, with its vocabulary."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from textpipe.errors import InputError, ResourceError
from textpipe.files import naming_errors, require_regular
from textpipe.vocabulary import Vocabulary, count_tokens

LONGEST = 1024  # bytes of a word
_SEPARATORS = re.compile(rb"[ \t\n\v\f\r]+")
_NOT_TEXT = "a token that is no UTF-8"
_NOT_TEXT_HINT = "iconv -f GB18030 -t UTF-8, or textpipe tokenize, makes such a file"
_EVERY = (1 << 63) - 1

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors


@dataclass(frozen=True)
class TokenFile:
    """`tokens.txt` of a tokens artifact (or gensim's LineSentence format) and the words that get vectors.

    vocabulary: most frequent first, so that ids are ranks; rarer words are passed over as if they were not there
    tokens: how many tokens the file has, those that are passed over too
    too_long: how many of them are longer than 1,024 bytes, and so no words
    """

    path: Path
    vocabulary: Vocabulary
    tokens: int
    too_long: int = 0

    @property
    def known(self) -> int:
        """How many tokens have a word of the vocabulary."""
        return sum(self.vocabulary.counts)


def grown(tokens: TokenFile, vectors: Vectors, *, min_count: int, max_size: int | None = None) -> TokenFile:
    """The same file, all of whose words were counted, for going on with `vectors`.

    All words of `vectors` are kept, with the counts they have there (one each without) and those of the file; others
    that occur `min_count` times are added, the most frequent first, as long as there are no more than `max_size`.
    """
    before = [1] * len(vectors.words) if vectors.counts is None else vectors.counts.tolist()
    counts = dict(zip(vectors.words, before, strict=True))
    for word, count in zip(tokens.vocabulary.tokens, tokens.vocabulary.counts, strict=True):
        if word in counts:
            counts[word] += count
        elif count >= min_count and (max_size is None or len(counts) < max_size):
            counts[word] = count
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    vocabulary = Vocabulary(tuple(word for word, _ in order), tuple(count for _, count in order))
    return replace(tokens, vocabulary=vocabulary)


def token_file(path: Path, *, min_count: int, max_size: int | None = None, where: str | None = None) -> TokenFile:
    """Count the tokens of a file: those that occur `min_count` times, the `max_size` most frequent of them at most.

    Tokens stand between ASCII white space. Messages name the file as `where`.
    Raises InputError for an empty file, for one whose words are too rare, and for a token that is no UTF-8, with its
    line; ResourceError when the different words do not fit in memory.
    """
    where = str(path) if where is None else where
    require_regular(str(path), what="file of tokens")
    count = _count if is_compiled() else _count_in_python
    with naming_errors(where), open(path, "rb") as stream:
        found = count(stream, path, min_count, _EVERY if max_size is None else max_size, where)
    size = len(found.vocabulary)
    if found.tokens == 0:
        raise InputError("no tokens at all", where=where, hint="textpipe tokenize FILE -o tokens.txt")
    if size == 0:
        raise InputError(f"no token occurs {min_count} times", where=where, hint="lower --min-count")
    if size == 1:
        message = f"one word alone ({found.vocabulary.tokens[0]!r}) cannot be learned: it has no others around it"
        raise InputError(message, where=where, hint="lower --min-count, or give more text")
    return found


def is_compiled() -> bool:
    """Whether the extension was built: without it Python counts, and the native engine is not there."""
    return importlib.util.find_spec("textpipe.embeddings._word2vec") is not None


def _count(stream: IO[bytes], path: Path, min_count: int, max_size: int, where: str) -> TokenFile:
    from textpipe.embeddings import _word2vec

    try:
        tokens, counts, total, too_long, _ = _word2vec.count(stream.fileno(), min_count, max_size)
    except _word2vec.NotText as error:
        raise InputError(_NOT_TEXT, where=where, line=error.args[0], hint=_NOT_TEXT_HINT) from None
    except MemoryError:
        message = "the different words do not fit in memory"
        raise ResourceError(message, where=where, hint="train on a part of the file") from None
    return TokenFile(path, Vocabulary(tokens, counts), total, too_long)


def _count_in_python(stream: IO[bytes], path: Path, min_count: int, max_size: int, where: str) -> TokenFile:
    tokens = too_long = 0

    def lines() -> Iterator[list[str]]:
        nonlocal tokens, too_long
        for number, line in enumerate(stream, start=1):
            found = [token for token in _SEPARATORS.split(line) if token]
            words = [_text(token, where, number) for token in found]
            fitting = [word for word, token in zip(words, found, strict=True) if len(token) <= LONGEST]
            tokens += len(found)
            too_long += len(found) - len(fitting)
            yield fitting

    rest = filter(None, lines())
    first = next(rest, None)
    if first is None:
        return TokenFile(path, Vocabulary((), ()), tokens, too_long)
    whole = count_tokens(chain([first], rest))
    kept = [(word, count) for word, count in zip(whole.tokens, whole.counts, strict=True) if count >= min_count]
    words = tuple(word for word, _ in kept[:max_size])
    return TokenFile(path, Vocabulary(words, whole.counts[: len(words)]), tokens, too_long)


def _text(token: bytes, where: str, line: int) -> str:
    try:
        return token.decode()
    except UnicodeDecodeError:
        raise InputError(_NOT_TEXT, where=where, line=line, hint=_NOT_TEXT_HINT) from None
