"""Words near to words: records of `similar` and `analogy`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from textpipe.embeddings.files import read_subwords, read_vectors
from textpipe.embeddings.vectors import Neighbour, Vectors
from textpipe.errors import ArtifactError, InputError
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.store.refs import LATEST, names, resolve
from textpipe.text import has_han

KIND = "embeddings"
_DIGITS = 6
_TOGETHER = 256  # words looked up at once
_SHOWN = 5  # near spellings
_ALIKE = 0.5  # share of characters from which on a word comes into question
_HINT = "textpipe train-embeddings PATHS makes one, textpipe import FILE takes one of another tool"


def embeddings_artifact(store: Store, name: str = LATEST) -> Artifact:
    """The artifact of word vectors that a user means. Raises ArtifactError, with what makes one, when there is none."""
    if not store.exists:
        raise ArtifactError("there is no store", where=store.path, hint=f"{_HINT}; --store FOLDER names another store")
    if name == LATEST and (KIND, LATEST) not in names(store):
        raise ArtifactError("no word vectors in the store", where=store.path, hint=_HINT)
    return resolve(store, name, kind=KIND)


def load_vectors(store: Store, name: str, needed: Sequence[str]) -> Vectors:
    """The vectors of an artifact; subwords only if one of the words that are needed is not in the vocabulary."""
    artifact = embeddings_artifact(store, name)
    vectors = read_vectors(artifact, subwords=False, counts=False)
    if not all(word in vectors for word in needed):
        vectors.subwords = read_subwords(artifact, dimensions=vectors.vector_size)
    return vectors


def load_any(store: Store, name: str, file: str | None, needed: Sequence[str]) -> Vectors:
    """The vectors of a file if there is one, else of an artifact."""
    if file is None:
        return load_vectors(store, name, needed)
    from textpipe.embeddings.formats import read_vectors_file

    return read_vectors_file(file)


def vectors_of(given: str, store: Store) -> Vectors:
    """The vectors of a file when there is such a file, else of the artifact of that name, with their subwords.

    Raises InputError for what looks like a file that is missing, ArtifactError for a name that is.
    """
    from textpipe.embeddings.formats import read_vectors_file

    like_a_file = os.sep in given or "." in given
    if os.path.lexists(given) or not store.exists or (like_a_file and given not in {name for _, name in names(store)}):
        return read_vectors_file(given)
    return read_vectors(embeddings_artifact(store, given), counts=False)


Search = Callable[[Sequence[str], int], list[list[Neighbour]]]


def similar_words(
    vectors: Vectors, words: Sequence[str], *, k: int, search: Search | None = None
) -> Iterator[dict[str, Any]]:
    """A record {"word", "neighbours"} for each word, in order; without neighbours for a word without a vector."""
    for start in range(0, len(words), _TOGETHER):
        some = words[start : start + _TOGETHER]
        known = [word for word in some if vectors.vector(word) is not None]
        found = dict(zip(known, (search or vectors.similar_to_each)(known, k), strict=True))
        for word in some:
            yield {"word": word, "neighbours": as_records(found.get(word, []))}


def analogies(
    vectors: Vectors, triples: Sequence[tuple[str, str, str]], *, k: int, multiply: bool = False
) -> Iterator[dict[str, Any]]:
    """A record {"a", "b", "c", "neighbours"} for each triple; see `Vectors.analogy`."""
    for a, b, c in triples:
        found = vectors.analogy(a, b, c, k, multiply=multiply)
        yield {"a": a, "b": b, "c": c, "neighbours": as_records(found)}


def as_records(neighbours: Sequence[Neighbour]) -> list[dict[str, Any]]:
    """[{"word", "score"}]; of a score the digits that float32 numbers bear out."""
    return [{"word": one.word, "score": round(one.score, _DIGITS)} for one in neighbours]


def require_known(vectors: Vectors, words: Sequence[str]) -> None:
    """Raise InputError, with words of near spelling, for the first word without a vector."""
    for word in words:
        if vectors.vector(word) is None:
            near = near_spellings(vectors.words, word)
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
