"""Which n-grams become features: those in enough documents, most frequent first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from textpipe.features.blocks import CHARS, WORDS, Cut, cut, occurrences, portions
from textpipe.features.characters import Integers, lowered, normalized
from textpipe.features.config import FeatureConfig
from textpipe.features.hashing import SECOND_STEP, Hashes, Occurrences, starts
from textpipe.text import fold, one_word

Progress = Callable[[float], None]
_PENDING = 1 << 22  # n-grams that are put together at a time


class Counted(NamedTuple):
    """n-grams by ascending hash. seconds: another hash of each; documents: in how many it is; text, place, length:
    where it was first met, and of how many characters or words it is."""

    hashes: Hashes
    seconds: Hashes
    documents: Integers
    texts: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int8]

    def taken(self, chosen: npt.NDArray[np.bool_] | Integers) -> Counted:
        """Those n-grams alone."""
        return Counted(*(cast("Any", array)[chosen] for array in self))


class Features(NamedTuple):
    """What is kept. hashes uint64[n]; documents int64[n]: in how many each is; chars: how many are of characters, the
    others, which follow, are of words; names: the n-grams themselves, words with a space between; seed: of hashes"""

    hashes: Hashes
    documents: Integers
    chars: int
    names: list[str]
    seed: int


def choose_features(texts: Sequence[str], config: FeatureConfig, spans: Cut, progress: Progress) -> Features:
    """The n-grams that are features. Two of one hash would be one: then all begins anew with other hashes."""
    for seed in range(1000):
        counted = _count(texts, config, spans, seed, progress)
        blocks = (
            None if counted is None else (_kept(counted[CHARS], config, CHARS), _kept(counted[WORDS], config, WORDS))
        )
        if blocks is not None and _differ(np.concatenate([block.hashes for block in blocks])):
            chars, words = blocks
            names = list(chain(_char_names(texts, chars, config), _word_names(texts, words, config, spans)))
            progress(1.0)
            documents = np.concatenate([chars.documents, words.documents])
            return Features(np.concatenate([chars.hashes, words.hashes]), documents, len(chars.hashes), names, seed)
    raise AssertionError("no hash tells these n-grams apart")  # each time it is less likely than 1 to 10,000


def _count(
    texts: Sequence[str], config: FeatureConfig, spans: Cut, seed: int, progress: Progress
) -> tuple[Counted, Counted] | None:
    """All n-grams of both blocks; None when two have the same hash."""
    whole: tuple[list[Counted], list[Counted]] = ([_nothing()], [_nothing()])
    for portion in portions(texts):
        some = texts[portion.start : portion.stop]
        tokens = cut(some, spans) if config.words else None
        first = occurrences(some, config, tokens, starts(seed))
        second = occurrences(some, config, tokens, starts(seed), step=SECOND_STEP)
        for (block, one), (_, other) in zip(first, second, strict=True):
            counted = _counted(one, other.hashes, portion.start)
            if counted is None or not _add(whole[block], counted):
                return None
        progress(0.8 * portion.stop / len(texts))
    chars, words = (_together(parts) for parts in whole)
    return None if chars is None or words is None else (chars, words)


def _nothing() -> Counted:
    none = np.zeros(0, np.int64)
    return Counted(
        none.astype(np.uint64), none.astype(np.uint64), none, *(none.astype(np.int32),) * 2, none.astype(np.int8)
    )


def _counted(one: Occurrences, seconds: Hashes, first_text: int) -> Counted | None:
    """The different n-grams of one length; None when two have the same hash."""
    order = np.argsort(one.hashes, kind="stable")  # so texts ascend within an n-gram
    hashes, seconds, texts = one.hashes[order], seconds[order], one.texts[order]
    begins = _begins(hashes)
    if (~begins[1:] & (seconds[1:] != seconds[:-1])).any():
        return None
    at = np.flatnonzero(begins)
    new = begins | _begins(texts)
    documents = np.add.reduceat(new, at, dtype=np.int64) if len(at) else np.zeros(0, np.int64)
    places, lengths = one.places[order[at]].astype(np.int32), np.full(len(at), one.length, np.int8)
    return Counted(hashes[at], seconds[at], documents, (texts[at] + first_text).astype(np.int32), places, lengths)


def _begins(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Whether each is another than the one before it."""
    begins = np.ones(len(values), bool)
    begins[1:] = values[1:] != values[:-1]
    return begins


def _add(parts: list[Counted], part: Counted) -> bool:
    """Put it with the others; these become one now and then. False when two n-grams have the same hash."""
    parts.append(part)
    if sum(len(one.hashes) for one in parts[1:]) > max(_PENDING, len(parts[0].hashes)):
        together = _together(parts)
        if together is None:
            return False
        parts[:] = [together]
    return True


def _together(parts: list[Counted]) -> Counted | None:
    """One of all, its documents added up; None when two n-grams have the same hash."""
    joined = Counted(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    order = np.argsort(joined.hashes, kind="stable")  # the first place comes first
    joined = joined.taken(order)
    begins = _begins(joined.hashes)
    if (~begins[1:] & (joined.seconds[1:] != joined.seconds[:-1])).any():
        return None
    at = np.flatnonzero(begins)
    documents = np.add.reduceat(joined.documents, at) if len(at) else joined.documents
    return joined.taken(at)._replace(documents=documents)


def _kept(counted: Counted, config: FeatureConfig, block: int) -> Counted:
    """The n-grams in enough documents, most frequent first, of equally frequent ones by hash."""
    least = config.char_min_count if block == CHARS else config.word_min_count
    kept = counted.taken(counted.documents >= least)
    kept = kept.taken(np.argsort(-kept.documents, kind="stable"))
    return kept.taken(np.arange(len(kept.hashes))[: config.max_features or None])


def _differ(hashes: Hashes) -> bool:
    """Whether no hash stands for two n-grams: one of characters and one of words, say."""
    return bool(_begins(np.sort(hashes)).all())


# ---------------------------------------------------------------------------------------- the n-grams themselves


def _char_names(texts: Sequence[str], kept: Counted, config: FeatureConfig) -> list[str]:
    names = [""] * len(kept.hashes)
    for text, entries in _by_text(kept):
        normal = normalized(texts[text], folding=config.fold)
        for entry, place, length in entries:
            names[entry] = normal[place : place + length]
    return names


def _word_names(texts: Sequence[str], kept: Counted, config: FeatureConfig, spans: Cut) -> list[str]:
    names = [""] * len(kept.hashes)
    for text, entries in _by_text(kept):
        words = words_of(texts[text], spans, folding=config.fold)
        for entry, place, length in entries:
            names[entry] = " ".join(one_word(word) for word in words[place : place + length])
    return names


def words_of(text: str, spans: Cut, *, folding: bool) -> list[str]:
    """The tokens of a text that are not white space, in lower case."""
    lower = lowered(fold(text) if folding else text)
    found = [lower[first:last] for first, last in spans(text).tolist()]
    return [word for word in found if word and not word.isspace()]


def _by_text(kept: Counted) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """(text, [(n-gram, its place, its length)]) of the texts in which n-grams were first met."""
    order = np.argsort(kept.texts, kind="stable")
    begins = np.flatnonzero(_begins(kept.texts[order])).tolist()
    rows = list(zip(order.tolist(), kept.places[order].tolist(), kept.lengths[order].tolist(), strict=True))
    for first, last in pairwise([*begins, len(rows)]):
        yield int(kept.texts[rows[first][0]]), rows[first:last]
