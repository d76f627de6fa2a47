"""What of a text a page may hold: characters that steer a browser or cannot be encoded stand as visible signs."""

from __future__ import annotations

import re

from textpipe.text import has_han

REPLACEMENT = 0xFFFD
_KEPT = {0x09, 0x0A, 0x0D}
# embeddings, overrides and isolates could turn the order of what stands around a text; plain marks may stay
_BIDIRECTIONAL = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SIGNS = (
    {code: 0x2400 + code for code in range(0x20) if code not in _KEPT}
    | {0x7F: 0x2421}
    | dict.fromkeys((*range(0x80, 0xA0), *_BIDIRECTIONAL, 0xFFFE, 0xFFFF), REPLACEMENT)
)
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
# frequent characters that only one of the two scripts has
_SIMPLIFIED = re.compile("[这们来时国说个为会对发过经动开关长问间样现实进还没电学车见东书门马]")
_TRADITIONAL = re.compile("[這們來時國說個為會對發過經動開關長問間樣現實進還沒電學車見東書門馬]")
_LOOKED_AT = 20_000  # characters


def displayed(text: str) -> str:
    """The text with a visible sign in place of each character that a page cannot hold; offsets stay the same."""
    return _UNSHOWN.sub(lambda match: chr(_SIGNS.get(ord(match[0]), REPLACEMENT)), text)


def count_signs(text: str) -> int:
    """How many characters `displayed` replaces."""
    return len(_UNSHOWN.findall(text))


def language_of(text: str) -> str:
    """The `lang` attribute that makes a browser choose glyphs: en, zh-Hans, zh-Hant, ja or ko."""
    text = text[:_LOOKED_AT]
    if len(_KANA.findall(text)) * 20 > len(text):  # a few in a Chinese text make no Japanese
        return "ja"
    if len(_HANGUL.findall(text)) * 20 > len(text):
        return "ko"
    if not has_han(text):
        return "en"
    return "zh-Hant" if len(_TRADITIONAL.findall(text)) > len(_SIMPLIFIED.findall(text)) else "zh-Hans"
