"""Bytes to text: strict or replacing decoding in a stream, folding, and safe places to cut."""

from __future__ import annotations

import codecs
import functools
import re
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from textpipe.encoding import detect, known_encoding, without_mark
from textpipe.errors import REMAKE, ArtifactError, BinaryFileError, EncodingError, InputError
from textpipe.files import naming_errors, require_regular

WINDOW = 1 << 20  # bytes that detection looks at
_BLOCK = 1 << 18  # bytes decoded at a time after detection
SPACE_INSIDE = "\u2581"  # stands for white space inside a token, so that one space always divides two tokens
PIECE = 1 << 16  # characters: no text is handed on in longer pieces while it streams

_FULL_WIDTH = {0x3000: 0x20} | {
    code: code - 0xFEE0
    for first, last in (("０", "９"), ("Ａ", "Ｚ"), ("ａ", "ｚ"))
    for code in range(ord(first), ord(last) + 1)
}
_SENTENCE_ENDS = "\n。！？；!?;…"


@functools.cache  # wide sets of characters take a millisecond to compile
def _any_han() -> re.Pattern[str]:
    return re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")


@functools.cache
def _inside_a_block() -> re.Pattern[str]:
    """Characters that jieba never cuts beside for sure."""
    return re.compile("[\u4e00-\u9fd5a-zA-Z0-9+#&._%\\-\r]")


def fold(text: str) -> str:
    """Full-width letters, digits and space become ASCII; Chinese punctuation stays; offsets stay the same."""
    return text.translate(_FULL_WIDTH)


def one_word(token: str) -> str:
    """The token as files of tokens and vectors hold it: with U+2581 for every white space inside."""
    return token if token.isalnum() else "".join(SPACE_INSIDE if c.isspace() else c for c in token)


def has_han(text: str) -> bool:
    """Whether the text holds a Chinese character."""
    return _any_han().search(text) is not None


# ---------------------------------------------------------------------------------------------- decoding a stream


class ByteStream(Protocol):
    """Anything to read bytes from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass
class Decoding:
    """What decoding a stream found out: the encoding, how many places were replaced by U+FFFD, a byte order mark."""

    encoding: str = "auto"
    replaced: int = 0
    marked: bool = False


_COUNTED = "textpipe-counted"
_now = threading.local()  # the Decoding that this thread is busy with: a codec's error handler is told of none


def _replace_and_count(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # it is registered for decoding
    _now.decoding.replaced += 1
    return "\ufffd", error.end


codecs.register_error(_COUNTED, _replace_and_count)


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
    head, encoding, skipped = without_mark(head, encoding)
    decoding.encoding = encoding
    decoding.marked = skipped > 0
    done += skipped
    decoder = codecs.getincrementaldecoder(encoding)(_COUNTED if errors == "replace" else "strict")
    block = head
    while True:
        final = not block
        _now.decoding = decoding
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            if final:
                decoding.replaced += 1
                yield "\ufffd"
                return
            raise _not_in(encoding, error, where=where, lines=lines, offset=done + len(block)) from None
        if text:
            lines += text.count("\n")
            yield text
        if final:
            return
        done += len(block)
        block = _read_fully(stream, _BLOCK)


def artifact_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a text file of an artifact. Raises ArtifactError for what is no text."""
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield number, line.decode("utf-8").removesuffix("\n")
            except UnicodeDecodeError:
                raise ArtifactError("not text", where=path, line=number, hint=REMAKE) from None


def read_text(path: str, *, what: str, encoding: str = "auto") -> str:
    """The text of a file that fits in memory; `what` names it in messages.

    Raises InputError when it is missing or not text, OutputError when the system cannot read it.
    """
    require_regular(path, what=what)
    decoding = Decoding()
    with naming_errors(path), open(path, "rb") as stream:
        text = "".join(decode_stream(stream, where=path, encoding=encoding, decoding=decoding))
    if decoding.replaced:
        message = f"the {what.split(' (')[0]} ends inside a character"
        raise EncodingError(message, where=path, line=text.count("\n") + 1, hint="complete it, or save it again")
    return text.replace("\r", "\n") if "\n" not in text else text


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
    inside = _inside_a_block()
    while place >= start and inside.match(buffer, place):
        place -= 1
    if place >= start:
        return place + 1
    return stop - 1 if buffer[stop - 1] == "\r" and stop - 1 > start else stop


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


def line_blocks(blocks: Iterator[str], *, limit: int = PIECE) -> Iterator[tuple[str, bool, int]]:
    """As `split_lines`, with as many whole lines together as fit: (piece, whether it ends its line, how many lines)."""
    buffer = ""
    for block in blocks:
        lines, line_end, buffer = (buffer + block).rpartition("\n")
        start = 0
        while line_end and start <= len(lines):
            stop = lines.rfind("\n", start, start + limit + 1) if len(lines) - start > limit else len(lines)
            if stop >= 0:
                yield lines[start:stop], True, lines.count("\n", start, stop) + 1
            else:
                stop = lines.find("\n", start) % (len(lines) + 1)  # to the end if it is the last
                *parts, last = split_pieces(iter((lines[start:stop],)), limit=limit)
                yield from ((part, False, 1) for part in parts)
                yield last, True, 1
            start = stop + 1
        while len(buffer) > limit:
            place = _cut_place(buffer, 0, limit)
            yield buffer[:place], False, 1
            buffer = buffer[place:]
    if buffer:
        yield buffer, True, 1


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
