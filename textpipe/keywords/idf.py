"""Inverse document frequencies of a corpus of one's own: what a word weighs by the number of documents that have it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple, get_args

from textpipe.keywords.frequencies import Frequencies, median_frequency
from textpipe.segment.idf import Formula, InverseDocumentFrequencies
from textpipe.segment.tokenizer import Tokenizer

FORMULAS: tuple[Formula, ...] = get_args(Formula)
_REMEMBERED = 1 << 17  # words of a table on disk whose weights are kept at hand


class DocumentFrequencies(NamedTuple):
    """In how many of the documents each word occurs; `total` is their sum, `median` stands in their middle."""

    documents: int
    frequencies: Frequencies
    total: int
    median: int

    def frequency(self, word: str, /) -> int:
        """In how many documents a word occurs."""
        return self.frequencies.get(word, 0)

    def idf(self, formula: Formula = "jieba", *, tokenizer: Tokenizer | None = None) -> InverseDocumentFrequencies:
        """Weights by one of two formulas; `tokenizer` is what cut the documents.

        jieba: ln(documents / documents with the word), by which jieba's table was made; a word that no document has
        weighs the median of all weights.
        sklearn: ln((1 + documents) / (1 + documents with the word)) + 1, as scikit-learn's TfidfTransformer smooths
        it; a word that no document has does not count.
        """
        table = (
            {word: self.weight(count, formula) for word, count in self.frequencies.items()}
            if isinstance(self.frequencies, dict)
            else _WeightsOnDisk(self, formula)
        )
        median = self.weight(self.median, formula) if formula == "jieba" and self.median else 0.0
        return InverseDocumentFrequencies(table, median, formula, tokenizer, self)

    def weight(self, frequency: int, formula: Formula) -> float:
        """What a word weighs that so many documents have."""
        if formula == "jieba":
            return math.log(self.documents / frequency)
        return math.log((1 + self.documents) / (1 + frequency)) + 1


class _WeightsOnDisk:
    """Weights of words whose frequencies stay on disk; those met lately are remembered."""

    def __init__(self, frequencies: DocumentFrequencies, formula: Formula) -> None:
        self._frequencies = frequencies
        self._formula = formula
        self._known: dict[str, float] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}

    def get(self, word: str, default: float, /) -> float:
        weight = self._known.get(word)
        if weight is None:
            count = self._frequencies.frequencies.get(word, 0)
            weight = self._frequencies.weight(count, self._formula) if count else math.nan
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[word] = weight
        return default if math.isnan(weight) else weight


def document_frequencies(documents: Iterable[Iterable[str]], *, min_documents: int = 1) -> DocumentFrequencies:
    """Count documents, given as their words, in memory; words in fewer than `min_documents` are left out."""
    counter: Counter[str] = Counter()
    number = 0
    for words in documents:
        counter.update(set(words))
        number += 1
    kept = {word: count for word, count in counter.items() if count >= min_documents}
    return DocumentFrequencies(number, kept, sum(kept.values()), median_frequency(Counter(kept.values())))
