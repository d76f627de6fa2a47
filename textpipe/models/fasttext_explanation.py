"""What each token of a text adds to a decision of fastText's classifier, which is a mean and so a sum of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.features.blocks import CHARS, Cut, Tokens, cut, occurrences
from textpipe.features.characters import Characters, Integers, characters_of, is_space, kept_places, starts_of
from textpipe.features.hashing import starts
from textpipe.features.table import look_up
from textpipe.models.explanation import Parts

if TYPE_CHECKING:
    from textpipe.features.config import FeatureConfig
    from textpipe.models.fasttext import Fitted

Doubles = npt.NDArray[np.float64]
_TEXTS_AT_ONCE = 1 << 10


class _Found(NamedTuple):
    """Occurrences of known n-grams: ngrams int64[n] which, weights float64[n], texts int64[n], and the characters that
    each covers, from firsts to ends: int64[n], places among those of all texts"""

    ngrams: Integers
    weights: Doubles
    texts: Integers
    firsts: Integers
    ends: Integers


def explained(fitted: Fitted, texts: Sequence[str], labels: Sequence[int], spans: Cut) -> list[Parts]:
    """See FastText.explain; labels: a place among its labels for each text."""
    found: list[Parts] = []
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        some = slice(first, first + _TEXTS_AT_ONCE)
        found += _explained(fitted, texts[some], np.array(labels[some], np.int64), spans)
    return found


def _explained(fitted: Fitted, texts: Sequence[str], labels: Integers, spans: Cut) -> list[Parts]:
    bounds = starts_of([len(text) for text in texts])
    tokens = cut(texts, spans)
    found = _known_ngrams(fitted, texts, tokens)
    totals = np.bincount(found.texts, found.weights, minlength=len(texts))
    shares = found.weights / totals[found.texts] * fitted.scores_of(found.ngrams, labels[found.texts])
    values = _spread(shares, found, int(bounds[-1]))
    parts = []
    for place, label in enumerate(labels.tolist()):
        own = tokens.spans[tokens.bounds[place] : tokens.bounds[place + 1]]
        borders = _borders(own, len(texts[place]))
        sums = np.add.reduceat(values[bounds[place] : bounds[place + 1]], borders[:-1])
        base = float(fitted.bias[label])
        pieces = np.stack([borders[:-1], borders[1:]], axis=1).astype(np.int32)
        parts.append(Parts(pieces, sums, base, base + float(sums.sum())))
    return parts


def _spread(values: Doubles, found: _Found, characters: int) -> Doubles:
    """float64[characters]: each value in equal parts on the characters from its first to its end."""
    lengths = found.ends - found.firsts
    begins = starts_of(lengths)
    places = np.repeat(found.firsts - begins[:-1], lengths) + np.arange(begins[-1])
    spread: Doubles = np.zeros(characters)
    np.add.at(spread, places, np.repeat(values / lengths, lengths))
    return spread


def _borders(spans: npt.NDArray[np.int32], length: int) -> Integers:
    """Where tokens, and what lies between them, begin and end; overlapping tokens are one."""
    covered = np.zeros(length + 1, np.int64)  # how many tokens go over each border
    for first, last in spans.tolist():
        covered[first + 1 : last] += 1
    ends = np.unique(np.concatenate([[0, length], spans.ravel()]))
    return np.asarray(ends[covered[ends] == 0], np.int64)


def _known_ngrams(fitted: Fitted, texts: Sequence[str], tokens: Tokens) -> _Found:
    vectorizer, config = fitted.vectorizer, fitted.vectorizer.config
    of_chars, of_words = _places(texts, tokens, config)
    parts = []
    for block, one in occurrences(texts, config, tokens if config.words else None, starts(vectorizer.seed)):
        rows, weights = look_up(vectorizer.table, one.hashes)
        known = (rows >= 0) & (rows < vectorizer.features)
        rows, weights, text, place = rows[known], weights[known], one.texts[known], one.places[known]
        items = of_chars if block == CHARS else of_words
        first = items.bounds[text] + place
        last = first + one.length - 1
        parts.append((rows, weights.astype(np.float64), text, items.firsts[first], items.ends[last]))
    if not parts:
        none = np.zeros(0, np.int64)
        return _Found(none, none.astype(np.float64), none, none, none)
    found = _Found(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return found._replace(weights=_damped(found, vectorizer.features)) if config.sublinear else found


def _damped(found: _Found, features: int) -> Doubles:
    """Weights of the occurrences, such that all n of a text together weigh 1 + ln n."""
    _, kind, counts = np.unique(found.texts * features + found.ngrams, return_inverse=True, return_counts=True)
    often = counts[kind]
    weights: Doubles = found.weights * (1 + np.log(often)) / often
    return weights


class _Items(NamedTuple):
    """Characters or words of texts, as n-grams count them: bounds int64[texts + 1]; firsts, ends int64[items]: the
    characters of each, places among those of all texts"""

    bounds: Integers
    firsts: Integers
    ends: Integers


def _places(texts: Sequence[str], tokens: Tokens, config: FeatureConfig) -> tuple[_Items, _Items]:
    """The characters, of which a run of white space is one, and the words."""
    characters = characters_of(texts, folding=config.fold)
    kept = kept_places(characters)
    ends = np.append(kept[1:], len(characters.codes))
    chars = _Items(np.searchsorted(kept, characters.starts), kept, ends)
    shift = np.repeat(characters.starts[:-1], np.diff(tokens.bounds))
    spans = tokens.spans + shift[:, None]
    words = _has_more_than_space(characters, spans)
    before = np.concatenate([[0], np.cumsum(words)])
    return chars, _Items(before[tokens.bounds], spans[words, 0], spans[words, 1])


def _has_more_than_space(characters: Characters, spans: Integers) -> npt.NDArray[np.bool_]:
    counts = np.concatenate([[0], np.cumsum(~is_space(characters.codes))])
    return np.asarray(counts[spans[:, 1]] > counts[spans[:, 0]])
