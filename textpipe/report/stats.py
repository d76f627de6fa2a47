"""The report of `textpipe stats`: what a collection holds, in bars and curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from textpipe.report.characters import language_of
from textpipe.report.charts import Bar, Dot, Plot, bars, curve
from textpipe.report.page import json_island, make_page

_MOST_IDS = 5


class Fact(NamedTuple):
    """A number and what it counts."""

    name: str
    value: str


class Table(NamedTuple):
    """A table with bars; columns: what stands over the names, then over the further columns."""

    title: str
    columns: tuple[str, ...]
    rows: list[Bar]


def stats_page(record: Mapping[str, Any], *, title: str | None = None) -> bytes:
    """A page of the record of a collection, as discover/stats.py makes it.

    Raises UsageError when Jinja2 is not installed.
    """
    paths = record["paths"]
    terms = [term["text"] for term in record["terms"]]
    return make_page(
        "stats.html",
        title=title or f"Statistics of {paths[0] if len(paths) == 1 else f'{len(paths):,} paths'}",
        language=language_of("".join(terms)),
        facts=_facts(record),
        reasons=[*record["documents"]["skipped"].items(), *record["documents"]["rejected"].items()],
        lengths=record["lengths"],
        histograms=[_histogram(record, unit) for unit in ("characters", "tokens")],
        tables=[table for table in (_encodings(record), _kinds(record), _labels(record)) if table.rows],
        duplicates=record["duplicates"],
        most_ids=_MOST_IDS,
        vocabulary=_vocabulary_facts(record["vocabulary"]),
        growth=record["vocabulary"]["growth"],
        plot=_growth(record["vocabulary"]["growth"]),
        terms=[table for table in _terms(record) if table.rows],
        data=json_island({}),
    )


def _facts(record: Mapping[str, Any]) -> list[Fact]:
    documents, lengths = record["documents"], record["lengths"]
    return [
        Fact("documents", f"{documents['documents']:,}"),
        Fact("empty ones", f"{documents['empty']:,}"),
        Fact("with Chinese", f"{documents['with_han']:,}"),
        Fact("files", f"{documents['files']:,}"),
        Fact("bytes", f"{documents['bytes']:,}"),
        Fact("characters", f"{lengths['characters']['total']:,}"),
        Fact("tokens", f"{lengths['tokens']['total']:,}"),
        Fact("duplicates", f"{record['duplicates']['documents']:,}"),
    ]


def _vocabulary_facts(vocabulary: Mapping[str, Any]) -> list[Fact]:
    facts = [
        Fact("words", f"{vocabulary['words']:,}"),
        Fact("different ones", f"{vocabulary['distinct']:,}"),
        Fact("that occur once", f"{vocabulary['hapaxes']:,}"),
        Fact("not in the dictionary", f"{vocabulary['unknown_distinct']:,}"),
    ]
    heaps = vocabulary["heaps"]
    return facts if heaps is None else [*facts, Fact("Heaps' exponent", f"{heaps['beta']:.3f}")]


def _histogram(record: Mapping[str, Any], unit: str) -> Table:
    rows = (
        (_range(found["first"], found["last"]), found["documents"], (f"{found['documents']:,}",))
        for found in record["lengths"]["histogram"][unit]
    )
    return Table(f"Length in {unit}", (unit, "documents"), bars(rows))


def _range(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def _encodings(record: Mapping[str, Any]) -> Table:
    rows = ((one["encoding"], one["files"], (f"{one['files']:,}",)) for one in record["encodings"]["files"])
    return Table("Encodings", ("encoding", "files"), bars(rows))


def _kinds(record: Mapping[str, Any]) -> Table:
    rows = (
        (kind["kind"].replace("_", " "), kind["count"], (f"{kind['count']:,}", f"{kind['distinct']:,}"))
        for kind in record["characters"]["kinds"]
        if kind["count"]
    )
    return Table("Characters", ("kind", "characters", "different"), bars(rows))


def _labels(record: Mapping[str, Any]) -> Table:
    rows = ((one["label"], one["documents"], (f"{one['documents']:,}",)) for one in record["labels"]["labels"])
    return Table("Labels", ("label", "documents"), bars(rows))


def _terms(record: Mapping[str, Any]) -> Iterable[Table]:
    frequent = ((one["text"], one["count"], _term_cells(one)) for one in record["terms"])
    yield Table("Most frequent words", ("word", "count", "documents"), bars(frequent))
    weighty = (
        (one["text"], one["score"], (f"{one['score']:.4g}", *_term_cells(one))) for one in record["characteristic"]
    )
    yield Table("Characteristic words", ("word", "score", "count", "documents"), bars(weighty))


def _term_cells(term: Mapping[str, Any]) -> tuple[str, ...]:
    return f"{term['count']:,}", f"{term['documents']:,}"


def _growth(growth: Sequence[Sequence[int]]) -> Plot | None:
    if len(growth) < 2:
        return None
    dots = [Dot(words, distinct, "", f"{words:,} words: {distinct:,} different") for words, distinct in growth]
    return curve(dots, x_title="words read", y_title="different words")
