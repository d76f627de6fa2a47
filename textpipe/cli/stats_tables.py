"""The statistics of a collection for people: tables by section; and as rows for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textpipe.cli.console import one_line
from textpipe.cli.output import Cell, printed

_BAR = 30  # characters of the longest
_UNITS = ("characters", "tokens")
_LENGTHS = ("min", "q1", "median", "mean", "q3", "p95", "max", "total")
_Row = tuple[str, str, Cell]
_Rows = Iterator[Sequence[Any]]


def tables_of(record: Mapping[str, Any]) -> str:
    """Every section as a table; those without content are left out."""
    sections = (
        ("Documents", ("", ""), _documents(record)),
        ("Lengths of documents", ("", *_LENGTHS), _lengths(record)),
        ("Documents by length", ("characters", "documents", ""), _histogram(record["lengths"]["histogram"])),
        ("Encodings", ("encoding", "files", "first file"), _encodings(record)),
        ("Characters", ("kind", "count", "share", "different"), _characters(record)),
        ("Labels", ("label", "documents", "share", ""), _labels(record)),
        ("Duplicates", ("", "groups", "documents again"), _duplicates(record)),
        ("Largest groups of duplicates", ("documents", "texts", "least similar", "first"), _groups(record)),
        ("Vocabulary", ("", ""), _vocabulary(record)),
        ("Growth of the vocabulary", ("words", "different"), iter(record["vocabulary"]["growth"])),
        ("Frequent terms", ("term", "count", "documents"), _terms(record["terms"])),
        ("Characteristic terms", ("term", "count", "documents", "weight"), _terms(record["characteristic"])),
    )
    return "\n".join(text for title, columns, rows in sections if (text := _table(title, columns, list(rows))))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return ""
    table = Table(box=box.SIMPLE_HEAD, show_header=any(columns), pad_edge=False)
    for number, column in enumerate(columns):
        numeric = all(isinstance(row[number], int | float) or row[number] is None for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    return f"{title}\n{printed(table).strip(chr(10))}\n"


def _shown(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.4g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else one_line(str(cell))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _bar(count: int, most: int) -> str:
    return "█" * round(_BAR * count / most) if most else ""


def _documents(record: Mapping[str, Any]) -> _Rows:
    documents = record["documents"]
    for name in ("documents", "empty", "with_han", "files", "bytes"):
        yield name.replace("_han", " Han characters"), documents[name]
    for kind in ("skipped", "rejected"):
        yield from ((f"{kind}: {reason}", count) for reason, count in documents[kind].items())


def _lengths(record: Mapping[str, Any]) -> _Rows:
    for unit in _UNITS:
        yield unit, *(record["lengths"][unit][name] for name in _LENGTHS)


def _histogram(bins: Mapping[str, Any]) -> _Rows:
    most = max((one["documents"] for one in bins["characters"]), default=0)
    for one in bins["characters"]:
        yield _range(one), one["documents"], _bar(one["documents"], most)


def _range(one: Mapping[str, int]) -> str:
    return str(one["first"]) if one["first"] == one["last"] else f"{one['first']}–{one['last']}"


def _encodings(record: Mapping[str, Any]) -> _Rows:
    encodings = record["encodings"]
    for one in encodings["files"]:
        yield one["encoding"], one["files"], one["first"]
    if encodings["byte_order_marks"]:
        yield "with a byte order mark", encodings["byte_order_marks"], ""
    if len(encodings["line_ends"]) > 1 or "lf" not in encodings["line_ends"]:
        yield from ((f"line ends: {kind}", count, "") for kind, count in encodings["line_ends"].items())


def _characters(record: Mapping[str, Any]) -> _Rows:
    for one in record["characters"]["kinds"]:
        if one["count"]:
            yield one["kind"].replace("_", " "), one["count"], _percent(one["share"]), one["distinct"]


def _labels(record: Mapping[str, Any]) -> _Rows:
    labels = record["labels"]["labels"]
    most = max((one["documents"] for one in labels), default=0)
    for one in labels:
        yield one["label"], one["documents"], _percent(one["share"]), _bar(one["documents"], most)


def _duplicates(record: Mapping[str, Any]) -> _Rows:
    duplicates = record["duplicates"]
    yield "equal texts", duplicates["exact"]["groups"], duplicates["exact"]["documents"]
    near = duplicates["near"]
    if near is not None:
        yield f"nearly equal (from {near['threshold']:g} on)", near["groups"], near["documents"]
    if record["labels"]["documents"]:
        yield "with different labels", duplicates["conflicting"], None


def _groups(record: Mapping[str, Any]) -> _Rows:
    for one in record["duplicates"]["largest"]:
        yield one["documents"], one["texts"], one["least_similarity"], ", ".join(one["ids"][:2])


def _vocabulary(record: Mapping[str, Any]) -> _Rows:
    vocabulary = record["vocabulary"]
    yield "words", vocabulary["words"]
    yield "different words", vocabulary["distinct"]
    yield "different / all", vocabulary["type_token_ratio"]
    yield "words that occur once", vocabulary["hapaxes"]
    yield "words not in the dictionary", vocabulary["unknown"]
    yield "different ones of these", vocabulary["unknown_distinct"]
    if vocabulary["heaps"] is not None:
        yield "Heaps' law: k", vocabulary["heaps"]["k"]
        yield "Heaps' law: beta", vocabulary["heaps"]["beta"]


def _terms(terms: Sequence[Mapping[str, Any]]) -> _Rows:
    for one in terms:
        yield tuple(one.values())


def rows_of(record: Mapping[str, Any]) -> Iterator[_Row]:
    """(section, name, value) of every figure; lists one row an entry, and nothing for what there is not."""
    for section, name, value in _all_rows(record):
        if value is not None:
            yield section, name, value


def _all_rows(record: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    yield from _flat("documents", record["documents"])
    for unit in _UNITS:
        yield from _flat(f"lengths {unit}", record["lengths"][unit])
        for one in record["lengths"]["histogram"][unit]:
            yield f"histogram {unit}", _range(one), one["documents"]
    encodings = record["encodings"]
    yield from (("encodings", one["encoding"], one["files"]) for one in encodings["files"])
    yield from (("line_ends", kind, count) for kind, count in encodings["line_ends"].items())
    yield "encodings", "byte_order_marks", encodings["byte_order_marks"]
    yield "encodings", "replaced", encodings["replaced"]
    yield from (("characters", one["kind"], one["count"]) for one in record["characters"]["kinds"])
    yield from (("labels", one["label"], one["documents"]) for one in record["labels"]["labels"])
    yield from _flat("duplicates", record["duplicates"])
    yield from (("largest_groups", one["ids"][0], one["documents"]) for one in record["duplicates"]["largest"])
    yield from _flat("vocabulary", record["vocabulary"])
    yield from (("growth", str(words), distinct) for words, distinct in record["vocabulary"]["growth"])
    yield from (("terms", one["text"], one["count"]) for one in record["terms"])
    yield from (("characteristic", one["text"], one["score"]) for one in record["characteristic"])


def _flat(section: str, figures: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The figures that are no lists; those of a part carry its name."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from ((section, f"{name} {inner}", figure) for _, inner, figure in _flat(section, value))
        elif not isinstance(value, list):
            yield section, name, value
