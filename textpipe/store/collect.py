"""What nobody needs: found from the names through the manifests' inputs, spared while young, taken away when asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from textpipe.errors import ArtifactError
from textpipe.files import naming_errors
from textpipe.store.layout import Store
from textpipe.store.locks import take
from textpipe.store.manifest import read_manifest
from textpipe.store.objects import addresses, discard, folder_of, remove
from textpipe.store.refs import address_of, names

GRACE = 3600.0  # seconds since an artifact was last used
WORK_AGE = 7 * 86400.0  # seconds since unfinished work was last saved


class Garbage(NamedTuple):
    """Something that a collection takes away: `what` is artifact, work, tmp or lock."""

    what: str
    name: str
    bytes: int
    path: Path


def reachable(store: Store) -> set[str]:
    """`kind/id` of all that names lead to, directly or as an input.

    Raises ArtifactError when a name or a manifest on the way is damaged: what it leads to cannot be known then.
    """
    waiting = [address_of(store, kind, name) for kind, name in names(store)]
    found: set[str] = set()
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        found.add(address)
        folder = folder_of(store, address)
        if not os.path.lexists(folder):
            continue  # an input may have been removed by hand; `verify` tells
        inputs = read_manifest(folder).inputs.values()
        waiting.extend(given.artifact for given in inputs if given.artifact is not None)
    return found


def garbage(store: Store, *, grace: float = GRACE, work_age: float = WORK_AGE) -> Iterator[Garbage]:
    """What a collection would take away now. Raises ArtifactError as `reachable` does."""
    if not store.exists:
        return
    needed = reachable(store)
    for address in addresses(store):
        folder = folder_of(store, address)
        if address not in needed and _age(folder) >= grace:
            yield Garbage("artifact", address, _size(folder), folder)
    for folder in _entries(store.work):
        if _youngest(folder) >= work_age:
            yield Garbage("work", folder.name, _size(folder), folder)
    for folder in _entries(store.tmp):
        if _youngest(folder) >= grace and not _at_work(folder):
            yield Garbage("tmp", folder.name, _size(folder), folder)
    for file in (*store.path.glob(".textpipe-*.tmp"), *store.refs.glob("*/.textpipe-*.tmp")):
        if _age(file) >= grace:
            yield Garbage("tmp", str(file.relative_to(store.path)), 0, file)
    for file in _entries(store.locks):
        if _age(file) >= work_age:
            yield Garbage("lock", file.name, 0, file)


def collect(store: Store, *, grace: float = GRACE, work_age: float = WORK_AGE) -> Iterator[Garbage]:
    """Take away what `garbage` finds; what was used in the meantime stays."""
    for found in list(garbage(store, grace=grace, work_age=work_age)):
        limit = grace if found.what in ("artifact", "tmp") else work_age
        if not os.path.lexists(found.path) or _youngest(found.path) < limit:
            continue
        if found.what == "artifact":
            remove(store, found.name)
        else:
            with naming_errors(str(found.path)):
                discard(found.path)
        yield found


def _entries(folder: Path) -> list[Path]:
    return [folder / name for name in sorted(os.listdir(folder))] if folder.is_dir() else []


def _age(path: Path) -> float:
    """Seconds since the last change, by the file system's clock and ours; a time in the future is young.

    What is gone by now counts as younger than all: somebody was at work on it.
    """
    try:
        return time.time() - path.lstat().st_mtime
    except FileNotFoundError:
        return float("-inf")


def _youngest(path: Path) -> float:
    """The age of what changed last in a folder, or of a file."""
    return min([_age(path), *(_age(inner) for inner in _inside(path))])


def _size(path: Path) -> int:
    return sum(os.path.getsize(inner) for inner in _inside(path) if os.path.isfile(inner))


def _inside(path: Path) -> list[Path]:
    """Everything below a folder; what vanishes on the way is left out."""
    return [Path(root) / name for root, folders, files in os.walk(path) for name in (*folders, *files)]


def _at_work(folder: Path) -> bool:
    """Whether a builder holds the lock on its folder, or has just finished with it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        return not take(descriptor)
    finally:
        os.close(descriptor)


def users_of(store: Store, address: str) -> list[str]:
    """`kind/id` of the artifacts made from this one; damaged ones are left out."""
    users: list[str] = []
    for other in addresses(store):
        try:
            inputs = read_manifest(folder_of(store, other)).inputs.values()
        except ArtifactError:
            continue
        if any(given.artifact == address for given in inputs):
            users.append(other)
    return users
