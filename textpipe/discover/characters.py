"""What kinds of characters a text is made of."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Literal, TypedDict, get_args

from textpipe.text import has_han

Kind = Literal[
    "han", "latin", "kana", "hangul", "other_letters", "digits", "punctuation", "symbols", "white_space", "other"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_SCRIPTS: tuple[tuple[str, Kind], ...] = (
    ("LATIN", "latin"),
    ("FULLWIDTH LATIN", "latin"),
    ("HIRAGANA", "kana"),
    ("KATAKANA", "kana"),
    ("HALFWIDTH KATAKANA", "kana"),
    ("HANGUL", "hangul"),
    ("HALFWIDTH HANGUL", "hangul"),
)
_CATEGORIES: dict[str, Kind] = {"N": "digits", "P": "punctuation", "S": "symbols", "Z": "white_space"}


class KindRecord(TypedDict):
    """Characters of one kind: how many, how many different ones, their share of all (None when there are none)."""

    kind: Kind
    count: int
    distinct: int
    share: float | None


def kind_of(character: str) -> Kind:
    """The kind of one character, from Unicode's properties; symbols include emoji, digits all numbers."""
    if character.isspace():
        return "white_space"
    if has_han(character):
        return "han"
    category = unicodedata.category(character)
    if category.startswith("L"):
        name = unicodedata.name(character, "")
        return next((kind for start, kind in _SCRIPTS if name.startswith(start)), "other_letters")
    return _CATEGORIES.get(category[0], "other")


def kind_records(counts: Mapping[str, int]) -> list[KindRecord]:
    """The kinds of counted characters, each in its place of KINDS, also those that do not occur."""
    total = sum(counts.values())
    found: Counter[Kind] = Counter()
    distinct: Counter[Kind] = Counter()
    for character, count in counts.items():
        kind = kind_of(character)
        found[kind] += count
        distinct[kind] += 1
    return [
        KindRecord(kind=kind, count=found[kind], distinct=distinct[kind], share=found[kind] / total if total else None)
        for kind in KINDS
    ]
