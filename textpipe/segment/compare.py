"""Which settings of two tokenizers differ, in words."""

from __future__ import annotations

from textpipe.segment.tokenizer import Tokenizer


def differences(there: Tokenizer, here: Tokenizer) -> str:
    """What is otherwise `here` than `there`, as it reads in a message; empty when they cut alike."""
    found: list[str] = []
    for name in ("mode", "hmm", "traditional"):
        before, now = getattr(there, name), getattr(here, name)
        if before != now:
            found.append(f"{name} is {_shown(before)} there and {_shown(now)} here")
    for name, before, now in (
        ("user words", _words(there), _words(here)),
        ("protected terms", there.protect, here.protect),
    ):
        if before != now:
            found.append(f"{name} are {len(before)} there and {len(now)} here{_first(before, now)}")
    return "; ".join(found)


def _words(tokenizer: Tokenizer) -> tuple[object, ...]:
    return tokenizer.dictionary.entries


def _shown(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else repr(value)


def _first(before: tuple[object, ...], now: tuple[object, ...]) -> str:
    """The first that only one of them has."""
    for place, mine, other in (("there", before, set(now)), ("here", now, set(before))):
        for one in mine:
            if one not in other:
                word = one[0] if isinstance(one, tuple) else one
                return f" ({str(word)[:20]!r} only {place}, or otherwise)"
    return " (in another order)"
