"""What lies in a store, as records: lists, lineages, differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from textpipe.errors import ArtifactError, UsageError
from textpipe.store.archive import lineage
from textpipe.store.collect import users_of
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, addresses, read, remove
from textpipe.store.refs import LATEST, address_of, names, names_of, remove_ref, resolved_address


class ArtifactRecord(TypedDict):
    """An artifact: its id (32 hexadecimal digits), kind and names, the stage that made it and when (ISO 8601), bytes of
    its files, and the metrics that its making told; damage says what is wrong with one that cannot be used, of which
    nothing else is known.
    """

    id: str
    kind: str
    names: list[str]
    stage: str
    created: str
    bytes: int
    metrics: dict[str, Any]
    damage: str | None


class ServedArtifact(TypedDict):
    """An artifact as the service lists it; name: the first of its names other than latest."""

    kind: str
    name: str | None
    id: str
    stage: str
    made: str
    metrics: dict[str, Any]
    names: list[str]
    bytes: int
    damage: str | None


class LineageRecord(TypedDict):
    """What an artifact was made from: its address (kind/id), names, stage, when it was made, and of which artifacts."""

    address: str
    names: list[str]
    stage: str
    made: str
    inputs: list[str]


class ArtifactDetails(TypedDict):
    """An artifact: its manifest with metrics, its names, the addresses of the artifacts that it was made from, and its
    lineage: all that these were made from in turn, each before what was made from it."""

    manifest: dict[str, Any]
    names: list[str]
    inputs: list[str]
    lineage: list[LineageRecord]


def list_artifacts(store: Store, *, kind: str | None = None) -> Iterator[ArtifactRecord]:
    """A record an artifact, by kind, newest last: id, kind, names, created, bytes, metrics; damaged ones say so."""
    if not store.exists:
        return
    known = names_of(store)
    records = [_listed(store, address, known.get(address, [])) for address in addresses(store)]
    for record in sorted(records, key=lambda record: (record["kind"], record["created"], record["id"])):
        if kind is None or record["kind"] == kind:
            yield record


def _listed(store: Store, address: str, known: list[str]) -> ArtifactRecord:
    kind, _, identity = address.partition("/")
    record = ArtifactRecord(id=identity, kind=kind, names=known, stage="", created="", bytes=0, metrics={}, damage=None)
    try:
        manifest = read(store, address).manifest
    except ArtifactError as error:
        record["damage"] = error.message
        return record
    record["stage"], record["created"], record["metrics"] = manifest.stage, manifest.created, dict(manifest.metrics)
    record["bytes"] = sum(output.size for output in manifest.outputs.values())
    return record


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


def served_artifacts(store: Store) -> list[ServedArtifact]:
    """As `list_artifacts`, the newest first."""
    found = sorted(list_artifacts(store), key=lambda record: (record["created"], record["id"]), reverse=True)
    return [
        ServedArtifact(
            kind=one["kind"],
            name=next((name for name in one["names"] if name != LATEST), None),
            id=one["id"],
            stage=one["stage"],
            made=one["created"],
            metrics=one["metrics"],
            names=one["names"],
            bytes=one["bytes"],
            damage=one["damage"],
        )
        for one in found
    ]


def artifact_details(store: Store, artifact: Artifact) -> ArtifactDetails:
    """How an artifact was made. Raises ArtifactError where something that it was made from is damaged."""
    known = names_of(store)
    before = [one for one in lineage(store, artifact) if one.address != artifact.address]
    return ArtifactDetails(
        manifest=artifact.manifest.record(),
        names=known.get(artifact.address, []),
        inputs=_inputs(artifact),
        lineage=[
            LineageRecord(
                address=one.address,
                names=known.get(one.address, []),
                stage=one.manifest.stage,
                made=one.manifest.created,
                inputs=_inputs(one),
            )
            for one in before
        ],
    )


def _inputs(artifact: Artifact) -> list[str]:
    return [given.artifact for given in artifact.manifest.inputs.values() if given.artifact is not None]


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
