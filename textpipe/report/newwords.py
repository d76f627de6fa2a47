"""The report of `textpipe newwords`: every word with its statistics, and all of them as a cloud of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log1p
from typing import Any, NamedTuple

from textpipe.report.characters import language_of
from textpipe.report.charts import Dot, cloud, share
from textpipe.report.page import json_island, make_page

MOST_WORDS = 500
_MOST_DOTS = 200


_HEADINGS = {
    "pmi": "PMI",
    "left_entropy": "left entropy",
    "right_entropy": "right entropy",
    "hold": "hold",
    "agreement": "agreement",
}


class Row(NamedTuple):
    """A word in the table; share: of the best score."""

    number: int
    word: Mapping[str, Any]
    share: float


def newwords_page(words: Sequence[Mapping[str, Any]], *, total: int | None = None, title: str = "New words") -> bytes:
    """A page of words, best first: {"text", "count", "documents", "pmi", "left_entropy", "right_entropy", "score"}
    and, where they are there, "hold" and "agreement".

    total: how many words were found, where that is more than are given.
    Raises UsageError when Jinja2 is not installed.
    """
    shown = words[:MOST_WORDS]
    best = max((word["score"] for word in shown), default=0.0)
    total = len(words) if total is None else total
    return make_page(
        "newwords.html",
        title=title,
        language=language_of("".join(word["text"] for word in shown)),
        rows=[Row(number, word, share(word["score"], best)) for number, word in enumerate(shown, start=1)],
        total=total,
        more=total - len(shown),
        headings={name: _HEADINGS[name] for name in _HEADINGS if words and name in words[0]},
        plot=_plot(shown[:_MOST_DOTS]),
        data=json_island({}),
    )


def _plot(words: Sequence[Mapping[str, Any]]) -> Any:
    most = max((log1p(word["count"]) for word in words), default=0.0)
    dots = [
        Dot(
            word["pmi"],
            min(word["left_entropy"], word["right_entropy"]),
            word["text"],
            f"{word['text']}: {word['count']:,} times",
            share(log1p(word["count"]), most) ** 2,
            f"#w{number}",
        )
        for number, word in enumerate(words, start=1)
    ]
    return cloud(dots, x_title="cohesion (PMI, bits)", y_title="freedom (lesser entropy, bits)")
