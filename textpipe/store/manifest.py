"""manifest.json: what an artifact is and how it was made. Read with suspicion: any changed byte is noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from textpipe.errors import ArtifactError, UsageError
from textpipe.store.keys import FORMAT, ID_LENGTH, Recipe, canonical, digest

NAME = "manifest.json"
_SIZE_LIMIT = 1 << 24  # bytes
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}")
_KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HEX = re.compile(r"[0-9a-f]+")


class Output(NamedTuple):
    """A file of an artifact."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Input:
    """What an artifact was made from: another artifact, or raw files (then `artifact` is None).

    digest: of the content; artifact: `kind/id`; files, bytes: how many raw files, and their size together
    """

    digest: str
    artifact: str | None = None
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Manifest:
    """An artifact's description. `created` is a label; no decision rests on it."""

    id: str
    kind: str
    stage: str
    version: int
    params: Mapping[str, Any]
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    created: str = ""

    @property
    def recipe(self) -> Recipe:
        """What the id is a digest of."""
        inputs = {role: given.digest for role, given in self.inputs.items()}
        return Recipe(self.kind, self.stage, self.version, self.params, inputs)

    @property
    def digest(self) -> str:
        """Of the content: the files' names and bytes. Equal content is an equal input, however it was made."""
        return digest("content", {name: output.sha256 for name, output in self.outputs.items()})

    def record(self) -> dict[str, Any]:
        """As JSON, with the format and without the checksum."""
        inputs = {role: {k: v for k, v in asdict(given).items() if v} for role, given in self.inputs.items()}
        outputs = {name: output._asdict() for name, output in self.outputs.items()}
        return {
            "format": FORMAT,
            "id": self.id,
            "kind": self.kind,
            "stage": self.stage,
            "version": self.version,
            "params": dict(self.params),
            "inputs": inputs,
            "outputs": outputs,
            "metrics": dict(self.metrics),
            "environment": dict(self.environment),
            "created": self.created,
        }

    def to_bytes(self) -> bytes:
        """The file's content, with a checksum of itself."""
        return _written(self.record())


def _written(record: dict[str, Any]) -> bytes:
    canonical(record)  # raises for what JSON cannot say exactly
    complete = {**record, "checksum": digest("manifest", record)}
    return (json.dumps(complete, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode("utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an object's folder. Raises ArtifactError for anything but what `Manifest.to_bytes` wrote."""
    path = folder / NAME
    if path.is_symlink() or not path.is_file():
        raise _damaged(folder, "it has no manifest")
    if path.stat().st_size > _SIZE_LIMIT:
        raise _damaged(folder, f"its manifest is larger than {_SIZE_LIMIT:,} bytes")
    data = path.read_bytes()
    try:
        record = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _damaged(folder, "its manifest is not JSON in UTF-8") from None
    if not isinstance(record, dict):
        raise _damaged(folder, "its manifest is no object")
    if isinstance(record.get("format"), int) and record["format"] > FORMAT:
        message = f"made by a newer textpipe (format {record['format']}, known: {FORMAT})"
        raise ArtifactError(message, where=folder, hint="pip install --upgrade textpipe-zh")
    checksum = record.pop("checksum", None)
    if not _as_written(record, data) or checksum != digest("manifest", record):
        raise _damaged(folder, "its manifest was changed")
    return _checked(record, folder)


def _as_written(record: dict[str, Any], data: bytes) -> bool:
    try:
        return _written(record) == data
    except (UsageError, RecursionError):
        return False


def _checked(record: dict[str, Any], folder: Path) -> Manifest:
    """The manifest, if it fits its place: a checksum proves no good will."""
    tables = ("params", "inputs", "outputs", "metrics", "environment")
    if not all(isinstance(record.get(name), dict) for name in tables) or type(record.get("version")) is not int:
        raise _damaged(folder, "its manifest lacks something")
    try:
        manifest = Manifest(
            id=record["id"],
            kind=record["kind"],
            stage=record["stage"],
            version=record["version"],
            params=record["params"],
            inputs={role: Input(**given) for role, given in record["inputs"].items()},
            outputs={name: Output(**given) for name, given in record["outputs"].items()},
            metrics=record["metrics"],
            environment=record["environment"],
            created=record["created"],
        )
    except (KeyError, TypeError, AttributeError):
        raise _damaged(folder, "its manifest lacks something") from None
    for name, output in manifest.outputs.items():
        if not usable_name(name) or not _is_digest(output.sha256) or type(output.size) is not int or output.size < 0:
            raise _damaged(folder, f"its manifest names an impossible file: {name[:60]!r}")
    for given in manifest.inputs.values():
        counted = type(given.files) is type(given.bytes) is int
        if not (counted and _is_digest(given.digest) and (given.artifact is None or is_address(given.artifact))):
            raise _damaged(folder, "its manifest names an impossible input")
    if (manifest.kind, manifest.id) != (folder.parent.name, folder.name) or manifest.recipe.id != manifest.id:
        raise _damaged(folder, "its manifest belongs to another artifact")
    return manifest


def usable_name(name: str) -> bool:
    """Whether an artifact may have a file of this name: a plain name, in no folder, and not the manifest's."""
    return _OUTPUT_NAME.fullmatch(name) is not None and name != NAME


def is_kind(name: object) -> bool:
    """Whether it is a possible name of a kind."""
    return isinstance(name, str) and _KIND.fullmatch(name) is not None


def is_id(name: object) -> bool:
    """Whether it is a possible id."""
    return isinstance(name, str) and len(name) == ID_LENGTH and _HEX.fullmatch(name) is not None


def is_address(name: object) -> bool:
    """Whether it is `kind/id`."""
    kind, _, identity = name.partition("/") if isinstance(name, str) else ("", "", "")
    return is_kind(kind) and is_id(identity)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and _HEX.fullmatch(value) is not None


def _damaged(folder: Path, problem: str) -> ArtifactError:
    return damaged(f"{folder.parent.name}/{folder.name}", problem)


def damaged(address: str, problem: str) -> ArtifactError:
    """The error for an artifact that is not what was published."""
    return ArtifactError(f"the artifact {address} is damaged: {problem}", hint=f"textpipe store rm {address}")
