"""Inverse document frequencies of a corpus of one's own: in how many documents a word occurs, and what that weighs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from textpipe.errors import REMAKE, ArtifactError
from textpipe.segment.idf import InverseDocumentFrequencies
from textpipe.text import artifact_lines


class DocumentFrequencies(NamedTuple):
    """In how many of the documents each word occurs."""

    documents: int
    frequencies: dict[str, int]

    def idf(self) -> InverseDocumentFrequencies:
        """ln((1 + documents) / (1 + documents with the word)) + 1, smoothed as scikit-learn's TfidfTransformer does.

        A word that the corpus lacks weighs as one that occurs in no document: it is rarer than all others.
        """
        table = {word: self._weight(frequency) for word, frequency in self.frequencies.items()}
        return InverseDocumentFrequencies(table, self._weight(0))

    def _weight(self, frequency: int) -> float:
        return math.log((1 + self.documents) / (1 + frequency)) + 1

    def write(self, path: Path) -> None:
        """As text: a line `<TAB>documents`, then a line `word<TAB>documents` a word, most frequent first."""
        ordered = sorted(self.frequencies.items(), key=lambda item: (-item[1], item[0]))
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(f"\t{self.documents}\n")
            stream.writelines(f"{word}\t{frequency}\n" for word, frequency in ordered)


def document_frequencies(documents: Iterable[Iterable[str]], *, min_documents: int = 1) -> DocumentFrequencies:
    """Count documents, given as their words; words in fewer than `min_documents` are left out."""
    counter: Counter[str] = Counter()
    number = 0
    for words in documents:
        counter.update(set(words))
        number += 1
    kept = {word: count for word, count in counter.items() if count >= min_documents}
    return DocumentFrequencies(number, kept)


def read_document_frequencies(path: Path) -> DocumentFrequencies:
    """What `DocumentFrequencies.write` wrote. Raises ArtifactError, with the line, for anything else."""
    frequencies: dict[str, int] = {}
    for number, line in artifact_lines(path):
        word, _, count = line.partition("\t")
        if not (count.isascii() and count.isdigit() and len(count) < 19) or (number == 1) != (word == ""):
            raise ArtifactError("not a table of document frequencies", where=path, line=number, hint=REMAKE)
        frequencies[word] = int(count)
    if not frequencies:
        raise ArtifactError("not a table of document frequencies", where=path, line=1, hint=REMAKE)
    return DocumentFrequencies(frequencies.pop(""), frequencies)
