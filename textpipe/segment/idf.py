"""Inverse document frequencies: what a word weighs that few documents have."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from textpipe.segment.engine import compiled_table, is_compiled


class Weights(Protocol):
    """What is asked of a table: a word's weight, or the default."""

    def get(self, word: str, default: float, /) -> float: ...


class InverseDocumentFrequencies(NamedTuple):
    """IDF of words; a word outside the table counts as the median."""

    table: Weights
    median: float


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
