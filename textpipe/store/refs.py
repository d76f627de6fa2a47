"""Names of artifacts: one-line files, replaced by rename; and what a user's text may mean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from textpipe.errors import ArtifactError, UsageError, did_you_mean
from textpipe.files import atomic_writer, make_directory, naming_errors
from textpipe.store.layout import Store
from textpipe.store.manifest import is_address, is_id, is_kind
from textpipe.store.objects import Artifact, addresses, folder_of, read

LATEST = "latest"
_NAME = re.compile(r"\w[\w.\-]*")
_LONGEST, _SHORTEST_PREFIX = 200, 4  # bytes of a name; digits of an id


def check_name(name: str) -> str:
    """The name, when a user may call an artifact so. Raises UsageError when not."""
    if not usable_name(name) or name == LATEST:
        hint = "letters, digits, _ - and . make a name; latest and 32 hexadecimal digits are taken"
        raise UsageError(f"not a name for an artifact: {name[:60]!r}", hint=hint)
    return name


def usable_name(name: str) -> bool:
    """Whether it may be a ref's file name: in no folder, not hidden, no id."""
    return _NAME.fullmatch(name) is not None and len(name.encode()) <= _LONGEST and not is_id(name)


def set_ref(store: Store, address: str, name: str) -> None:
    """Let a name of its kind mean the artifact `kind/id` from now on; writes nothing when it does already."""
    kind, _, identity = address.partition("/")
    if not is_address(address) or not usable_name(name):
        raise UsageError(f"not a name for an artifact: {name[:60]!r}", hint="letters, digits, _ - and . make a name")
    if _first_line(store.refs / kind / name) == identity:
        return
    with naming_errors(str(store.refs)):
        make_directory(store.refs / kind)
    with atomic_writer(str(store.refs / kind / name), force=True) as stream:
        stream.write(f"{identity}\n".encode())


def names(store: Store) -> Iterator[tuple[str, str]]:
    """(kind, name) of every ref, sorted."""
    for kind in sorted(os.listdir(store.refs)) if store.refs.is_dir() else []:
        if is_kind(kind) and (store.refs / kind).is_dir():
            for name in sorted(os.listdir(store.refs / kind)):
                if not name.startswith(".textpipe-"):
                    yield kind, name


def address_of(store: Store, kind: str, name: str) -> str:
    """The `kind/id` that a name means. Raises ArtifactError for a damaged ref and for one to nothing."""
    path = store.refs / kind / name
    hint = f"textpipe store rm {kind}/{name}"
    with naming_errors(str(path)):
        identity = _first_line(path)
    if not is_id(identity):
        raise ArtifactError(f"the name {kind}/{name} is damaged", where=path, hint=hint)
    address = f"{kind}/{identity}"
    if not os.path.lexists(folder_of(store, address)):
        raise ArtifactError(f"the name {kind}/{name} means an artifact that is not there", where=path, hint=hint)
    return address


def remove_ref(store: Store, kind: str, name: str) -> None:
    """Forget a name; the artifact stays until it is collected."""
    path = store.refs / kind / name
    with naming_errors(str(path)):
        path.unlink()


def resolve(store: Store, text: str, *, kind: str | None = None) -> Artifact:
    """The artifact that a user means: a name, `kind/name`, `kind/id`, an id or the beginning of one.

    With `kind` only artifacts of that kind come into question. Raises UsageError when it is ambiguous,
    ArtifactError when there is none or it is damaged.
    """
    if not store.exists:
        raise ArtifactError(
            "there is no store",
            where=store.path,
            hint="--store FOLDER names another; textpipe run, import and the train commands make one",
        )
    return read(store, resolved_address(store, text, kind=kind))


def resolved_address(store: Store, text: str, *, kind: str | None = None) -> str:
    """As `resolve`, without reading: the artifact may be damaged."""
    wanted, _, rest = text.rpartition("/")
    if wanted and kind and wanted != kind:
        raise UsageError(f"{text!r} is no {kind}", hint=f"textpipe store ls {kind}")
    kinds = {wanted or kind} - {None}
    named = [address_of(store, k, n) for k, n in names(store) if n == rest and (not kinds or k in kinds)]
    if not named and len(rest) >= _SHORTEST_PREFIX and re.fullmatch("[0-9a-f]+", rest):
        every = (address.partition("/") for address in addresses(store))
        named = [f"{k}/{i}" for k, _, i in every if i.startswith(rest) and (not kinds or k in kinds)]
    found = sorted(set(named))
    if len(found) > 1:
        shown = ", ".join(found[:5])
        hint = "write kind/name, or more of the id"
        raise UsageError(f"{text!r} may mean {len(found)} artifacts: {shown}", hint=hint)
    if not found:
        known = [name for k, name in names(store) if not kinds or k in kinds]
        what = f"{kind} artifact" if kind else "artifact"
        hint = f"textpipe store ls{f' {kind}' if kind else ''}"
        raise ArtifactError(f"no {what} {text!r}{did_you_mean(rest, known)}", where=store.path, hint=hint)
    assert is_address(found[0])
    return found[0]


def names_of(store: Store) -> dict[str, list[str]]:
    """`kind/id` → the names that mean it; damaged refs are left out."""
    found: dict[str, list[str]] = {}
    for kind, name in names(store):
        path = store.refs / kind / name
        identity = _first_line(path)
        if is_id(identity):
            found.setdefault(f"{kind}/{identity}", []).append(name)
    return found


def _first_line(path: Path) -> str:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
        return ""
    return path.read_bytes().decode("utf-8", "replace").removesuffix("\n")
