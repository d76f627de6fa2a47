"""The n-grams of some texts, block by block: those of characters, then those of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.features.characters import Characters, Integers, characters_of, starts_of, without_runs
from textpipe.features.config import FeatureConfig
from textpipe.features.hashing import STEP, Occurrences, Starts, hash_chars, hash_tokens, hash_words

Spans = npt.NDArray[np.int32]
Cut = Callable[[str], Spans]  # a text → int32[tokens, 2], as Tokenizer.spans gives them
CHARS, WORDS = 0, 1
_AT_ONCE = 1 << 20  # characters


class Tokens(NamedTuple):
    """The tokens of texts: spans int32[n, 2] in each text's characters; where each text's begin, int64[texts + 1]."""

    spans: Spans
    bounds: Integers


def cut(texts: Sequence[str], spans: Cut) -> Tokens:
    """The tokens of each text."""
    found = [spans(text) for text in texts]
    bounds = starts_of([len(one) for one in found])
    return Tokens(np.concatenate([np.zeros((0, 2), np.int32), *found]), bounds)


def portions(texts: Sequence[str]) -> Iterator[range]:
    """Texts in portions of about a million characters."""
    first = size = 0
    for place, text in enumerate(texts):
        if size and size + len(text) > _AT_ONCE:
            yield range(first, place)
            first, size = place, 0
        size += len(text) + 1
    if first < len(texts):
        yield range(first, len(texts))


def occurrences(
    texts: Sequence[str], config: FeatureConfig, tokens: Tokens | None, starts: Starts, *, step: int = STEP
) -> Iterator[tuple[int, Occurrences]]:
    """(block, its n-grams of one length), the blocks that `config` names; tokens: None when that is not of words."""
    characters = characters_of(texts, folding=config.fold)
    if config.chars:
        found = hash_chars(without_runs(characters), lengths=config.char_ngrams, start=starts.char, step=step)
        yield from ((CHARS, one) for one in found)
    if tokens is not None:
        hashes, bounds = _words(characters, tokens, start=starts.token, step=step)
        found = hash_words(hashes, bounds, lengths=config.word_ngrams, start=starts.word, step=step)
        yield from ((WORDS, one) for one in found)


def words_among(characters: Characters, tokens: Tokens) -> tuple[npt.NDArray[np.bool_], Integers]:
    """(bool[tokens]: those that are no white space, int64[texts + 1]: where those of each text begin)"""
    _, is_word = hash_tokens(characters, _shifted(characters, tokens), start=0)
    return is_word, _bounds_of_words(is_word, tokens)


def _words(characters: Characters, tokens: Tokens, *, start: int, step: int) -> tuple[npt.NDArray[np.uint64], Integers]:
    """Hashes of the tokens that are not white space, and their bounds."""
    hashes, is_word = hash_tokens(characters, _shifted(characters, tokens), start=start, step=step)
    return hashes[is_word], _bounds_of_words(is_word, tokens)


def _shifted(characters: Characters, tokens: Tokens) -> Integers:
    shift = np.repeat(characters.starts[:-1], np.diff(tokens.bounds))
    found: Integers = tokens.spans + shift[:, None]
    return found


def _bounds_of_words(is_word: npt.NDArray[np.bool_], tokens: Tokens) -> Integers:
    before = np.concatenate([[0], np.cumsum(is_word)])
    found: Integers = before[tokens.bounds]
    return found
