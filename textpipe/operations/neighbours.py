"""Words near to words: records of `similar` and `analogy`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypedDict

from textpipe.embeddings.vectors import Neighbour, Vectors
from textpipe.errors import InputError
from textpipe.text import has_han

_DIGITS = 6
_TOGETHER = 256  # words looked up at once
_SHOWN = 5  # near spellings
_ALIKE = 0.5  # share of characters from which on a word comes into question


class NeighbourRecord(TypedDict):
    """A word and the cosine of its vector with the one that was asked about."""

    word: str
    score: float


class SimilarRecord(TypedDict):
    """The words nearest to a word, the nearest first; none where it has no vector."""

    word: str
    neighbours: list[NeighbourRecord]


class AnalogyRecord(TypedDict):
    """The words that are to c what b is to a, the nearest first."""

    a: str
    b: str
    c: str
    neighbours: list[NeighbourRecord]


Search = Callable[[Sequence[str], int], list[list[Neighbour]]]


def similar_words(
    vectors: Vectors, words: Sequence[str], *, k: int, search: Search | None = None
) -> Iterator[SimilarRecord]:
    """A record {"word", "neighbours"} for each word, in order; without neighbours for a word without a vector."""
    for start in range(0, len(words), _TOGETHER):
        some = words[start : start + _TOGETHER]
        known = [word for word in some if vectors.vector(word) is not None]
        found = dict(zip(known, (search or vectors.similar_to_each)(known, k), strict=True))
        for word in some:
            yield {"word": word, "neighbours": as_records(found.get(word, []))}


def analogies(
    vectors: Vectors, triples: Sequence[tuple[str, str, str]], *, k: int, multiply: bool = False
) -> Iterator[AnalogyRecord]:
    """A record {"a", "b", "c", "neighbours"} for each triple; see `Vectors.analogy`."""
    for a, b, c in triples:
        found = vectors.analogy(a, b, c, k, multiply=multiply)
        yield {"a": a, "b": b, "c": c, "neighbours": as_records(found)}


def as_records(neighbours: Sequence[Neighbour]) -> list[NeighbourRecord]:
    """[{"word", "score"}]; of a score the digits that float32 numbers bear out."""
    return [{"word": one.word, "score": round(one.score, _DIGITS)} for one in neighbours]


def require_known(vectors: Vectors, words: Sequence[str], *, among: int | None = None) -> None:
    """Raise InputError, with words of near spelling, for the first word without a vector. among: so many words, the
    first and most frequent ones, such spellings are looked for; None for all."""
    for word in words:
        if vectors.vector(word) is None:
            near = near_spellings(vectors.words[:among], word)
            hint = f"near spellings: {', '.join(near)}" if near else "no word is spelled like it"
            raise InputError(f"no vector for the word {word!r}, among {len(vectors):,} words", hint=hint)


def near_spellings(words: Sequence[str], word: str, *, most: int = _SHOWN) -> list[str]:
    """The words spelled most like one: the same but for case first, then those that hold it or stand in it, then those
    that share most of its characters; of equal ones the more frequent, which come first in a vocabulary."""
    folded = word.casefold()
    wanted = Counter(folded)
    size = len(folded)
    scored: list[tuple[float, int]] = []
    for row, other in enumerate(words):
        shared = _shared(wanted, other)
        alike = 2 * shared / (size + len(other)) if shared else 0.0
        if alike >= _ALIKE or (shared == size > 0 and folded in other.casefold()):
            scored.append((alike, row))
    scored.sort(key=lambda one: (-one[0], one[1]))
    best = [(_likeness(folded, words[row]), row) for _, row in scored[:200]]
    return [words[row] for _, row in sorted(best, key=lambda one: (-one[0], one[1]))[:most]]


def _shared(wanted: Counter[str], other: str) -> int:
    return sum(min(count, other.count(character)) for character, count in wanted.items())


def _likeness(folded: str, other: str) -> float:
    """As difflib says; 1 more for a Chinese word in the other, whose characters mean something; 2 more but for case."""
    from difflib import SequenceMatcher

    given = other.casefold()
    within = has_han(folded) and (folded in given or given in folded)
    more = 2.0 if given == folded else float(within)
    return more + SequenceMatcher(None, folded, given, autojunk=False).ratio()
