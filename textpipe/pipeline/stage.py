"""A stage: how one kind of artifact is made from others. Find it made, or make it."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from textpipe.errors import UsageError, did_you_mean
from textpipe.files import naming_errors
from textpipe.pipeline.raw import RawFiles
from textpipe.pipeline.resume import forget
from textpipe.store.keys import Recipe
from textpipe.store.layout import Store
from textpipe.store.locks import locked
from textpipe.store.manifest import Input
from textpipe.store.objects import Artifact, building, find, verified
from textpipe.store.refs import LATEST, set_ref
from textpipe.version import __version__

_MOST = 1 << 63  # numbers of TOML and of numpy
Given = Artifact | RawFiles


@dataclass(frozen=True)
class Parameter:
    """What a stage may be told: a default, and the type of value that is taken.

    type: `text`, `texts`, `number` (whole, from `least`), `real` (finite), `flag`, `column` (a text or a number),
        `settings` (a table of values)
    choices: the texts that are possible; optional: None is a value too
    """

    default: Any
    type: Literal["text", "texts", "number", "real", "flag", "column", "settings"] = "text"
    choices: tuple[str, ...] = ()
    least: int = 0
    optional: bool = False

    def problem(self, value: Any) -> str | None:
        """Why the value cannot be taken, None when it can."""
        if value is None and self.optional:
            return None
        if self.type == "flag":
            return None if isinstance(value, bool) else "true or false is needed"
        if self.type == "number":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return None if whole and self.least <= value < _MOST else f"a whole number from {self.least} is needed"
        if self.type == "real":
            real = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return None if real else "a number is needed"
        if self.type == "settings":
            return None if isinstance(value, dict) else "a table of settings is needed, like {lr = 0.01}"
        if self.type == "texts":
            texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
            if not texts:
                return 'a list of texts is needed, like ["a", "b"]'
            strange = [one for one in value if self.choices and one not in self.choices]
            return f"not {strange[0]!r}, but of: {', '.join(self.choices)}" if strange else None
        if self.type == "column" and isinstance(value, int) and not isinstance(value, bool):
            return None
        if not isinstance(value, str):
            return 'text in quotes is needed, like "this"'
        return f"one of: {', '.join(self.choices)}" if self.choices and value not in self.choices else None

    def canonical(self, value: Any) -> Any:
        """The value as recipes have it: 1 and 1.0 are one real number, 1 and "1" one column."""
        if value is None:
            return None
        return {"column": str, "real": float}.get(self.type, lambda same: same)(value)


class StageLog:
    """What a stage tells while it works, and where it may keep state to go on from when it is stopped."""

    def __init__(
        self,
        *,
        progress: Callable[[int], None] | None = None,
        note: Callable[[str], None] | None = None,
        advance: Callable[[float, str], None] | None = None,
    ) -> None:
        self.progress = progress or (lambda _done: None)
        self.note = note or (lambda _message: None)
        self.advance = advance or (lambda _share, _state: None)  # the share that is done, 0 to 1, and how it stands
        self.work: Path | None = None  # a folder that outlives an interruption; set while a stage is made


Make = Callable[[Path, Mapping[str, Any], Mapping[str, Given], StageLog], dict[str, Any]]


def _anything_goes(_params: Mapping[str, Any]) -> None:
    """For stages whose parameters fit together in any way."""


def _as_given(params: dict[str, Any]) -> dict[str, Any]:
    """For stages whose parameters say all that decides the output."""
    return params


@dataclass(frozen=True)
class Stage:
    """How one kind of artifact is made.

    version: rises whenever the output would change
    make: (folder to write into, params, inputs by role, log) → metrics; must depend on nothing else
    inputs: role → kind of artifact, or `files` for raw files; optional: the roles that may be left out
    explicit: roles that a pipeline file must name a step for, else they are left out
    packages: those whose version decides the output; they are parameters too
    fill: of all parameters, those of a recipe: defaults that depend on other parameters are written out
    check: raises UsageError for parameters that do not fit together, before anything is made
    """

    name: str
    version: int
    kind: str
    make: Make
    params: Mapping[str, Parameter] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    explicit: frozenset[str] = frozenset()
    packages: tuple[str, ...] = ()
    fill: Callable[[dict[str, Any]], dict[str, Any]] = _as_given
    check: Callable[[Mapping[str, Any]], object] = _anything_goes

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, those not given by default. Raises UsageError for an unknown one or a wrong value."""
        for name, value in params.items():
            self.check_value(name, value)
        complete = {name: params.get(name, parameter.default) for name, parameter in self.params.items()}
        return self.fill({name: self.params[name].canonical(value) for name, value in complete.items()})

    def check_value(self, name: str, value: Any) -> None:
        """Raises UsageError when there is no such parameter, or not of such a value."""
        if name not in self.params:
            raise UsageError(f"{self.name} has no parameter {name!r}{did_you_mean(name, list(self.params))}")
        problem = self.params[name].problem(value)
        if problem is not None:
            raise UsageError(f"{name}: {problem}")

    def recipe(self, params: Mapping[str, Any], inputs: Mapping[str, str]) -> Recipe:
        """The recipe for all parameters and the digests of the inputs; versions of packages are parameters too."""
        packages = {"packages": {name: version(name) for name in self.packages}} if self.packages else {}
        return Recipe(self.kind, self.name, self.version, {**params, **packages}, inputs)


