"""The report of `textpipe explain`: texts coloured by what speaks for a label and what against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from textpipe.corpus.document import Document
from textpipe.models.explanation import Explanation
from textpipe.report.characters import count_signs, language_of
from textpipe.report.charts import share
from textpipe.report.documents import MOST_CHARACTERS, MOST_DOCUMENTS, MOST_IN_ALL, ShownDocument
from textpipe.report.page import json_island, make_page

LEVELS = 5  # shades
_FAINTEST = 0.05  # of the strongest token's size, what is coloured at all


class Stretch(NamedTuple):
    """A part of a text. side: `for`, `against`, or nothing; level: its shade, 1 to 5; value: what it adds"""

    text: str
    side: str
    level: int
    value: str


class Row(NamedTuple):
    """A token of the table. share: of the strongest one's size, 0 to 1"""

    text: str
    side: str
    value: str
    share: float


class Section(NamedTuple):
    """A document and a label on the page."""

    number: int
    document: ShownDocument
    language: str
    signs: int
    found: Explanation
    parts: float
    stretches: list[Stretch]
    rows: list[Row]
    more: int


@dataclass
class ShownExplanations:
    """The first explanations, and how many there were. model: what decided; top: tokens of a table"""

    model: str
    top: int = 10
    sections: list[Section] = field(default_factory=list)
    total: int = 0
    _room: int = MOST_IN_ALL

    def add(self, document: Document, found: Explanation) -> None:
        """The next document, and why it has a label."""
        self.total += 1
        if self.total > MOST_DOCUMENTS:
            return
        text = document.text[: max(0, min(MOST_CHARACTERS, self._room))]
        self._room -= len(text)
        shown = ShownDocument(document.id, text, len(document.text))
        most = max((abs(token.value) for token in found.tokens), default=0.0)
        rows = sorted((token for token in found.tokens if token.value), key=lambda token: -abs(token.value))
        self.sections.append(
            Section(
                self.total,
                shown,
                language_of(text),
                count_signs(text),
                found,
                found.decision - found.base,
                _stretches(text, found, most),
                [
                    Row(row.text, _side(row.value), f"{row.value:+.4f}", share(abs(row.value), most))
                    for row in rows[: self.top]
                ],
                max(0, len(rows) - self.top),
            )
        )

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.sections)


def explanations_page(shown: ShownExplanations) -> bytes:
    """A page of texts in colours, with what colours mean.

    Raises UsageError when Jinja2 is not installed.
    """
    one = f"the classification of {shown.sections[0].document.id}" if shown.total == 1 else ""
    return make_page(
        "explanations.html",
        styles=("report.css", "explanations.css"),
        title=f"What carried {one or f'{shown.total:,} classifications'}",
        language=language_of("".join(section.document.text[:1000] for section in shown.sections)),
        shown=shown,
        sections=shown.sections,
        levels=range(1, LEVELS + 1),
        data=json_island({}),
    )


def _side(value: float) -> str:
    return "for" if value > 0 else "against"


def _stretches(text: str, found: Explanation, most: float) -> list[Stretch]:
    """Joined they are the text."""
    stretches, end = [], 0
    for token in found.tokens:
        if token.start >= len(text):
            break
        if token.start > end:
            stretches.append(Stretch(text[end : token.start], "", 0, ""))
        part = share(abs(token.value), most)
        side = _side(token.value) if part >= _FAINTEST else ""
        level = min(LEVELS, 1 + int(part * LEVELS))
        end = min(token.end, len(text))
        stretches.append(Stretch(text[token.start : end], side, level, f"{token.value:+.4f}"))
    if end < len(text):
        stretches.append(Stretch(text[end:], "", 0, ""))
    return stretches
