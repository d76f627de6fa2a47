"""What a collection of documents is about: its words against a background, each document having about one voice.

Three things make a keyword of a collection:

* it is far more frequent here than elsewhere: the log-likelihood ratio G2 of its share here and in the background
  (Dunning 1993, "Accurate Methods for the Statistics of Surprise and Coincidence");
* many documents say so: a document that has it n times counts 1 + floor(log2 n) times, so that a long one counts
  little more than a short one;
* documents that have it come back to it: content words are repeated where they occur, phrases of courtesy and
  letterheads are not (Church 2000, "Empirical Estimates of Adaptation"). The share of documents that repeat the word
  among those that have it, in units of the average word's, multiplies G2.
"""

from __future__ import annotations

import heapq
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypedDict

from textpipe.keywords.runs import SortedRuns, key_of, word_of
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.idf import InverseDocumentFrequencies

MEMORY = 96 << 20  # bytes that words may fill before they are written out
_ENTRY = 400  # bytes that a word takes besides itself
_PRIOR = 5  # repeating documents that every word begins with, so that one repetition proves little
_RAREST = 2  # frequency of the rarest words of jieba's dictionary, which those outside it are given


class CorpusKeyword(NamedTuple):
    """A keyword of a collection.

    score: larger is better; comparable within one collection and background
    count: how often it occurs; documents: how many have it; document: the id of the first that does
    """

    text: str
    score: float
    count: int  # type: ignore[assignment]  # a tuple's method of the same name gives way
    documents: int
    document: str


class CorpusRecord(TypedDict):
    """A collection's keywords, best first: one JSON line."""

    id: str
    documents: int
    keywords: list[dict[str, Any]]


@dataclass(slots=True)
class Facts:
    """What is known of a term: occurrences, documents that have it, those that repeat it, what they count (1 and 1
    more for every doubling), and the first of them by number and id."""

    count: int
    documents: int
    repeating: int
    voices: int
    number: int
    document: str

    def add(self, other: Facts) -> None:
        """Those of another part of the collection."""
        self.count += other.count
        self.documents += other.documents
        self.repeating += other.repeating
        self.voices += other.voices
        if other.number < self.number:
            self.number, self.document = other.number, other.document


def count_document(facts: dict[str, Facts], counts: Iterable[tuple[str, int]], *, number: int, document: str) -> None:
    """Into `facts`, how often each term, a word or a phrase, occurs in one document, which has a number and an id.

    Documents must come in order of their numbers.
    """
    for term, count in counts:
        known = facts.get(term)
        if known is None:
            facts[term] = Facts(count, 1, 1 if count > 1 else 0, count.bit_length(), number, document)
        else:
            known.count += count
            known.documents += 1
            known.voices += count.bit_length()
            if count > 1:
                known.repeating += 1


# ---------------------------------------------------------------------------------------------- backgrounds


class Background(Protocol):
    """How frequent terms are elsewhere. `by_documents`: counted as documents that have them, else as occurrences."""

    @property
    def by_documents(self) -> bool: ...
    @property
    def total(self) -> float: ...
    def frequency(self, term: str, /) -> float: ...


class DictionaryBackground:
    """The frequencies of jieba's dictionary, without words of the user's. It has Chinese words; all others get the
    frequency of its rarest, so that English ones are told apart by nothing but their counts."""

    by_documents = False

    def __init__(self) -> None:
        self._dictionary = Dictionary()
        self.total = float(self._dictionary.total)

    def frequency(self, term: str, /) -> float:
        """Occurrences of the word."""
        return max(self._dictionary.frequency(term), _RAREST)


class DocumentsBackground:
    """The document frequencies that an IDF was made of."""

    by_documents = True

    def __init__(self, idf: InverseDocumentFrequencies) -> None:
        assert idf.counts is not None  # the caller looked
        self._counts = idf.counts
        self.total = float(idf.counts.total)

    def frequency(self, term: str, /) -> float:
        """Documents that have the word."""
        return self._counts.frequency(term)


# ---------------------------------------------------------------------------------------------- the collection


class CorpusTally:
    """Facts of any number of documents and words: what fills `memory` bytes goes to sorted runs in `folder`."""

    def __init__(self, *, folder: Path | None = None, memory: int = MEMORY) -> None:
        self._memory = memory
        self._facts: dict[str, Facts] = {}
        self._size = 0
        self._documents = self._repeating = self._voices = 0  # sums over all terms
        self._runs = SortedRuns(_combined, folder=folder)

    def add(self, more: Mapping[str, Facts]) -> None:
        """Facts of more documents."""
        for term, one in more.items():
            known = self._facts.get(term)
            if known is None:
                self._facts[term] = one
                self._size += sys.getsizeof(term) + _ENTRY
            else:
                known.add(one)
        self._documents += sum(one.documents for one in more.values())
        self._repeating += sum(one.repeating for one in more.values())
        self._voices += sum(one.voices for one in more.values())
        if self._size > self._memory:
            self._write_out()

    def best(self, background: Background, *, k: int | None) -> list[CorpusKeyword]:
        """The k best by (-score, first document, term), all for None; only what is more frequent here.

        To be asked for once, at the end.
        """
        scored = (
            (-score, facts.number, term, facts)
            for term, facts in self._all()
            if any(map(str.isalpha, term))  # numbers say what no collection is about
            and (score := self._score(term, facts, background)) > 0
        )
        found = sorted(scored) if k is None else heapq.nsmallest(k, scored)
        return [
            CorpusKeyword(term, -score, facts.count, facts.documents, facts.document) for score, _, term, facts in found
        ]

    def _score(self, term: str, facts: Facts, background: Background) -> float:
        mine, all_mine = facts.voices, self._voices
        if background.by_documents:
            mine, all_mine = facts.documents, self._documents
        surprise = signed_g2(mine, all_mine, background.frequency(term), background.total)
        average = self._repeating / self._documents
        if not average:  # titles and the like: nothing is ever repeated
            return surprise
        return surprise * (facts.repeating + _PRIOR) / (facts.documents * average + _PRIOR)

    def _all(self) -> Iterator[tuple[str, Facts]]:
        self._write_out()
        return ((word_of(word), _read(value)) for word, value in self._runs.merged())

    def _write_out(self) -> None:
        self._runs.add((key_of(term), _written(self._facts[term])) for term in sorted(self._facts))
        self._facts.clear()
        self._size = 0


def signed_g2(here: float, all_here: float, there: float, all_there: float) -> float:
    """Dunning's G2 of `here` of `all_here` occurrences against `there` of `all_there`; below 0 if here is the less."""
    share = (here + there) / (all_here + all_there)
    pairs = (
        (here, all_here * share),
        (all_here - here, all_here * (1 - share)),
        (there, all_there * share),
        (all_there - there, all_there * (1 - share)),
    )
    surprise = 2 * sum(seen * math.log(seen / expected) for seen, expected in pairs if seen)
    return surprise if here * all_there > there * all_here else -surprise


def corpus_record(identity: str, found: Iterable[CorpusKeyword], *, documents: int) -> CorpusRecord:
    """What is printed of a collection."""
    return {"id": identity, "documents": documents, "keywords": [one._asdict() for one in found]}


def _written(facts: Facts) -> bytes:
    return json.dumps(astuple(facts)).encode()  # without control characters, whatever the id holds


def _read(value: bytes) -> Facts:
    return Facts(*json.loads(value))


def _combined(values: list[bytes]) -> bytes:
    first, *others = map(_read, values)
    for other in others:
        first.add(other)
    return _written(first)
