"""An artifact with all that it was made from, as one .tar; and such a file back into a store, suspected first."""

from __future__ import annotations

import contextlib
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from textpipe.errors import ArtifactError, InputError
from textpipe.files import atomic_writer, naming_errors, require_regular
from textpipe.store.layout import Store
from textpipe.store.manifest import NAME, Manifest, is_id, is_kind, read_manifest, usable_name
from textpipe.store.objects import Artifact, aside, folder_of, publish, read, verified

_MOST_MEMBERS = 100_000
_MOST_BYTES = 1 << 40
_BLOCK = 1 << 20


def lineage(store: Store, artifact: Artifact) -> Iterator[Artifact]:
    """The artifact and all that it was made from, inputs before what was made from them, each once.

    Raises ArtifactError when one of them is missing or damaged.
    """
    met: set[str] = set()
    waiting: list[Artifact | str] = [artifact]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            if current not in met:
                waiting.append(read(store, current))
        elif current.address in met:
            yield current  # its inputs have been
        else:
            met.add(current.address)
            waiting.append(current)
            inputs = current.manifest.inputs.values()
            waiting += [given.artifact for given in inputs if given.artifact is not None]


def export(store: Store, artifact: Artifact, path: str, *, force: bool = False) -> list[Artifact]:
    """Write the artifact and its lineage to a .tar, each verified on the way; the same artifact gives the same bytes.

    Raises ArtifactError for damage, OutputError when the file exists or cannot be written.
    """
    exported = [verified(one) for one in lineage(store, artifact)]
    with (
        atomic_writer(path, force=force) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for one in exported:
            for name in (*one.manifest.outputs, NAME):
                member = tarfile.TarInfo(f"{one.address}/{name}")
                member.size = (one.folder / name).stat().st_size
                member.mode = 0o444
                with open(one.folder / name, "rb") as content:
                    tar.addfile(member, content)
    return exported


def import_archive(store: Store, path: str) -> list[Artifact]:
    """The artifacts of a .tar, now in the store; those that were there already are left as they are.

    Paths, types, sizes and counts of all members are checked before anything is written, and all artifacts are
    verified before the first is published. Raises InputError for a file that is no such archive.
    """
    require_regular(path, what="archive")
    try:
        with tarfile.open(path, mode="r:") as tar:
            members = _checked(tar, path)
            store.prepare()
            with contextlib.ExitStack() as stack:
                unpacked = [
                    stack.enter_context(_unpacked(store, tar, address, members[address], path)) for address in members
                ]
                return [publish() for publish in unpacked]
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise InputError(f"not a tar archive, or a damaged one: {error}", where=path, hint=_HINT) from None


_HINT = "textpipe store export NAME FILE.tar makes one"


def _checked(tar: tarfile.TarFile, path: str) -> dict[str, list[tarfile.TarInfo]]:
    """`kind/id` → members, in the archive's order. Raises InputError for any member that has no place in a store."""
    found: dict[str, list[tarfile.TarInfo]] = {}
    names: set[str] = set()
    size = 0
    for count, member in enumerate(tar, start=1):
        parts = member.name.split("/")
        if len(parts) != 3 or not is_kind(parts[0]) or not is_id(parts[1]):
            raise InputError(f"no artifact's file: {member.name[:80]!r}", where=path, hint=_HINT)
        if not member.isreg() or member.issparse():
            raise InputError(f"not a plain file: {member.name[:80]!r}", where=path, hint=_HINT)
        if parts[2] != NAME and not usable_name(parts[2]):
            raise InputError(f"not a file's name: {member.name[:80]!r}", where=path, hint=_HINT)
        if member.name in names:
            raise InputError(f"twice in the archive: {member.name[:80]!r}", where=path, hint=_HINT)
        names.add(member.name)
        size += member.size
        if count > _MOST_MEMBERS or size > _MOST_BYTES:
            raise InputError(f"more than {_MOST_MEMBERS:,} files or {_MOST_BYTES:,} bytes", where=path, hint=_HINT)
        found.setdefault("/".join(parts[:2]), []).append(member)
    if not found:
        raise InputError("an archive without artifacts", where=path, hint=_HINT)
    if size > os.path.getsize(path):
        raise InputError("the archive is shorter than its members", where=path, hint=_HINT)
    return found


@contextlib.contextmanager
def _unpacked(
    store: Store, tar: tarfile.TarFile, address: str, members: list[tarfile.TarInfo], path: str
) -> Iterator[Callable[[], Artifact]]:
    """Unpack an artifact aside and verify it there; what is yielded publishes it."""
    if os.path.lexists(folder_of(store, address)):
        there = verified(read(store, address))
        yield lambda: there
        return
    kind, _, identity = address.partition("/")
    with aside(store) as folder:
        inner = folder / kind / identity  # so that the manifest can be held against its place
        with naming_errors(path):
            inner.mkdir(parents=True)
            for member in members:
                _unpack(tar, member, inner / member.name.rpartition("/")[2])
        manifest = _fitting(inner, address, path)
        with naming_errors(path):
            (inner / NAME).unlink()
        yield lambda: publish(store, inner, manifest)


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = tar.extractfile(member)
    assert content is not None  # a plain file, as _checked saw
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as stream:
        while block := content.read(_BLOCK):
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())


def _fitting(folder: Path, address: str, path: str) -> Manifest:
    """The manifest of an unpacked artifact, when everything is as it says. Raises InputError when not."""
    try:
        artifact = Artifact(folder, read_manifest(folder))
        present = set(os.listdir(folder)) - {NAME}
        if present != set(artifact.manifest.outputs):
            raise ArtifactError(f"the artifact {address} is not complete")
        return verified(artifact).manifest
    except ArtifactError as error:
        raise InputError(f"the archive holds damage: {error.message}", where=path, hint="export it again") from None
