"""Artifacts: built aside, published by one rename, read with suspicion, taken away by one rename."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textpipe.errors import ArtifactError, OutputError
from textpipe.files import as_output_error, digest_of, fsync, make_directory, naming_errors
from textpipe.store.keys import Recipe
from textpipe.store.layout import Store
from textpipe.store.locks import take
from textpipe.store.manifest import NAME, Input, Manifest, Output, damaged, is_id, is_kind, read_manifest, usable_name


@dataclass(frozen=True)
class Artifact:
    """A published artifact: its manifest and where it lies. `store.objects.verified` has checked its files."""

    folder: Path
    manifest: Manifest

    @property
    def address(self) -> str:
        """`kind/id`"""
        return f"{self.manifest.kind}/{self.manifest.id}"

    def file(self, name: str) -> Path:
        """The path of one of its files. Raises ArtifactError when it has no such file."""
        if name not in self.manifest.outputs:
            raise damaged(self.address, f"it has no file {name!r}")
        return self.folder / name


def folder_of(store: Store, address: str) -> Path:
    """Where the artifact `kind/id` lies, or would lie."""
    kind, _, identity = address.partition("/")
    return store.objects / kind / identity


def find(store: Store, recipe: Recipe) -> Artifact | None:
    """The artifact that this recipe makes, its manifest and sizes checked; None when it has not been made.

    Raises ArtifactError when it is damaged.
    """
    folder = store.objects / recipe.kind / recipe.id
    if not store.exists or not os.path.lexists(folder):
        return None
    return read(store, f"{recipe.kind}/{recipe.id}")


def read(store: Store, address: str) -> Artifact:
    """The artifact `kind/id`: its manifest whole, its files all there and of the right size, no other beside them.

    Reading is a use: it puts off collection. Raises ArtifactError when it is missing or damaged.
    """
    folder = folder_of(store, address)
    if not os.path.lexists(folder):
        raise ArtifactError(f"no artifact {address}", where=store.path, hint="textpipe store ls")
    with naming_errors(str(folder)):
        if folder.is_symlink() or not folder.is_dir():
            raise damaged(address, "it is no folder")
        artifact = Artifact(folder, read_manifest(folder))
        _check_files(artifact)
        with contextlib.suppress(OSError):  # a store that is read only, or somebody else's
            os.utime(folder)
    return artifact


def _check_files(artifact: Artifact) -> None:
    outputs = artifact.manifest.outputs
    met: set[str] = set()
    for entry in _entries(artifact.folder):
        status = entry.stat(follow_symlinks=False)
        met.add(entry.name)
        if entry.name == NAME:
            continue
        if entry.name not in outputs:
            raise damaged(artifact.address, f"{entry.name[:60]!r} does not belong to it")
        if not stat.S_ISREG(status.st_mode):
            raise damaged(artifact.address, f"{entry.name} is no regular file")
        if status.st_size != outputs[entry.name].size:
            raise damaged(artifact.address, f"{entry.name} has {status.st_size} bytes, not {outputs[entry.name].size}")
    missing = sorted(set(outputs) - met)
    if missing:
        raise damaged(artifact.address, f"{missing[0]} is missing")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def verified(artifact: Artifact, *, only: Container[str] | None = None) -> Artifact:
    """The same artifact when every byte of it is what was published, or of those of its files that are named.

    Raises ArtifactError when not.
    """
    for name, output in artifact.manifest.outputs.items():
        if only is not None and name not in only:
            continue
        with naming_errors(str(artifact.folder / name)):
            if digest_of(artifact.folder / name) != tuple(output):
                raise damaged(artifact.address, f"the content of {name} has changed")
    return artifact


def addresses(store: Store) -> Iterator[str]:
    """`kind/id` of all that lies under objects, sorted; also of what is damaged. Odd names are left to `strangers`."""
    for kind in _names(store.objects):
        if is_kind(kind):
            yield from (f"{kind}/{name}" for name in _names(store.objects / kind) if is_id(name))


def strangers(store: Store) -> Iterator[str]:
    """What lies under objects and cannot be an artifact, as relative paths."""
    for kind in _names(store.objects):
        if not is_kind(kind) or (store.objects / kind).is_symlink() or not (store.objects / kind).is_dir():
            yield kind
        else:
            yield from (f"{kind}/{name}" for name in _names(store.objects / kind) if not is_id(name))


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() and not folder.is_symlink() else []


# ---------------------------------------------------------------------------------------------- making one


@dataclass
class Building:
    """An artifact that is being made: write files into `folder`, fill `metrics`; the block's end publishes it."""

    folder: Path
    metrics: dict[str, Any] = field(default_factory=dict)
    artifact: Artifact | None = None


