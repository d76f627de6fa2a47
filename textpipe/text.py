"""Bytes to text: which encoding, strict or replacing decoding in a stream, folding, and safe places to cut.

Detection, in this order: byte order mark; NUL bytes (UTF-16 or UTF-32 if that reads as text, else binary); strict
UTF-8; then GB18030, Big5 and UTF-16 without NULs, whichever makes the text most probable under a model of
characters; then charset-normalizer. A file that is nearly all valid UTF-8 is broken UTF-8, not something else.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol

from textpipe.errors import BinaryFileError, EncodingError, InputError, UsageError

WINDOW = 1 << 20  # bytes that detection looks at
_BLOCK = 1 << 18  # bytes decoded at a time after detection
PIECE = 1 << 16  # characters: no text is handed on in longer pieces while it streams

_MARKS = (
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
_FULL_WIDTH = {0x3000: 0x20} | {
    code: code - 0xFEE0
    for first, last in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
    for code in range(ord(first), ord(last) + 1)
}
_ANY_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_SENTENCE_ENDS = "\n。！？；!?;…"
_INSIDE_A_BLOCK = re.compile("[\u4e00-\u9fd5a-zA-Z0-9+#&._%\\-\r]")  # characters that jieba never cuts beside for sure


def fold(text: str) -> str:
    """Full-width letters, digits and space become ASCII; Chinese punctuation stays; offsets stay the same."""
    return text.translate(_FULL_WIDTH)


def has_han(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return _ANY_HAN.search(text) is not None


# ---------------------------------------------------------------------------------------------- which encoding


@functools.cache
def _log_probabilities() -> dict[str, float]:
    """A coarse unigram model: the frequent Han characters in bands of rank, ASCII and Chinese punctuation."""
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
        if text is not None:
            total, plausible = _log_probability(text)
            best = max(best, (total, encoding, plausible), key=lambda item: item[0])
    return best[1], best[2]


def detect(data: bytes, *, complete: bool = True) -> str | None:
    """The encoding of the bytes as Python names it; None for binary data and for text that cannot be told.

    `complete` says that `data` is everything and not the first part of more.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        for family in (("utf-32-le", "utf-32-be"), ("utf-16-le", "utf-16-be")):
            wide, plausible = _best_of(data, family, complete=complete)
            if wide is not None and plausible > _BARELY:
                return wide
        return None
    if _decoded(data, "utf-8", complete=complete) is not None:
        return "utf-8"
    if _broken_utf8(data):
        return "utf-8"
    chinese, plausible = _best_of(data, (*_CHINESE, "utf-16-le", "utf-16-be"), complete=complete)
    if plausible <= 0:
        chinese, plausible = _best_of(data, _CHINESE, complete=False)  # it may have been cut inside a character
    if plausible > 0:
        return chinese
    other = _detect_other(data)
    return chinese if other is None or (chinese and other.startswith(("big5", "gb", "cp950"))) else other


def _detect_other(data: bytes) -> str | None:
    import charset_normalizer

    sample = data[: 1 << 16]
    match = charset_normalizer.from_bytes(sample).best()
    if match is None or match.encoding in {"ascii", "utf_8"} or _decoded(data, match.encoding, complete=False) is None:
        return None
    return match.encoding.replace("_", "-")


# ---------------------------------------------------------------------------------------------- decoding a stream


