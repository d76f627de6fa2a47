"""Files as streams of bytes: compression undone, bytes counted for progress, damage told in one line."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Any

from textpipe.corpus.document import ReadLog
from textpipe.corpus.paths import STDIN
from textpipe.errors import InputError, OutputError
from textpipe.text import ByteStream

_COMPRESSIONS = ((b"\x1f\x8b", ".gz"), (b"BZh", ".bz2"), (b"\xfd7zXZ\0", ".xz"))
_MAGIC_LENGTH = 8
_UNREADABLE = "is the disk still there?"
_DAMAGED = "make or copy it again; gzip -t, bzip2 -t or xz -t tells more"
_TABLES = ((b"PK\x03\x04", ".xlsx"), (b"PAR1", ".parquet"))


def stem_and_compression(path: str) -> tuple[str, str]:
    """`a.csv.gz` is `a.csv` and `.gz`; a path without such a suffix has none."""
    for _, suffix in _COMPRESSIONS:
        if path.lower().endswith(suffix):
            return path[: -len(suffix)], suffix
    return path, ""


class _Counted(io.RawIOBase):
    """A raw stream that adds what is read to the log, for progress."""

    def __init__(self, stream: IO[bytes], log: ReadLog) -> None:
        self._stream = stream
        self._log = log

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._log.bytes_read += len(data)
        return len(data)


class Opened:
    """The decompressed bytes of a file; a damaged or unreadable file raises an error where it breaks."""

    def __init__(self, stream: ByteStream, *, where: str) -> None:
        self._stream = stream
        self._where = where

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end. Raises InputError for damage, OutputError for the disk's errors."""
        try:
            return self._stream.read(size)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise InputError(f"damaged compressed file: {error}", where=self._where, hint=_DAMAGED) from None
        except OSError as error:
            if error.errno is None:  # bz2 says it so
                raise InputError(f"damaged compressed file: {error}", where=self._where, hint=_DAMAGED) from None
            raise OutputError(f"cannot read: {error.strerror}", where=self._where, hint=_UNREADABLE) from None


@contextlib.contextmanager
def open_bytes(path: str, log: ReadLog) -> Iterator[tuple[Opened, str]]:
    """(stream of decompressed bytes, suffix that the content shows or "") for a file or `-`.

    The suffix is `.xlsx` or `.parquet` for such content; compression is recognised by content, whatever the name.
    """
    with contextlib.ExitStack() as stack:
        if path == STDIN and sys.stdin is None:
            raise InputError("standard input is closed", where=path, hint="name files instead")
        raw = sys.stdin.buffer if path == STDIN else stack.enter_context(_open(path))
        buffered = io.BufferedReader(_Counted(raw, log), 1 << 18)
        stream, magic = _decompressed(buffered, where=path)
        table = next((suffix for start, suffix in _TABLES if magic.startswith(start)), "")
        yield Opened(stream, where=path), table


def _open(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except PermissionError:
        raise OutputError("no permission to read", where=path, hint=f"ls -l {path}") from None
    except OSError as error:
        raise OutputError(f"cannot open: {error.strerror}", where=path, hint=f"ls -l {path}") from None


def _decompressed(buffered: io.BufferedReader[_Counted], *, where: str) -> tuple[ByteStream, bytes]:
    try:
        magic = buffered.peek(_MAGIC_LENGTH)[:_MAGIC_LENGTH]
    except OSError as error:
        raise OutputError(f"cannot read: {error.strerror}", where=where, hint=_UNREADABLE) from None
    compression = next((suffix for start, suffix in _COMPRESSIONS if magic.startswith(start)), "")
    if compression == ".gz":
        return gzip.GzipFile(fileobj=buffered), b""
    if compression == ".bz2":
        return bz2.BZ2File(buffered), b""
    if compression == ".xz":
        return lzma.LZMAFile(buffered), b""
    named = stem_and_compression(where)[1]
    if named and magic:
        raise InputError(f"the name says {named}, the content does not", where=where, hint="rename the file")
    return buffered, magic
