"""Small artifacts for tests: a chain of a stage that writes what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog, name_artifact, realize
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact


def _write(folder: Path, params: Mapping[str, Any], _inputs: Mapping[str, Given], _log: StageLog) -> dict[str, Any]:
    (folder / "a.txt").write_text(params["text"] * params["times"])
    (folder / "b.npy").write_bytes(bytes(range(256)))
    return {"length": len(params["text"])}


WRITE = Stage(
    name="write",
    version=1,
    kind="written",
    make=_write,
    params={"text": Parameter("x"), "times": Parameter(1, "number")},
    inputs={"before": "written"},
    optional=frozenset({"before"}),
)


def written(store: Store, text: str, before: Artifact | None = None, *, times: int = 1, name: str = "") -> Artifact:
    """An artifact with the text; `name` is given to it."""
    inputs: dict[str, Given] = {} if before is None else {"before": before}
    artifact, _ = realize(store, WRITE, {"text": text, "times": times}, inputs)
    if name:
        name_artifact(store, artifact, name)
    return artifact


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, with the bytes of files."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
