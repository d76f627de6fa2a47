"""What lies in a store, as records: lists, lineages, differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textpipe.errors import ArtifactError, UsageError
from textpipe.store.archive import lineage
from textpipe.store.collect import users_of
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, addresses, read, remove
from textpipe.store.refs import address_of, names, names_of, remove_ref, resolved_address


def list_artifacts(store: Store, *, kind: str | None = None) -> Iterator[dict[str, Any]]:
    """A record an artifact, by kind, newest last: id, kind, names, created, bytes, metrics; damaged ones say so."""
    if not store.exists:
        return
    known = names_of(store)
    records = [_listed(store, address, known.get(address, [])) for address in addresses(store)]
    for record in sorted(records, key=lambda record: (record["kind"], record["created"], record["id"])):
        if kind is None or record["kind"] == kind:
            yield record


def _listed(store: Store, address: str, known: list[str]) -> dict[str, Any]:
    kind, _, identity = address.partition("/")
    record = {"id": identity, "kind": kind, "names": known, "created": "", "bytes": 0, "metrics": {}, "damage": None}
    try:
        artifact = read(store, address)
    except ArtifactError as error:
        return record | {"damage": error.message}
    manifest = artifact.manifest
    size = sum(output.size for output in manifest.outputs.values())
    return record | {"created": manifest.created, "bytes": size, "metrics": dict(manifest.metrics)}


def show_artifact(store: Store, artifact: Artifact) -> dict[str, Any]:
    """Everything about an artifact, and the artifacts that it was made from, each before what was made from it."""
    known = names_of(store)
    record = artifact.manifest.record()
    before = [one for one in lineage(store, artifact) if one.address != artifact.address]
    return record | {
        "digest": artifact.manifest.digest,
        "names": known.get(artifact.address, []),
        "lineage": [one.manifest.record() | {"digest": one.manifest.digest} for one in before],
    }


def differences(one: Artifact, other: Artifact) -> Iterator[dict[str, Any]]:
    """A record {"what", "a", "b"} for everything that differs in recipe, metrics, files and environment."""
    left, right = _flat(one.manifest.record()), _flat(other.manifest.record())
    for what in sorted({*left, *right}):
        if what not in ("id", "created") and left.get(what) != right.get(what):
            yield {"what": what, "a": left.get(what), "b": right.get(what)}


def _flat(value: Any, place: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {place: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{place}.{key}" if place else key)
    return found


def remove_named(store: Store, text: str, *, force: bool = False) -> str:
    """Remove the artifact that is meant, damaged or not, and its names; or a name that means nothing. What it was.

    Raises UsageError when other artifacts were made from it, unless `force`; ArtifactError when there is none.
    """
    kind, _, name = text.rpartition("/")
    if (kind, name) in set(names(store)) and _dangles(store, kind, name):
        remove_ref(store, kind, name)
        return f"{text} (a name that meant nothing)"
    address = resolved_address(store, text)
    users = users_of(store, address)
    if users and not force:
        raise UsageError(f"{len(users)} artifacts were made from {address}: {users[0]} …", hint="add --force")
    for known in names_of(store).get(address, []):
        remove_ref(store, address.partition("/")[0], known)
    remove(store, address)
    return address


def _dangles(store: Store, kind: str, name: str) -> bool:
    try:
        address_of(store, kind, name)
    except ArtifactError:
        return True
    return False
