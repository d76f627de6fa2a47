"""Inverse document frequencies: what a word weighs that few documents have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from textpipe.segment.engine import compiled_table, is_compiled

if TYPE_CHECKING:
    from textpipe.segment.tokenizer import Tokenizer

Formula = Literal["jieba", "sklearn"]


class Weights(Protocol):
    """What is asked of a table: a word's weight, or the default."""

    def get(self, word: str, default: float, /) -> float: ...


class Counts(Protocol):
    """In how many documents words occur: of one, and the sum over all words."""

    @property
    def total(self) -> int: ...
    def frequency(self, word: str, /) -> int: ...


class InverseDocumentFrequencies(NamedTuple):
    """IDF of words, and what belongs to it.

    table: the weights
    median: what a word outside the table weighs
    formula: how a document's words are weighed with it. `jieba`: count x IDF / counted words; `sklearn`: count x IDF,
        divided by the Euclidean norm of the document's row, without the words outside the table (`median` is 0)
    tokenizer: what cut the documents that were counted; no other may be combined with it. None: not known
    counts: what the weights were made of. None: not known
    """

    table: Weights
    median: float
    formula: Formula = "jieba"
    tokenizer: Tokenizer | None = None
    counts: Counts | None = None


class _CompiledTable:
    """jieba's table inside the core's, looked up and never loaded."""

    def get(self, word: str, default: float, /) -> float:
        value = compiled_table().idf(word)
        return default if value is None else value


def chinese_idf() -> InverseDocumentFrequencies:
    """The table that jieba.analyse uses."""
    if is_compiled():
        return InverseDocumentFrequencies(_CompiledTable(), compiled_table().median_idf)
    from textpipe.segment.jieba_tables import idf_values, median_idf

    return InverseDocumentFrequencies(idf_values(), median_idf())
