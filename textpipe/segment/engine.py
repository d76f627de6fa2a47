"""The boundary behind which segmentation happens: what a Tokenizer asks of an engine, and which engine there is.

The compiled core serves where it was built; `JiebaEngine`, in Python, gives the same results elsewhere.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from typing import TYPE_CHECKING, Literal, Protocol

from textpipe.errors import ArtifactError, DictionaryError

if TYPE_CHECKING:
    import mmap

    import numpy as np
    from numpy.typing import NDArray

    from textpipe.segment import _core
    from textpipe.segment.dictionary import Entry

Mode = Literal["exact", "search", "full"]

_FOLDER = os.path.dirname(__file__)
TABLE = os.path.join(os.path.dirname(_FOLDER), "resources", "jieba.table")
_REINSTALL = "pip install --force-reinstall textpipe-zh (from its sources: pip install -e .)"
_HEAD = 32  # bytes before what the digest covers; its own are the last 8 of them
_WINDOW = 1 << 20  # a multiple of every page size


class Engine(Protocol):
    """Segmentation over one dictionary. Immutable, safe from any thread."""

    @property
    def total(self) -> int: ...
    def cut(self, text: str, mode: Mode, hmm: bool, /) -> list[str]: ...
    def spans(self, text: str, mode: Mode, hmm: bool, /) -> NDArray[np.int32]: ...
    def bounds(self, text: str, mode: Mode, hmm: bool, /) -> bytearray: ...
    def joined(self, text: str, mode: Mode, hmm: bool, lines: bool, /) -> bytes: ...
    def tag(self, text: str, hmm: bool, /) -> list[tuple[str, str]]: ...
    def frequency(self, word: str, /) -> int: ...
    def suggested_frequency(self, segment: str | tuple[str, ...], /) -> int: ...


def new_engine(entries: Iterable[Entry] = ()) -> Engine:
    """An engine over jieba's dictionary with the entries added in order.

    Raises DictionaryError when the frequencies sum to 2^63 or more.
    """
    try:
        return _new_engine(tuple(entries))
    except OverflowError:
        raise DictionaryError(
            "the frequencies of the dictionary sum to 2^63 or more", hint="make them smaller"
        ) from None


def _new_engine(entries: tuple[Entry, ...]) -> Engine:
    if is_compiled():
        from textpipe.segment import _core

        return _core.Engine(compiled_table(), entries)
    from textpipe.segment.jieba_engine import JiebaEngine

    return JiebaEngine(entries)


@functools.cache
def is_compiled() -> bool:
    """Whether the compiled core was built when this package was installed."""
    return any(os.path.exists(os.path.join(_FOLDER, f"_core{suffix}")) for suffix in EXTENSION_SUFFIXES)


@functools.cache
def compiled_table() -> _core.Table:
    """jieba's dictionary, IDF and models as one memory map, which all processes of the machine share.

    Raises ArtifactError when the file is missing or not what was built.
    """
    import mmap

    from textpipe.segment import _core

    if not os.path.exists(TABLE):
        raise ArtifactError("the table of the dictionary is missing", where=TABLE, hint=_REINSTALL)
    with open(TABLE, "rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size <= _HEAD or size % _HEAD:
            raise ArtifactError("the table of the dictionary is cut short", where=TABLE, hint=_REINSTALL)
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    if int.from_bytes(mapped[_HEAD - 8 : _HEAD], "little") != _core.digest(_windows(mapped)):
        raise ArtifactError("the table of the dictionary is damaged", where=TABLE, hint=_REINSTALL)
    try:
        return _core.Table(mapped)
    except ValueError as error:
        raise ArtifactError(str(error), where=TABLE, hint=_REINSTALL) from None


def _windows(mapped: mmap.mmap) -> Iterator[memoryview]:
    """What the digest covers, in parts. Pages that were read count as memory, and most are never needed again."""
    import mmap

    view = memoryview(mapped)
    for start in range(0, len(view), _WINDOW):
        yield view[max(start, _HEAD) : start + _WINDOW]
        if hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED, start, min(_WINDOW, len(view) - start))
