"""States of training on disk, from which it goes on after any stop.

Every process saves to a folder of its own, `work/<random>/`, in one file that is replaced as a whole: arrays in
safetensors' format, and where training stands as its metadata. The state that is furthest is where the next one begins.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from textpipe.files import atomic_writer, naming_errors
from textpipe.store.locks import folders_below, is_abandoned, own_folder
from textpipe.store.objects import discard

if TYPE_CHECKING:
    import numpy.typing as npt

_FILE = "state.safetensors"
_SAVE_EVERY = 5.0  # seconds at least
_SHARE = 20  # so many times longer than a save takes there is none: it costs a twentieth of the time at most
_LONGEST_HEADER = 1 << 24
CODES = {  # numpy's name of a type → that of safetensors
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "uint8": "U8",
    "bool": "BOOL",
}
_NAMES = {code: name for name, code in CODES.items()}
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}

Arrays = Mapping[str, "npt.NDArray[Any]"]


class Kind(NamedTuple):
    """Of an array: numpy's name of its type, and its shape."""

    dtype: str
    shape: tuple[int, ...]


Room = Callable[[Mapping[str, Kind]], Arrays | None]


class Saved(NamedTuple):
    """A state: what grows as training goes on, where it stands, its arrays."""

    place: tuple[int, ...]
    state: dict[str, Any]
    arrays: Arrays


def kinds_of(arrays: Arrays) -> dict[str, Kind]:
    """The kind of each."""
    return {name: Kind(str(array.dtype), tuple(array.shape)) for name, array in arrays.items()}


class Checkpoints:
    """What one process saves; `folder` None for nothing at all. fingerprint: of all that the result depends on."""

    def __init__(self, folder: Path | None, fingerprint: str, arrays: Callable[[], Arrays]) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._arrays = arrays
        self._next = time.monotonic() + _SAVE_EVERY

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return self._folder is not None and time.monotonic() >= self._next

    def save(self, place: tuple[int, ...], state: Mapping[str, Any]) -> None:
        """Make arrays and state durable. place: what grows as training goes on."""
        if self._folder is not None:
            self.write(Saved(place, dict(state), self._arrays()))

    def write(self, saved: Saved) -> None:
        """Make this state durable. Arrays are contiguous, of types that safetensors has."""
        if self._folder is None:
            return
        started = time.monotonic()
        parts = {"place": json.dumps(saved.place), "state": json.dumps(saved.state)}
        header: dict[str, Any] = {"__metadata__": {"fingerprint": self._fingerprint, **parts}}
        offset = 0
        for name, array in saved.arrays.items():
            header[name] = {
                "dtype": CODES[str(array.dtype)],
                "shape": list(array.shape),
                "data_offsets": [offset, offset + array.nbytes],
            }
            offset += array.nbytes
        encoded = json.dumps(header).encode()
        encoded += b" " * (-len(encoded) % 8)
        with atomic_writer(str(self._folder / _FILE), force=True) as stream:
            stream.write(len(encoded).to_bytes(8, "little") + encoded)
            for array in saved.arrays.values():
                stream.write(_octets(array))
        seconds = time.monotonic() - started
        self._next = started + seconds + max(_SAVE_EVERY, _SHARE * seconds)


@contextmanager
def checkpoints(
    work: Path | None, fingerprint: str, *, arrays: Callable[[], Arrays], room: Room
) -> Iterator[tuple[Checkpoints, Saved | None]]:
    """Where to save, and the state that an earlier run left, if any.

    arrays: what there is to save, asked for at each save; room: arrays that a state of these kinds is read into, None
    when it cannot be of this training. What is saved stays when the block ends, well or badly: whoever keeps the result
    removes it.
    """
    if work is None:
        yield Checkpoints(None, fingerprint, arrays), None
        return
    with naming_errors(str(work)), own_folder(work) as folder:
        own = Checkpoints(folder, fingerprint, arrays)
        others = [other for other in folders_below(work) if other != folder]
        with ExitStack() as files:  # opened once: their owners, if they live, put others in their place
            streams = [files.enter_context(stream) for other in others if (stream := _opened(other / _FILE))]
            headers = [header for stream in streams if (header := _header(stream, fingerprint, room))]
            best = max(headers, key=lambda header: header.place, default=None)
            saved = None if best is None else _read(best, room)
        if saved is not None:
            own.write(saved)
        for other in others:
            if is_abandoned(other):
                discard(other)
        yield own, saved


class _Header(NamedTuple):
    """What a file says before its arrays: where they start, what they are, where training stood."""

    stream: BufferedReader
    start: int
    kinds: dict[str, Kind]
    place: tuple[int, ...]
    state: dict[str, Any]


def _opened(path: Path) -> BufferedReader | None:
    """The file, None for one that is not there (any more)."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _header(stream: BufferedReader, fingerprint: str, room: Room) -> _Header | None:
    """None for a file that is not whole, or of another training."""
    length = int.from_bytes(stream.read(8), "little")
    encoded = stream.read(length) if length <= _LONGEST_HEADER else b""
    try:
        header = json.loads(encoded)
        metadata = header.pop("__metadata__")
        if metadata["fingerprint"] != fingerprint:
            return None
        kinds = {name: Kind(_NAMES[part["dtype"]], tuple(part["shape"])) for name, part in header.items()}
        size = sum(_SIZES[part["dtype"]] * math.prod(part["shape"]) for part in header.values())
        place, state = tuple(json.loads(metadata["place"])), json.loads(metadata["state"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if os.fstat(stream.fileno()).st_size != 8 + length + size or room(kinds) is None:
        return None
    return _Header(stream, 8 + length, kinds, place, state)


def _read(found: _Header, room: Room) -> Saved | None:
    arrays = room(found.kinds)
    if arrays is None:
        return None
    found.stream.seek(found.start)
    for name in found.kinds:
        if found.stream.readinto(_octets(arrays[name])) != arrays[name].nbytes:
            raise OSError(f"{found.stream.name} shrank while it was read")
    return Saved(found.place, found.state, arrays)


def _octets(array: Any) -> Any:
    """The memory of a contiguous array, byte by byte."""
    return array.reshape(-1).view("u1").data