def digests(inputs: Mapping[str, Given]) -> dict[str, str]:
    """role → content digest"""
    return {role: one.manifest.digest if isinstance(one, Artifact) else one.digest for role, one in inputs.items()}


def _as_inputs(inputs: Mapping[str, Given]) -> dict[str, Input]:
    return {
        role: Input(one.manifest.digest, one.address) if isinstance(one, Artifact) else one.given
        for role, one in inputs.items()
    }


def realize(
    store: Store,
    stage: Stage,
    params: Mapping[str, Any],
    inputs: Mapping[str, Given],
    *,
    log: StageLog | None = None,
    force: bool = False,
) -> tuple[Artifact, bool]:
    """(the artifact, whether it was made now). All of `params` must be given, as `Stage.complete` gives them.

    What is being made elsewhere at the same time is waited for. With `force` an artifact that is there is made
    again, and replaced if it is damaged or comes out otherwise. Raises what the stage raises, ArtifactError for
    damaged inputs, OutputError for the disk.
    """
    log = log or StageLog()
    recipe = stage.recipe(params, digests(inputs))
    found = None if force else find(store, recipe)
    if found is not None:
        return found, False
    store.prepare()
    with (
        naming_errors(str(store.path)),
        locked(store.locks / recipe.id, waiting=lambda: log.note(f"another process makes {recipe.kind}/{recipe.id}")),
    ):
        found = None if force else find(store, recipe)
        if found is not None:
            return found, False
        artifact = _make(store, stage, recipe, params, inputs, log, force=force)
    return artifact, True


def _make(
    store: Store,
    stage: Stage,
    recipe: Recipe,
    params: Mapping[str, Any],
    inputs: Mapping[str, Given],
    log: StageLog,
    *,
    force: bool,
) -> Artifact:
    for one in inputs.values():
        if isinstance(one, Artifact):
            verified(one)
    log.work = store.work / recipe.id
    with building(store, recipe, _as_inputs(inputs), environment=environment(), replace=force) as current:
        current.metrics.update(stage.make(current.folder, params, inputs, log))
        for one in inputs.values():
            if isinstance(one, RawFiles):
                one.check_unchanged()
    forget(log.work)
    assert current.artifact is not None  # the block ended well
    return current.artifact


def name_artifact(store: Store, artifact: Artifact, *names: str) -> None:
    """Let `latest`, and the names, mean the artifact."""
    for name in (LATEST, *names):
        set_ref(store, artifact.address, name)


def environment() -> dict[str, str]:
    """What an artifact was made with; a label that decides nothing."""
    names = ("jieba", "numpy")
    system = re.sub(r"[^\w.\- ]", "", f"{platform.system()} {platform.machine()}")
    return {
        "textpipe": __version__,
        "python": platform.python_version(),
        "system": system,
        **{name: version(name) for name in names},
    }
