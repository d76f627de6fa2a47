"""Run the steps of a pipeline, or only say what would be made, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from textpipe.errors import ArtifactError, UsageError, did_you_mean
from textpipe.pipeline.file import Step
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import Given, StageLog, digests, name_artifact, realize
from textpipe.store.keys import Recipe
from textpipe.store.layout import Store
from textpipe.store.manifest import Manifest, read_manifest
from textpipe.store.objects import Artifact, find, folder_of
from textpipe.store.refs import LATEST, address_of, names

State = Literal["found", "made", "to make"]


@dataclass(frozen=True)
class Outcome:
    """What became of a step. `why` says what changed since the last time, when it was or would be made."""

    step: Step
    state: State
    artifact: Artifact | None
    why: str = ""


def run_steps(
    steps: list[Step],
    store: Store,
    *,
    prefix: str,
    only: Iterable[str] = (),
    force: Iterable[str] = (),
    rehash: bool = False,
    log_of: Callable[[Step], StageLog] = lambda _step: StageLog(),
) -> Iterator[Outcome]:
    """Find or make each step in order, `only` these and what they need; `force` makes steps again.

    Every artifact gets the names `latest` and `prefix.step`.
    """
    wanted, again = _chosen(steps, only), _known(steps, force)
    made: dict[str, Given] = {}
    for step in steps:
        if step.name not in wanted:
            continue
        inputs = _inputs(step, made, store, rehash=rehash)
        why = _why(store, step, step.stage.recipe(step.params, digests(inputs)), prefix)
        artifact, new = realize(store, step.stage, step.params, inputs, log=log_of(step), force=step.name in again)
        name_artifact(store, artifact, f"{prefix}.{step.name}")
        made[step.name] = artifact
        yield Outcome(step, "made" if new else "found", artifact, why if new else "")


def plan_steps(
    steps: list[Step],
    store: Store,
    *,
    prefix: str,
    only: Iterable[str] = (),
    force: Iterable[str] = (),
    rehash: bool = False,
) -> Iterator[Outcome]:
    """What `run_steps` would do; nothing is written. A step whose input is to be made may yet be found."""
    wanted, again = _chosen(steps, only), _known(steps, force)
    known: dict[str, Given] = {}
    for step in steps:
        if step.name not in wanted:
            continue
        unknown = [name for name in step.needs() if name not in known]
        if unknown:
            yield Outcome(step, "to make", None, f"its input {', '.join(unknown)} is to be made")
            continue
        inputs = _inputs(step, known, store, rehash=rehash, remember=False)
        recipe = step.stage.recipe(step.params, digests(inputs))
        found = find(store, recipe)
        if found is not None and step.name not in again:
            known[step.name] = found
            yield Outcome(step, "found", found)
        else:
            why = "forced" if found is not None else _why(store, step, recipe, prefix)
            yield Outcome(step, "to make", None, why)


def _inputs(
    step: Step, made: Mapping[str, Given], store: Store, *, rehash: bool, remember: bool = True
) -> dict[str, Given]:
    return {
        role: made[given] if isinstance(given, str) else raw_files(given, store, rehash=rehash, remember=remember)
        for role, given in step.inputs.items()
    }


def _known(steps: list[Step], chosen: Iterable[str]) -> set[str]:
    every = [step.name for step in steps]
    for name in chosen:
        if name not in every:
            raise UsageError(f"no step {name!r}{did_you_mean(name, every)}", hint=f"the steps are: {', '.join(every)}")
    return set(chosen)


def _chosen(steps: list[Step], only: Iterable[str]) -> set[str]:
    """The steps that are wanted and all that they need; every step when none is named."""
    named = _known(steps, only)
    by_name = {step.name: step for step in steps}
    wanted: set[str] = set()
    waiting = list(named or by_name)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(by_name[name].needs())
    return wanted


def _why(store: Store, step: Step, recipe: Recipe, prefix: str) -> str:
    """What differs from the last artifact of this step, or else of its kind."""
    last = _last(store, step.stage.kind, (f"{prefix}.{step.name}", LATEST))
    if last is None:
        return "never made before"
    return "; ".join(_changes(last, recipe)) or "it is not in the store any more"


def _last(store: Store, kind: str, wanted: Iterable[str]) -> Manifest | None:
    known = {name for of, name in names(store) if of == kind}
    for name in wanted:
        if name in known:
            try:
                return read_manifest(folder_of(store, address_of(store, kind, name)))
            except ArtifactError:
                return None
    return None


def _changes(last: Manifest, recipe: Recipe) -> list[str]:
    """What the recipe has otherwise than the manifest: stage, version, parameters, inputs."""
    found: list[str] = []
    if (last.stage, last.version) != (recipe.stage, recipe.version):
        found.append(f"stage {last.stage} {last.version} → {recipe.stage} {recipe.version}")
    for name in sorted({*last.params, *recipe.params}):
        before, now = last.params.get(name), recipe.params.get(name)
        if before != now:
            found.append(f"{name}: {_shown(before)} → {_shown(now)}")
    earlier = {role: given.digest for role, given in last.inputs.items()}
    for role in sorted({*earlier, *recipe.inputs}):
        if earlier.get(role) != recipe.inputs.get(role):
            change = "is new" if role not in earlier else "is gone" if role not in recipe.inputs else "has changed"
            found.append(f"its input {role} {change}")
    return found


def _shown(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
