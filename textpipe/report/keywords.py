"""The report of `textpipe keywords`: scores as bars, texts with their keywords marked, the graph of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from textpipe.keywords.explain import reasons
from textpipe.report.characters import count_signs, language_of
from textpipe.report.charts import share
from textpipe.report.documents import ShownDocument, ShownDocuments
from textpipe.report.marking import Finder, Mark, Stretch, Tokenize, pairs_in_sentences, stretches
from textpipe.report.network import Network, Word, draw
from textpipe.report.page import json_island, make_page

MOST_KEYWORDS = 200  # of one document or list


class Row(NamedTuple):
    """A keyword in a table. share: of the best score, 0 to 1, for the bar; href: its first occurrence that is shown;
    why: what sets it apart, where that was asked for."""

    number: int
    text: str
    score: float
    count: int  # type: ignore[assignment]  # a tuple's method of the same name gives way
    documents: int | None
    share: float
    href: str | None
    why: str | None


class Section(NamedTuple):
    """A document on the page."""

    number: int
    document: ShownDocument
    language: str
    signs: int
    rows: list[Row]
    more: int
    stretches: list[Stretch]


@dataclass
class _Words:
    """The keywords of all that is shown: numbers by text, and what the graph needs to know of each."""

    numbers: dict[str, int] = field(default_factory=dict)
    weights: dict[int, float] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    hrefs: dict[int, str] = field(default_factory=dict)
    pairs: dict[tuple[int, int], int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))

    def take(self, text: str, marks: Sequence[Mark], *, section: int) -> None:
        """Count what was found in a text."""
        for mark in marks:
            self.seen[mark.keyword] = self.seen.get(mark.keyword, 0) + 1
            self.hrefs.setdefault(mark.keyword, f"#{_anchor(section, mark.keyword)}")
        for pair, times in pairs_in_sentences(text, marks, among=self.weights).items():
            self.pairs[pair] = self.pairs.get(pair, 0) + times

    def network(self) -> Network:
        """The words that are seen in what is shown."""
        heaviest = max((self.weights[number] for number in self.seen), default=0.0) or 1.0
        words = [
            Word(number, text, self.weights[number] / heaviest, self.seen[number], self.hrefs[number])
            for text, number in self.numbers.items()
            if number in self.seen
        ]
        return draw(words, self.pairs)


def keywords_page(
    shown: ShownDocuments, *, tokenize: Tokenize | None = None, of_all: Mapping[str, Any] | None = None
) -> bytes:
    """A page of the documents and their records, or of one list of keywords `of_all` documents.

    tokenize: text to tokens that join to it again; keywords are then marked where tokens begin and end.
    Raises UsageError when Jinja2 is not installed.
    """
    words = _Words()
    for record in [document.record for document in shown.documents] if of_all is None else [of_all]:
        _weigh(words, record.get("keywords", ()))
    sections = []
    for number, document in enumerate(shown.documents, start=1):
        record = document.record if of_all is None else of_all
        sections.append(_section(number, document, record, words, tokenize=tokenize))
    table = [] if of_all is None else _rows(of_all["keywords"], words, words.hrefs)
    return make_page(
        "keywords.html",
        title=_title(shown, of_all),
        language=language_of("".join(document.text[:1000] for document in shown.documents)),
        shown=shown,
        sections=sections,
        of_all=of_all,
        table=table,
        network=words.network(),
        data=json_island({"words": list(words.numbers)}),
    )


def _title(shown: ShownDocuments, of_all: Mapping[str, Any] | None) -> str:
    if of_all is not None:
        return f"Keywords of {of_all['id']}"
    return f"Keywords of {shown.documents[0].id if shown.total == 1 else f'{shown.total:,} documents'}"


def _weigh(words: _Words, keywords: Iterable[Mapping[str, Any]]) -> None:
    """Weights for the graph: scores are comparable in one record only, so each is a share of its record's best."""
    found = list(keywords)[:MOST_KEYWORDS]
    best = max((keyword["score"] for keyword in found), default=0.0)
    for keyword in found:
        number = words.number(keyword["text"])
        words.weights[number] = words.weights.get(number, 0.0) + share(keyword["score"], best)


def _section(
    number: int, document: ShownDocument, record: Mapping[str, Any], words: _Words, *, tokenize: Tokenize | None
) -> Section:
    keywords = record.get("keywords", [])
    finder = Finder(document.text, tokenize=tokenize)
    marks = [
        Mark(words.numbers[keyword["text"]], start, end)
        for keyword in keywords[:MOST_KEYWORDS]
        for start, end in finder.spans(keyword["text"], count=keyword["count"])
    ]
    marks.sort(key=lambda mark: mark.start)
    words.take(document.text, marks, section=number)
    hrefs = {mark.keyword: f"#{_anchor(number, mark.keyword)}" for mark in marks}
    return Section(
        number,
        document,
        language_of(document.text),
        count_signs(document.text),
        _rows(keywords, words, hrefs),
        max(0, len(keywords) - MOST_KEYWORDS),
        stretches(document.text, marks),
    )


def _anchor(section: int, keyword: int) -> str:
    return f"d{section}k{keyword}"


def _rows(keywords: Sequence[Mapping[str, Any]], words: _Words, hrefs: Mapping[int, str]) -> list[Row]:
    best = max((keyword["score"] for keyword in keywords), default=0.0)
    rows = []
    for keyword in keywords[:MOST_KEYWORDS]:
        number = words.numbers[keyword["text"]]
        score, documents = keyword["score"], keyword.get("documents")
        link = hrefs.get(number)
        why = reasons(keyword["signals"]) if "signals" in keyword else None
        rows.append(Row(number, keyword["text"], score, keyword["count"], documents, share(score, best), link, why))
    return rows
