"""Characters that a page can hold, and languages that choose glyphs."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from textpipe.report.characters import count_signs, displayed, language_of


def test_every_character_is_kept_or_becomes_one_sign() -> None:
    text = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = displayed(text)
    assert len(shown) == len(text)
    changed = {ord(before) for before, after in zip(text, shown, strict=True) if before != after}
    steering = {code for code in range(0x10000) if unicodedata.bidirectional(chr(code)) in _BIDIRECTIONAL}
    control = {code for code in range(0x10000) if unicodedata.category(chr(code)) in {"Cc", "Cs"}}
    assert changed == (control - {9, 10, 13}) | steering | {0xFFFE, 0xFFFF}
    assert count_signs(text) == len(changed)
    shown.encode()
    assert displayed("a\x00b\x7fc\x85\ud800\u202e") == "a␀b␡c\ufffd\ufffd\ufffd"


_BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"),
        ("Words.", "en"),
        ("我们在这里", "zh-Hans"),
        ("我們在這裡", "zh-Hant"),
        ("山水", "zh-Hans"),
        ("東京は日本の首都です", "ja"),
        ("서울은 대한민국의 수도", "ko"),
        ("他说的“の”字在街上到处都能看见，其实并不奇怪。", "zh-Hans"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
