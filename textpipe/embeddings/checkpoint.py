"""States of training on disk, from which it goes on after any stop.

Every process saves to a folder of its own, `work/<random>/`, in one file that is replaced as a whole: matrices in
safetensors' format, and where training stands as its metadata. The state that is furthest is where the next one begins.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.files import atomic_writer, naming_errors
from textpipe.store.locks import folders_below, is_abandoned, own_folder
from textpipe.store.objects import discard

Matrices = Mapping[str, npt.NDArray[np.float32]]
_FILE = "state.safetensors"
_SAVE_EVERY = 5.0  # seconds at least
_SHARE = 20  # so many times longer than a save takes there is none: it costs a twentieth of the time at most
_LONGEST_HEADER = 1 << 24


class Checkpoints:
    """What one process saves; `folder` None for nothing at all. fingerprint: of all that the result depends on."""

    def __init__(self, folder: Path | None, fingerprint: str, matrices: Matrices) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._matrices = matrices
        self._next = time.monotonic() + _SAVE_EVERY

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return self._folder is not None and time.monotonic() >= self._next

    def save(self, place: tuple[int, int], state: Mapping[str, Any]) -> None:
        """Make matrices and state durable. place: what grows as training goes on."""
        if self._folder is None:
            return
        started = time.monotonic()
        metadata = {"fingerprint": self._fingerprint, "place": json.dumps(place), "state": json.dumps(state)}
        header: dict[str, Any] = {"__metadata__": metadata}
        offset = 0
        for name, matrix in self._matrices.items():
            header[name] = {
                "dtype": "F32",
                "shape": list(matrix.shape),
                "data_offsets": [offset, offset + matrix.nbytes],
            }
            offset += matrix.nbytes
        encoded = json.dumps(header).encode()
        encoded += b" " * (-len(encoded) % 8)
        with atomic_writer(str(self._folder / _FILE), force=True) as stream:
            stream.write(len(encoded).to_bytes(8, "little") + encoded)
            for matrix in self._matrices.values():
                stream.write(matrix.data.cast("B"))
        seconds = time.monotonic() - started
        self._next = started + seconds + max(_SAVE_EVERY, _SHARE * seconds)


@contextmanager
def checkpoints(
    work: Path | None, fingerprint: str, matrices: Matrices
) -> Iterator[tuple[Checkpoints, dict[str, Any] | None]]:
    """Where to save, and the state that an earlier run left, if any: then the matrices hold it.

    What is saved stays when the block ends, well or badly: whoever keeps the result removes it.
    """
    if work is None:
        yield Checkpoints(None, fingerprint, matrices), None
        return
    with naming_errors(str(work)), own_folder(work) as folder:
        own = Checkpoints(folder, fingerprint, matrices)
        others = [other for other in folders_below(work) if other != folder]
        with ExitStack() as files:  # opened once: their owners, if they live, put others in their place
            streams = [files.enter_context(stream) for other in others if (stream := _opened(other / _FILE))]
            saved = [header for stream in streams if (header := _header(stream, fingerprint, matrices))]
            best = max(saved, key=lambda header: header.place, default=None)
            state = None if best is None else best.state
            if best is not None:
                _read(best, matrices)
        if best is not None:
            own.save(best.place, best.state)
        for other in others:
            if is_abandoned(other):
                discard(other)
        yield own, state


class _Header(NamedTuple):
    """What a file says before its matrices: where they start, where training stood."""

    stream: BufferedReader
    start: int
    place: tuple[int, int]
    state: dict[str, Any]


def _opened(path: Path) -> BufferedReader | None:
    """The file, None for one that is not there (any more)."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _header(stream: BufferedReader, fingerprint: str, matrices: Matrices) -> _Header | None:
    """None for a file that is not whole, or of another training."""
    length = int.from_bytes(stream.read(8), "little")
    encoded = stream.read(length) if length <= _LONGEST_HEADER else b""
    try:
        header = json.loads(encoded)
        metadata = header["__metadata__"]
        shapes = {name: header[name]["shape"] for name in matrices}
        place, state = json.loads(metadata["place"]), json.loads(metadata["state"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    wanted = {name: list(matrix.shape) for name, matrix in matrices.items()}
    size = 8 + length + sum(matrix.nbytes for matrix in matrices.values())
    if metadata.get("fingerprint") != fingerprint or shapes != wanted or os.fstat(stream.fileno()).st_size != size:
        return None
    return _Header(stream, 8 + length, tuple(place), state)


def _read(saved: _Header, matrices: Matrices) -> None:
    saved.stream.seek(saved.start)
    for matrix in matrices.values():
        if saved.stream.readinto(matrix.data.cast("B")) != matrix.nbytes:
            raise OSError(f"{saved.stream.name} shrank while it was read")
