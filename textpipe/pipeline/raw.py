"""Raw files as an input: named by the bytes they hold and the names below what the user named, never by a place."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from textpipe.corpus.document import ReadLog
from textpipe.corpus.paths import STDIN, expand
from textpipe.errors import InputError, UsageError
from textpipe.files import atomic_writer, digest_of, naming_errors
from textpipe.store.keys import digest
from textpipe.store.layout import Store
from textpipe.store.manifest import Input

_LARGE = 1 << 20  # bytes from which on a digest is worth remembering
_SETTLED = 2.0  # seconds: a file changed later than this before it was hashed may change again within one tick
_MOST_REMEMBERED = 10_000

Stamp = tuple[int, int, int, int]  # device, inode, size, mtime in nanoseconds


@dataclass(frozen=True)
class RawFiles:
    """Files behind paths, with their digests. `names` maps each path to its name below what the user named."""

    names: dict[str, str]
    stamps: dict[str, Stamp]
    given: Input
    log: ReadLog = field(default_factory=ReadLog)

    @property
    def digest(self) -> str:
        """Of names and bytes, in order."""
        return self.given.digest

    def check_unchanged(self) -> None:
        """Raises InputError when a file is not what was hashed any more."""
        for path, stamp in self.stamps.items():
            if not os.path.exists(path) or _stamp(path) != stamp:
                raise InputError("the file changed while it was read", where=path, hint="run it again")


def raw_files(paths: Iterable[str], store: Store, *, rehash: bool = False, remember: bool = True) -> RawFiles:
    """The files behind paths, folders and patterns, hashed; large ones once, then remembered by inode, size and mtime.

    Raises InputError for what is missing or no regular file, UsageError for standard input.
    """
    log = ReadLog()
    names: dict[str, str] = {}
    memory = _Memory(store, ignored=rehash)
    stamps: dict[str, Stamp] = {}
    content: list[list[str]] = []
    size = 0
    for named in paths:
        if named == STDIN:
            raise UsageError("standard input cannot be an artifact's input", hint="save it as a file")
        for source in expand([named], log):
            if source.path in names:
                continue  # named twice
            with naming_errors(source.path):
                stamps[source.path] = _stamp(source.path)
                names[source.path] = _name(source.path, named)
                content.append([names[source.path], memory.digest(source.path, stamps[source.path])])
            size += source.size
    if remember:
        memory.save()
    return RawFiles(names, stamps, Input(digest("files", content), files=len(content), bytes=size), log)


def _name(path: str, named: str) -> str:
    """A file's own name, or its path below the folder that was named; as text, whatever bytes it has."""
    name = os.path.relpath(path, named) if os.path.isdir(named) else os.path.basename(path)
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _stamp(path: str) -> Stamp:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class _Memory:
    """Digests of large files, kept in the store's file `hashes`. A damaged one is as good as none."""

    def __init__(self, store: Store, *, ignored: bool) -> None:
        self._store = store
        self._known: dict[str, str] = {} if ignored or not store.exists else _read(store.path / "hashes")
        self._changed = False

    def digest(self, path: str, stamp: Stamp) -> str:
        key = ":".join(map(str, stamp))
        if key in self._known:
            return self._known[key]
        hashed_at = time.time()
        found = digest_of(Path(path))[1]
        if stamp[2] >= _LARGE and hashed_at - stamp[3] / 1e9 > _SETTLED and _stamp(path) == stamp:
            self._known[key] = found
            self._changed = True
        return found

    def save(self) -> None:
        """Only into a store that is there already: looking must not make one."""
        if self._changed and self._store.exists and os.access(self._store.path, os.W_OK):
            kept = dict(list(self._known.items())[-_MOST_REMEMBERED:])
            with atomic_writer(str(self._store.path / "hashes"), force=True) as stream:
                stream.write(json.dumps(kept, indent=0).encode())


def _read(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return {}
    valid = isinstance(found, dict) and all(isinstance(value, str) and len(value) == 64 for value in found.values())
    return found if valid else {}
