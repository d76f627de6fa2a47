"""Files as streams of bytes: compression undone, bytes counted for progress, damage told in one line."""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import select
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

from textpipe.corpus.document import ReadLog
from textpipe.corpus.paths import STDIN
from textpipe.errors import InputError, OutputError
from textpipe.files import naming_errors
from textpipe.text import ByteStream

if TYPE_CHECKING:
    from gzip import GzipFile

_BLOCK = 1 << 18
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

    def __init__(self, stream: Any, log: ReadLog) -> None:
        self._stream = stream
        self._log = log
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._ended:  # a terminal would have to be told again
            return 0
        while (data := self._stream.read(len(buffer))) is None:  # a pipe that does not block
            select.select([self._stream], [], [])
        self._ended = not data
        buffer[: len(data)] = data
        self._log.bytes_read += len(data)
        return len(data)


class _Unpacked(io.RawIOBase):
    """Concatenated bzip2 or xz streams. Unlike the standard library's files it does not ignore what follows them."""

    def __init__(self, source: ByteStream, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._source = source
        self._new = new
        self._decompressor = new()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            data = b""
            if self._decompressor.eof:
                data = (self._decompressor.unused_data or self._source.read(_BLOCK)).lstrip(b"\0")  # xz may pad
                if not data and not self._source.read(1):
                    return 0
                self._decompressor = self._new()
            elif self._decompressor.needs_input:
                data = self._source.read(_BLOCK)
                if not data:
                    raise EOFError("it ends too early")
            unpacked = self._decompressor.decompress(data, len(buffer))
            if unpacked:
                buffer[: len(unpacked)] = unpacked
                return len(unpacked)


class Opened:
    """The decompressed bytes of a file; a damaged or unreadable file raises an error where it breaks.

    `packed` says that they are not the file's own bytes.
    """

    def __init__(self, stream: io.BufferedReader[Any] | GzipFile, *, where: str, packed: bool) -> None:
        self._stream = stream
        self._where = where
        self.packed = packed

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end. Raises InputError for damage, OutputError for the disk's errors."""
        with _errors_told(self._where):
            return self._stream.read(size)

    def peek(self, size: int, /) -> bytes:
        """The next bytes, at most `size`, which stay to be read. Raises as `read` does."""
        with _errors_told(self._where):
            return self._stream.peek(size)[:size]


@contextlib.contextmanager
def _errors_told(where: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"damaged compressed file: {error}", where=where, hint=_DAMAGED) from None
    except OSError as error:
        if error.errno is None:  # gzip and bz2 say it so
            raise InputError(f"damaged compressed file: {error}", where=where, hint=_DAMAGED) from None
        raise OutputError(f"cannot read: {error.strerror}", where=where, hint=_UNREADABLE) from None


@contextlib.contextmanager
def open_bytes(path: str, log: ReadLog) -> Iterator[tuple[Opened, str]]:
    """(stream of decompressed bytes, suffix that the content shows or "") for a file or `-`.

    The suffix is `.xlsx` or `.parquet` for such content; compression is recognised by content, whatever the name.
    """
    with contextlib.ExitStack() as stack:
        if path == STDIN and sys.stdin is None:
            raise InputError("standard input is closed", where=path, hint="name files instead")
        raw = sys.stdin.buffer if path == STDIN else stack.enter_context(_open(path))
        opened = _unpacked(io.BufferedReader(_Counted(raw, log), _BLOCK), where=path)
        magic = opened.peek(_MAGIC_LENGTH)
        yield opened, next((suffix for start, suffix in _TABLES if magic.startswith(start)), "")


def _open(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except PermissionError:
        raise OutputError("no permission to read", where=path, hint=f"ls -l {path}") from None
    except OSError as error:
        raise OutputError(f"cannot open: {error.strerror}", where=path, hint=f"ls -l {path}") from None


def _unpacked(buffered: io.BufferedReader[_Counted], *, where: str) -> Opened:
    with _errors_told(where):
        magic = buffered.peek(_MAGIC_LENGTH)[:_MAGIC_LENGTH]
    compression = next((suffix for start, suffix in _COMPRESSIONS if magic.startswith(start)), "")
    if compression == ".gz":
        import gzip

        return Opened(gzip.GzipFile(fileobj=buffered), where=where, packed=True)
    if compression:
        new = bz2.BZ2Decompressor if compression == ".bz2" else lzma.LZMADecompressor
        return Opened(io.BufferedReader(_Unpacked(buffered, new), _BLOCK), where=where, packed=True)
    named = stem_and_compression(where)[1]
    if named and magic:
        raise InputError(f"the name says {named}, the content does not", where=where, hint="rename the file")
    return Opened(buffered, where=where, packed=False)


@contextlib.contextmanager
def seekable(opened: Opened, path: str) -> Iterator[IO[bytes]]:
    """The same bytes as a file to jump about in: the file itself, or a temporary one of what came otherwise."""
    if path != STDIN and not opened.packed:
        with _open(path) as stream:
            yield stream
        return
    from tempfile import TemporaryFile

    with TemporaryFile() as copy:
        with naming_errors("a temporary file"):
            while block := opened.read(_BLOCK):
                copy.write(block)
        copy.seek(0)
        yield copy
