"""Key phrases: candidates by parts of speech, weighed by signals that were fitted to what authors name as keywords.

The model is a logistic regression over the signals of `phrase_signals`, one for Chinese and one for English; a score
is the probability that it gives, so that scores of different documents can be compared. Supervised keyphrase
extraction by such features goes back to KEA (Witten et al. 1999); none of these needs other documents at hand.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from textpipe.keywords.candidate_phrases import Candidate, CandidatePhrases
from textpipe.keywords.candidates import Keyword
from textpipe.keywords.phrase_signals import SIMILARITY, PhraseModel, logistic, may_be_keyword, phrase_models, signals
from textpipe.keywords.similarity import DocumentSimilarity, WordVectors
from textpipe.keywords.word_stream import WordStream
from textpipe.segment.idf import InverseDocumentFrequencies, chinese_idf

_AHEAD = 4  # candidates that mmr chooses among, for each keyword asked for


@dataclass(frozen=True)
class WeighedPhrase:
    """A candidate, the signals that speak for it, and the probability they make, between 0 and 1."""

    candidate: Candidate
    signals: dict[str, float]
    score: float

    def keyword(self, *, lowercase: bool) -> Keyword:
        """What is reported of it."""
        text = self.candidate.text.lower() if lowercase else self.candidate.text
        return Keyword(text, self.score, self.candidate.count, self.candidate.first)


class PhraseReading:
    """The phrases of one document; `add_pairs` takes all its (token, part of speech) pairs in order."""

    def __init__(self, *, chinese: bool, stopwords: Collection[str], pos: Collection[str] | None = None) -> None:
        self.chinese = chinese
        self.model: PhraseModel = phrase_models()[0 if chinese else 1]
        self._stream = WordStream(chinese, stopwords, pos)
        self._phrases = CandidatePhrases(self.model.longest)

    def add_pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Take up more of the document."""
        self._phrases.add(self._stream.of(pairs))

    def ranked(
        self,
        idf: InverseDocumentFrequencies | None = None,
        *,
        most: int | None = None,
        vectors: WordVectors | None = None,
    ) -> list[WeighedPhrase]:
        """All phrases or the `most` best, best first, when the document has ended.

        Of phrases that read alike, cut into other words here and there, the best one stands for all.

        The weights of English words are those of `idf` alone; without it all are alike. With `vectors` there is one
        more signal, `similarity`: to the document, above the mean of its phrases; 0 for a phrase without vectors.
        """
        weights = self._weights(idf)
        if most is None:
            return _distinct(sorted(self._weighed(weights, vectors), key=_order))
        some = 2 * most + 8
        while True:
            best = heapq.nsmallest(some, self._weighed(weights, vectors), key=_order)
            distinct = _distinct(best)
            if len(distinct) >= most or len(best) < some:
                return distinct[:most]
            some *= 2

    def best(
        self,
        idf: InverseDocumentFrequencies | None = None,
        *,
        k: int | None,
        mmr: float | None = None,
        vectors: WordVectors | None = None,
    ) -> list[WeighedPhrase]:
        """The k best, as `chosen` takes them; no more are held in memory than it needs."""
        most = k if k is None or mmr is None else k * _AHEAD
        return chosen(self.ranked(idf, most=most, vectors=vectors), k=k, mmr=mmr)

    def _weighed(self, weights: Sequence[float], vectors: WordVectors | None) -> Iterator[WeighedPhrase]:
        near = None if vectors is None else self._similarities(weights, vectors)
        for candidate in self._phrases.finish():
            if not may_be_keyword(candidate):
                continue
            values = signals(candidate, self._phrases, length=self._stream.offset, idf=weights)
            total = self.model.total(candidate, values)
            if near is not None:
                values[SIMILARITY] = next(near)
                total += self.model.similarity * values[SIMILARITY]
            yield WeighedPhrase(candidate, values, logistic(total))

    def _similarities(self, weights: Sequence[float], vectors: WordVectors) -> Iterator[float]:
        near = DocumentSimilarity(vectors, list(self._phrases.words), self._phrases.counts, weights)
        phrases = (candidate for candidate in self._phrases.finish() if may_be_keyword(candidate))
        cosines = [near.of(candidate.words()) for candidate in phrases]
        known = [cosine for cosine in cosines if cosine is not None]
        mean = sum(known) / len(known) if known else 0.0
        return (0.0 if cosine is None else cosine - mean for cosine in cosines)

    def _weights(self, idf: InverseDocumentFrequencies | None) -> list[float]:
        if idf is None and not self.chinese:
            return [0.0] * len(self._phrases.words)
        table, median = (idf or chinese_idf())[:2]
        return [table.get(word, median) for word in self._phrases.words]


def _order(one: WeighedPhrase) -> tuple[float, int]:
    return -one.score, one.candidate.first


def _distinct(ranked: Iterable[WeighedPhrase]) -> list[WeighedPhrase]:
    found: dict[str, WeighedPhrase] = {}
    for one in ranked:
        found.setdefault(one.candidate.text, one)
    return list(found.values())


def chosen(ranked: Sequence[WeighedPhrase], *, k: int | None, mmr: float | None = None) -> list[WeighedPhrase]:
    """The k best; with `mmr`, by maximal marginal relevance (Carbonell and Goldstein 1998).

    mmr: the share of a phrase's score; the rest is for how little it repeats those already chosen. Two phrases are
        as similar as the share of their words that they have in common (Jaccard). The first 4 k are chosen among.
    """
    if mmr is None:
        return list(ranked[:k])
    left = list(ranked if k is None else ranked[: k * _AHEAD])
    words = [frozenset(one.candidate.words()) for one in left]
    holding: defaultdict[int, list[int]] = defaultdict(list)  # places by word: no other phrases are alike
    for place, held in enumerate(words):
        for word in held:
            holding[word].append(place)
    worth = [mmr * one.score for one in left]
    heap = [(-value, place) for place, value in enumerate(worth)]
    heapq.heapify(heap)
    result: list[WeighedPhrase] = []
    while heap and (k is None or len(result) < k):
        value, best = heapq.heappop(heap)
        if -value > worth[best]:  # it repeats one that was chosen since
            heapq.heappush(heap, (-worth[best], best))
            continue
        result.append(left[best])
        for place in {place for word in words[best] for place in holding[word]}:
            shared = len(words[place] & words[best]) / len(words[place] | words[best])
            worth[place] = min(worth[place], mmr * left[place].score - (1 - mmr) * shared)
    return result
