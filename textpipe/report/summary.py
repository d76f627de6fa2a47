"""The report of `textpipe summarize`: key sentences with their scores, and where they stand in the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from textpipe.report.characters import count_signs, language_of
from textpipe.report.charts import share
from textpipe.report.documents import ShownDocument, ShownDocuments
from textpipe.report.marking import Mark, Stretch, stretches
from textpipe.report.page import json_island, make_page

MOST_SENTENCES = 200  # of one document
_LEVELS = 4  # shades of marks


class Sentence(NamedTuple):
    """A key sentence. share: of the best score; place and extent: where it stands in the document and how much of it,
    0 to 1; level: its shade, the best darkest; href: where it stands on the page."""

    text: str
    score: float
    position: int
    share: float
    place: float
    extent: float
    level: int
    href: str | None


class Section(NamedTuple):
    """A document on the page; the numbers of the marks are those of `sentences`."""

    number: int
    document: ShownDocument
    language: str
    signs: int
    sentences: list[Sentence]
    more: int
    stretches: list[Stretch]


def summary_page(shown: ShownDocuments) -> bytes:
    """A page of the documents and their key sentences.

    Raises UsageError when Jinja2 is not installed.
    """
    return make_page(
        "summary.html",
        title=f"Key sentences of {shown.documents[0].id if shown.total == 1 else f'{shown.total:,} documents'}",
        language=language_of("".join(document.text[:1000] for document in shown.documents)),
        shown=shown,
        sections=[_section(number, document) for number, document in enumerate(shown.documents, start=1)],
        data=json_island({}),
    )


def _section(number: int, document: ShownDocument) -> Section:
    found = document.record.get("sentences", [])
    best = max((sentence["score"] for sentence in found), default=0.0)
    sentences, marks = [], []
    for index, sentence in enumerate(found[:MOST_SENTENCES]):
        seen = sentence["start"] < len(document.text)
        if seen:
            marks.append(Mark(index, sentence["start"], min(sentence["end"], len(document.text))))
        sentences.append(_sentence(sentence, document, best, f"#d{number}k{index}" if seen else None))
    return Section(
        number,
        document,
        language_of(document.text),
        count_signs(document.text),
        sentences,
        len(found) - len(sentences),
        stretches(document.text, marks),
    )


def _sentence(sentence: Mapping[str, Any], document: ShownDocument, best: float, href: str | None) -> Sentence:
    part = share(sentence["score"], best)
    length = max(1, document.length)
    start, end = sentence["start"], sentence["end"]
    level = min(_LEVELS, 1 + int(part * _LEVELS))
    score, position = sentence["score"], sentence["position"]
    return Sentence(sentence["text"], score, position, part, start / length, (end - start) / length, level, href)
