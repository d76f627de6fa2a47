"""Output that grows by whole records and survives an interruption: what is done is not done again.

Every process grows files of its own, in `work/<id>/<random>/`, and begins with a copy of the longest that others left
there. What a saved state counts never changes any more, so a copy is right whether or not its owner still lives.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from textpipe.files import atomic_writer, naming_errors
from textpipe.store.locks import folders_below, is_abandoned, own_folder
from textpipe.store.objects import discard

_STATE = "state.json"
_SAVE_EVERY = 5.0  # seconds
_BLOCK = 1 << 20


class State(NamedTuple):
    """How many records are done, and how many bytes of each file they fill."""

    done: int
    sizes: list[int]


class Growing:
    """Files that grow together, a record at a time; `done` records are in them."""

    def __init__(self, folder: Path, names: Sequence[str], streams: Sequence[IO[bytes]], state: State) -> None:
        self._folder = folder
        self._names = names
        self._streams = streams
        self._state = state
        self._saved = time.monotonic()

    @property
    def done(self) -> int:
        """Records so far, with those of earlier runs."""
        return self._state.done

    def add(self, *parts: bytes) -> None:
        """One record: a part for each file, which may be empty. A stop in the middle leaves the record out."""
        for stream, part in zip(self._streams, parts, strict=True):
            stream.write(part)
        sizes = [size + len(part) for size, part in zip(self._state.sizes, parts, strict=True)]
        self._state = State(self._state.done + 1, sizes)
        if time.monotonic() - self._saved > _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Make what is done durable: the files first, then the state that says how much of them counts."""
        for stream in self._streams:
            stream.flush()
            os.fsync(stream.fileno())
        state = {"done": self.done, "sizes": dict(zip(self._names, self._state.sizes, strict=True))}
        with atomic_writer(str(self._folder / _STATE), force=True) as stream:
            stream.write(json.dumps(state).encode())
        self._saved = time.monotonic()


@contextmanager
def growing(work: Path, names: Sequence[str], *, into: Path) -> Iterator[Growing]:
    """Files in a folder of their own below `work`, which begin with what an earlier run saved there.

    They are moved to `into` when the block ends well.
    When it ends badly (an error, a signal), what is done is saved for the next run.
    """
    with naming_errors(str(work)), own_folder(work) as folder, ExitStack() as stack:
        state = _begin(folder, names)
        streams = [stack.enter_context(open(folder / name, "ab")) for name in names]
        output = Growing(folder, names, streams, state)
        with ExitStack() as saving:
            saving.callback(output.save)
            yield output
            saving.pop_all()
        for name, stream in zip(names, streams, strict=True):
            stream.close()
            os.rename(folder / name, into / name)
        discard(folder)


def _begin(folder: Path, names: Sequence[str]) -> State:
    """Copy the longest state that is there; forget what the dead left."""
    others = [other for other in folders_below(folder.parent) if other != folder]
    states = {other: state for other in others if (state := _saved(other, names)) is not None}
    best = max(states, key=lambda other: states[other].done, default=None)
    state = State(0, [0] * len(names)) if best is None else states[best]
    for name, size in zip(names, state.sizes, strict=True):
        with open(folder / name, "xb") as target:
            if best is not None and size:
                with open(best / name, "rb") as source:
                    _copy(source, target, size)
    for other in others:
        if is_abandoned(other):
            discard(other)
    return state


def forget(work: Path) -> None:
    """Remove what is saved below `work`, but for what another process may be at work on."""
    for folder in sorted(work.iterdir()) if work.is_dir() else []:
        if is_abandoned(folder):
            discard(folder)
    with contextlib.suppress(OSError):
        work.rmdir()


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (block := source.read(min(size, _BLOCK))):
        target.write(block)
        size -= len(block)


def _saved(folder: Path, names: Sequence[str]) -> State | None:
    """The state that a folder holds, if it fits its files."""
    file = folder / _STATE
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_bytes())
        state = State(content["done"], [content["sizes"][name] for name in names])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = all(
        type(size) is int and (folder / name).is_file() and 0 <= size <= (folder / name).stat().st_size
        for name, size in zip(names, state.sizes, strict=True)
    )
    return state if fits and type(state.done) is int and state.done >= 0 else None