@contextlib.contextmanager
def building(
    store: Store,
    recipe: Recipe,
    inputs: Mapping[str, Input],
    *,
    environment: Mapping[str, str],
    replace: bool = False,
) -> Iterator[Building]:
    """A folder aside that becomes the artifact of the recipe when the block ends well, and nothing otherwise.

    When another process was first, its artifact is taken and this one dropped; with `replace` only if its content
    is the same. Raises OutputError when the disk
    cannot hold it durably: a failed fsync is not tried again.
    """
    store.prepare()
    with aside(store) as folder:
        current = Building(folder)
        yield current
        with naming_errors(str(folder)):
            outputs = _finish_files(folder)
        manifest = Manifest(
            id=recipe.id,
            kind=recipe.kind,
            stage=recipe.stage,
            version=recipe.version,
            params=recipe.params,
            inputs=inputs,
            outputs=outputs,
            metrics=current.metrics,
            environment=environment,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        current.artifact = publish(store, folder, manifest, replace=replace)


@contextlib.contextmanager
def aside(store: Store) -> Iterator[Path]:
    """A fresh folder in tmp/, locked as long as the block lives and gone after it."""
    folder = store.tmp / secrets.token_hex(8)
    with contextlib.ExitStack() as stack:
        stack.callback(discard, folder)
        with naming_errors(str(folder)):
            folder.mkdir()
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        take(descriptor)  # tells a collection that somebody is at work
        yield folder


def _finish_files(folder: Path) -> dict[str, Output]:
    """Make every file durable and read only; their sizes and digests, read back."""
    outputs: dict[str, Output] = {}
    for entry in _entries(folder):
        if not usable_name(entry.name) or not entry.is_file(follow_symlinks=False):
            raise OutputError("an artifact holds plain files only", where=entry.path, hint="report this as a bug")
        path = Path(entry.path)
        path.chmod(0o444)
        fsync(path)
        outputs[entry.name] = Output(*digest_of(path))
    return outputs


def publish(store: Store, folder: Path, manifest: Manifest, *, replace: bool = False) -> Artifact:
    """Give a finished folder in tmp/ its place by one rename; the manifest is its last file.

    With `replace`, what is there and differs is moved away first: between two renames there is none.
    """
    target = store.objects / manifest.kind / manifest.id
    with naming_errors(str(folder)):
        with open(os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as stream:
            stream.write(manifest.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        fsync(folder)
        make_directory(target.parent)
    if replace and os.path.lexists(target):
        address = f"{manifest.kind}/{manifest.id}"
        there = _same(store, address, manifest)
        if there is not None:
            return there
        remove(store, address)
    try:
        os.rename(folder, target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise as_output_error(error, where=str(target)) from None
        return read(store, f"{manifest.kind}/{manifest.id}")  # somebody else was first: theirs
    with naming_errors(str(target)):
        fsync(target.parent)
        target.chmod(0o555)
    return Artifact(target, manifest)


def _same(store: Store, address: str, manifest: Manifest) -> Artifact | None:
    """What is published already, if it is whole and has the content of the manifest."""
    try:
        there = verified(read(store, address))
    except ArtifactError:
        return None
    return there if there.manifest.digest == manifest.digest else None


# ---------------------------------------------------------------------------------------------- taking one away


def remove(store: Store, address: str) -> None:
    """Take an artifact away, damaged or not: out of its place by one rename, then piece by piece."""
    folder = folder_of(store, address)
    doomed = store.tmp / secrets.token_hex(8)
    with naming_errors(str(folder)):
        if not folder.is_symlink() and folder.is_dir():
            folder.chmod(0o755)  # a folder that cannot be written cannot be moved either
        os.rename(folder, doomed)
        fsync(folder.parent)
    discard(doomed)


def discard(path: Path) -> None:
    """Remove what nobody can find any more; what cannot be removed is left to the next collection."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