class ByteStream(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass
class Decoding:
    """What decoding a stream found out: the encoding, and how many places were replaced by U+FFFD."""

    encoding: str = "auto"
    replaced: int = 0


def known_encoding(name: str) -> str:
    """The name as Python spells it. Raises UsageError for an unknown encoding."""
    try:
        found = codecs.lookup(name)
        if not found._is_text_encoding or found.name == "undefined":  # rot13 and zip are codecs too
            raise LookupError(name)
        return found.name
    except (LookupError, ValueError):
        hint = "utf-8, gb18030, big5, utf-16, latin-1, shift-jis, …, or auto"
        raise UsageError(f"unknown encoding {name!r}", hint=hint) from None


def decode_stream(
    stream: ByteStream,
    *,
    where: str,
    encoding: str = "auto",
    errors: str = "strict",
    decoding: Decoding | None = None,
) -> Generator[str]:
    """Text of a binary stream in blocks, decoded strictly or (`errors="replace"`) with U+FFFD counted.

    With `encoding="auto"` ASCII is passed on until the first other byte, and the WINDOW from there decides.
    A character that the end of the stream cuts is replaced and counted even when `errors` is strict.
    Raises BinaryFileError for binary data and EncodingError, with the line, for bytes that do not fit.
    """
    decoding = decoding if decoding is not None else Decoding()
    lines = done = 0
    head = _read_fully(stream, WINDOW)
    if encoding == "auto":
        while len(head) == WINDOW and head.isascii() and b"\0" not in head:
            lines += head.count(b"\n")
            done += len(head)
            yield head.decode("ascii")
            head = _read_fully(stream, WINDOW)
        found = detect(head, complete=len(head) < WINDOW)
        if found is None:
            raise _not_text(head, where=where)
        encoding = found
    encoding = known_encoding(encoding)
    decoding.encoding = encoding
    for mark, marked in _MARKS:
        if head.startswith(mark) and (encoding == marked or marked.startswith(encoding)):
            head, encoding = head[len(mark) :], marked
            done += len(mark)
            break
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    block = head
    while True:
        final = not block
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            if final:
                decoding.replaced += 1
                yield "\ufffd"
                return
            raise _not_in(encoding, error, where=where, lines=lines, offset=done + len(block)) from None
        if errors == "replace" and "\ufffd" in text:
            genuine = block.count("\ufffd".encode(encoding, "ignore") or block + b"\0")
            decoding.replaced += max(0, text.count("\ufffd") - genuine)
        if text:
            lines += text.count("\n")
            yield text
        if final:
            return
        done += len(block)
        block = _read_fully(stream, _BLOCK)


def _read_fully(stream: ByteStream, size: int) -> bytes:
    """`size` bytes, fewer only at the end; a pipe gives what it has."""
    parts: list[bytes] = []
    while size > 0:
        part = stream.read(size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _not_text(head: bytes, *, where: str) -> InputError:
    if b"\0" in head:
        hint = "a document or an archive? export it as text first; force it with --encoding NAME"
        return BinaryFileError("this is a binary file, not text", where=where, hint=hint)
    return EncodingError("cannot tell the encoding", where=where, hint="name it: --encoding koi8-r, for example")


def _not_in(encoding: str, error: UnicodeDecodeError, *, where: str, lines: int, offset: int) -> EncodingError:
    before = error.object[: error.start].decode(encoding, "replace")
    position = offset - len(error.object) + error.start
    byte = f"0x{error.object[error.start]:02x}"
    other = "gb18030" if encoding.startswith("utf") else "utf-8"
    return EncodingError(
        f"byte {byte} at offset {position} is not {encoding}",
        where=where,
        line=lines + before.count("\n") + 1,
        hint=f"--encoding {other} if the file is that, or --errors replace to read on with � in its place",
    )


# ---------------------------------------------------------------------------------------------- cutting a stream


def _cut_place(buffer: str, start: int, limit: int) -> int:
    """Where to cut what follows `start` and is longer than `limit`: after a sentence if there is one, else where no
    token can cross, else at the limit."""
    stop = start + limit
    place = max(buffer.rfind(end, start, stop) for end in _SENTENCE_ENDS)
    if place >= start:
        return place + 1
    place = stop - 1
    while place >= start and _INSIDE_A_BLOCK.match(buffer, place):
        place -= 1
    if place >= start:
        return place + 1
    return stop - 1 if buffer[stop - 1] == "\r" else stop


def split_pieces(blocks: Iterator[str], *, limit: int = PIECE) -> Iterator[str]:
    """The same text in pieces of at most `limit` characters, cut at sentence ends where there are any."""
    buffer = ""
    for block in blocks:
        buffer += block
        start = 0
        while len(buffer) - start > limit:
            place = _cut_place(buffer, start, limit)
            yield buffer[start:place]
            start = place
        buffer = buffer[start:]
    if buffer:
        yield buffer


def split_lines(blocks: Iterator[str], *, limit: int = PIECE) -> Iterator[tuple[str, bool]]:
    """(piece, whether it ends its line): lines end at LF only, keep a CR, and are cut when longer than `limit`."""
    buffer = ""
    for block in blocks:
        *whole, buffer = (buffer + block).split("\n")
        for line in whole:
            if len(line) > limit:
                *parts, last = split_pieces(iter((line,)), limit=limit)
                yield from ((part, False) for part in parts)
                yield last, True
            else:
                yield line, True
        start = 0
        while len(buffer) - start > limit:
            place = _cut_place(buffer, start, limit)
            yield buffer[start:place], False
            start = place
        buffer = buffer[start:]
    if buffer:
        yield buffer, True


def whole_lines(
    blocks: Iterator[str], *, limit: int, too_long: Callable[[int], InputError]
) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its LF); a line over `limit` characters raises what `too_long` makes."""
    parts: list[str] = []
    size = 0
    number = 1
    for piece, ends in split_lines(blocks):
        parts.append(piece)
        size += len(piece)
        if size > limit:
            raise too_long(number)
        if ends:
            yield number, "".join(parts)
            parts.clear()
            size = 0
            number += 1
