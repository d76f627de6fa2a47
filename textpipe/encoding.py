"""Which encoding bytes are in.

In this order: byte order mark; NUL bytes (UTF-16 or UTF-32 if that reads as text, else binary); strict UTF-8, also
when its end is cut; ASCII with a few accented letters; then GB18030, Big5 and UTF-16 without NULs, whichever makes the
text most probable under a model of characters; then charset-normalizer. A file that is nearly all valid UTF-8 is
broken UTF-8, not something else.
"""

from __future__ import annotations

import codecs
import functools
import re

from textpipe.errors import UsageError

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_BARELY = -1.7  # for text that NUL bytes already show to be UTF-16 or UTF-32
_PLAUSIBLE = -9.3  # mean log-probability of a non-ASCII character below which text is not believed to be Chinese
_CHINESE = ("gb18030", "big5", "cp950")
_FOREIGN, _LETTER = re.compile(rb"[\x80-\xff]+"), re.compile(rb"[a-zA-Z]")
_FEW, _TOO_SHORT = 16, 8  # bytes
_MAINFRAMES = ["cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"]
_NOT_OF_FILES = ("undefined", "idna", "punycode")


def known_encoding(name: str) -> str:
    """The name as Python spells it. Raises UsageError for an unknown encoding."""
    try:
        found = codecs.lookup(name)
        if not found._is_text_encoding or found.name in _NOT_OF_FILES:  # rot13 and zip are codecs too
            raise LookupError(name)
        return found.name
    except (LookupError, ValueError):
        hint = "utf-8, gb18030, big5, utf-16, latin-1, shift-jis, …, or auto"
        raise UsageError(f"unknown encoding {name!r}", hint=hint) from None


def without_mark(head: bytes, encoding: str) -> tuple[bytes, str, int]:
    """(the bytes after a byte order mark of this encoding, the encoding with its byte order, the mark's length)."""
    for mark, marked in MARKS:
        if head.startswith(mark) and marked.startswith(encoding):
            return head[len(mark) :], marked, len(mark)
    if encoding in ("utf-16", "utf-32"):
        orders = (f"{encoding}-le", f"{encoding}-be")
        return head, _best_of(head, orders, complete=False)[0] or orders[0], 0
    return head, encoding, 0


@functools.cache
def _log_probabilities() -> dict[str, float]:
    """A coarse unigram model: the frequent Han characters in bands of rank, ASCII and Chinese punctuation."""
    from importlib.resources import files

    table = {chr(code): -5.0 for code in range(0x20, 0x7F)}
    table |= {character: -3.5 for character in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n\r\t"}
    table |= {chr(code): -6.0 for code in (*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F))}
    table |= {character: -4.5 for character in "，。、：；？！“”（）《》"}
    table |= {character: -7.0 for character in "‘’…—·「」『』°%"}
    ranked = files("textpipe").joinpath("resources/han_by_frequency.txt").read_text("utf-8").replace("\n", "")
    for last, value in ((100, -5.3), (500, -7.0), (1000, -8.4), (2500, -9.8), (len(ranked), -12.0)):
        for character in ranked[:last]:
            table.setdefault(character, value)
    return table


@functools.cache
def _rare_log_probability(character: str) -> float:
    """For characters outside the table. Traditional forms are as good as absent from jieba's dictionary."""
    code = ord(character)
    if 0x4E00 <= code <= 0x9FFF:
        big5 = character.encode("big5", "ignore")
        return -9.5 if b"\xa4\x40" <= big5 <= b"\xc6\x7e" else -14.0
    if 0xA0 <= code < 0x2000 and character.isalpha():
        return (
            -9.5
        )  # other alphabets; as likely as a rank of 2,000 so that they lose against Chinese, not against noise
    if 0x2000 <= code < 0x2700:
        return -10.0
    if 0x1F000 <= code <= 0x1FAFF or 0x2700 <= code < 0x2C00:
        return -11.0
    if character.isprintable() and not 0xF900 <= code <= 0xFAFF:
        return -13.0
    return -18.0


def _log_probability(text: str) -> tuple[float, float]:
    """(sum over all characters, how plausible those outside ASCII are: above 0 is Chinese).

    Plausible is a mean above a bar, which is lower for a short text: three characters may all be rare.
    """
    from collections import Counter

    table = _log_probabilities()
    total = rare = 0.0
    count = 0
    for character, times in Counter(text).items():
        value = table.get(character)
        if value is None:
            value = _rare_log_probability(character)
        total += times * value
        if character > "\x7f" or value < -12.0:
            rare += times * value
            count += times
    if not count:
        return total, 0.0
    allowance = 3.0 / count if 5 * count > len(text) else 0.0
    return total, rare / count - _PLAUSIBLE + allowance


def _decoded(data: bytes, encoding: str, *, complete: bool) -> str | None:
    """The text, or None when the bytes are not valid; a character cut by the window's end is not an error."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return decoder.decode(data, final=complete)
    except UnicodeDecodeError:
        return None


def _detect_wide(data: bytes, *, complete: bool) -> str | None:
    """UTF-32 or UTF-16 for bytes with NUL among them; a last byte that is left over is a character cut by the end."""
    if data.isascii() and 8 * data.count(0) <= len(data):
        return None  # ASCII with a stray NUL; Chinese in UTF-16 has other bytes, English a NUL in every second place
    attempts = (True, False) if len(data) > _TOO_SHORT else (True,)
    for whole in attempts if complete else (False,):
        for family in (("utf-32-le", "utf-32-be"), ("utf-16-le", "utf-16-be")):
            wide, plausible = _best_of(data, family, complete=whole)
            if wide is not None and plausible > _BARELY:
                return wide
    return None


def _cut_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, of more than ASCII, that ends inside a character."""
    text = _decoded(data, "utf-8", complete=False)
    return text is not None and not text.isascii()


def _broken_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8 with a few damaged places rather than another encoding."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if character > "\u07ff" and character != "\ufffd")
    return good >= max(4, 4 * bad)


def _best_of(data: bytes, encodings: tuple[str, ...], *, complete: bool) -> tuple[str | None, float]:
    """The encoding that makes the text most probable, and how plausible it is."""
    best: tuple[float, str | None, float] = (float("-inf"), None, float("-inf"))
    for encoding in encodings:
        text = _decoded(data, encoding, complete=complete)
        if text:
            total, plausible = _log_probability(text)
            best = max(best, (total, encoding, plausible), key=lambda item: item[0])
    return best[1], best[2]


def detect(data: bytes, *, complete: bool = True) -> str | None:
    """The encoding of the bytes as Python names it; None for binary data and for text that cannot be told.

    `complete` says that `data` is everything and not the first part of more.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _detect_wide(data, complete=complete)
    if _decoded(data, "utf-8", complete=complete) is not None:
        return "utf-8"
    if _broken_utf8(data) or _cut_utf8(data):
        return "utf-8"
    if _hardly_foreign(data):
        return "cp1252"
    chinese, plausible = _best_of(data, (*_CHINESE, "utf-16-le", "utf-16-be"), complete=complete)
    if plausible <= 0:
        chinese, plausible = _best_of(data, _CHINESE, complete=False)  # it may have been cut inside a character
    if plausible > 0:
        return chinese
    other = _detect_other(data)
    return chinese if other is None or (chinese and other.startswith(("big5", "gb", "cp950"))) else other


def _hardly_foreign(data: bytes) -> bool:
    """Whether it is ASCII but for a few accented letters: too little for statistics, and then Western Europe's."""
    foreign = _FOREIGN.findall(data)
    letters = len(_LETTER.findall(data))
    return (
        len(foreign) <= _FEW
        and letters >= 3 * len(foreign)
        and all(len(run) == 1 and run.decode("cp1252", "replace").isalpha() for run in foreign)
    )


def _detect_other(data: bytes) -> str | None:
    import charset_normalizer

    if len(data) < _TOO_SHORT and not _LETTER.search(data):
        return None  # any answer would be a guess
    sample = data[: 1 << 16]
    match = charset_normalizer.from_bytes(sample, cp_exclusion=["utf_16_be", "utf_16_le", *_MAINFRAMES]).best()
    if match is None or match.encoding in {"ascii", "utf_8"} or _decoded(data, match.encoding, complete=False) is None:
        return None
    return match.encoding.replace("_", "-")
