"""Pipeline files: a table a step, with its stage, its inputs and its parameters, and nothing else.

[corpus]
files = "news.tsv"

[tokens]                  # a step is called as its stage, or: stage = "tokens"
corpus = "corpus"         # may be left out: the only step that makes what the input wants
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePath
from typing import Any

from textpipe.errors import UsageError, did_you_mean
from textpipe.files import require_regular
from textpipe.pipeline.stage import Stage
from textpipe.pipeline.word_stages import STAGES
from textpipe.store.refs import usable_name
from textpipe.toml import TomlFile, read_toml, toml_value

_LONGEST_STEP, _LONGEST_PREFIX = 100, 80  # bytes: together a name
_HINT = 'a table a step: [corpus], and under it files = "news.tsv"'


@dataclass(frozen=True)
class Step:
    """A stage with its inputs and all its parameters. `inputs`: role → name of a step, or paths of raw files."""

    name: str
    stage: Stage
    params: Mapping[str, Any]
    inputs: Mapping[str, str | list[str]]

    def needs(self) -> list[str]:
        """The steps it is made from."""
        return [given for given in self.inputs.values() if isinstance(given, str)]


def read_pipeline(path: str, *, settings: Iterable[str] = ()) -> list[Step]:
    """The steps of a pipeline file, each after those it needs. `settings` are changes like `keywords.k=5`.

    Paths in the file count from its folder. Raises UsageError, with the line, for anything that is not understood.
    """
    require_regular(path, what="pipeline file")
    file = read_toml(path, hint=_HINT)
    tables = _with_settings(file, settings)
    if not tables:
        raise file.error("no steps", hint=_HINT)
    for name in tables:
        if not usable_name(name) or len(name.encode()) > _LONGEST_STEP:
            hint = "letters, digits, _ - and . make a name, of 100 bytes at most"
            raise file.error(f"not a name for a step: {name[:60]!r}", name, hint=hint)
    stages = {name: _stage_of(name, table, file) for name, table in tables.items()}
    steps = {name: _step(name, stages, tables[name], file) for name in tables}
    try:
        order = list(TopologicalSorter({name: step.needs() for name, step in steps.items()}).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise file.error(f"steps that need each other: {circle}", error.args[1][0], hint=_HINT) from None
    return [steps[name] for name in order]


def prefix_of(path: str) -> str:
    """What the names of a file's artifacts begin with: its own name, without what a name cannot hold."""
    name = re.sub(r"[^\w.\-]+", "-", PurePath(path).stem).lstrip(".-")
    return name.encode()[:_LONGEST_PREFIX].decode("utf-8", "ignore") or "pipeline"


def _with_settings(file: TomlFile, settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for name, table in file.tables.items():
        if not isinstance(table, dict):
            raise file.error(f"{name!r} is no step", name, hint=_HINT)
        tables[name] = dict(table)
    for setting in settings:
        place, equals, text = setting.partition("=")
        step, dot, key = place.rpartition(".")
        if not (equals and dot and step and key):
            raise UsageError(f"not a setting: {setting!r}", hint="--set keywords.k=5")
        if step not in tables:
            raise UsageError(
                f"--set {setting}: no step {step!r}{did_you_mean(step, list(tables))}", hint=_steps(tables)
            )
        tables[step][key] = toml_value(text)
    return tables


def _steps(tables: Mapping[str, Any]) -> str:
    return f"the steps are: {', '.join(tables)}"


def _stage_of(name: str, table: dict[str, Any], file: TomlFile) -> Stage:
    wanted = table.get("stage", name)
    if isinstance(wanted, str) and wanted in STAGES:
        return STAGES[wanted]
    guess = did_you_mean(str(wanted), list(STAGES))
    hint = f'stage = "…" with one of: {", ".join(STAGES)}'
    if "stage" in table:
        raise file.error(f"no stage {wanted!r}{guess}", "stage", table=name, hint=hint)
    raise file.error(f"the step {name!r} names no stage{guess}", name, hint=hint)


def _step(name: str, stages: Mapping[str, Stage], table: dict[str, Any], file: TomlFile) -> Step:
    stage = stages[name]
    inputs: dict[str, str | list[str]] = {}
    for role, kind in stage.inputs.items():
        given = _files(name, role, table, file) if kind == "files" else _maker(name, role, kind, stages, table, file)
        if given is not None:
            inputs[role] = given
        elif role not in stage.optional:
            hint = f'{role} = "…"' if kind == "files" else f"add a step [{kind}]"
            raise file.error(f"{name} needs {role}", name, hint=hint)
    params: dict[str, Any] = {}
    for key, value in table.items():
        if key in stage.inputs or key == "stage":
            continue
        try:
            stage.check_value(key, value)
        except UsageError as error:
            known = [*stage.params, *stage.inputs, "stage"]
            message = error.message if key in stage.params else f"{name} has no {key!r}{did_you_mean(key, known)}"
            hint = f"{stage.name} takes: {', '.join(known)}"
            raise file.error(message, key, table=name, hint=hint) from None
        params[key] = value
    try:
        complete = stage.complete(params)
        stage.check(complete)
    except UsageError as error:
        raise file.error(error.message, name, hint=error.hint) from None
    return Step(name, stage, complete, inputs)


def _files(name: str, role: str, table: dict[str, Any], file: TomlFile) -> list[str] | None:
    given = table.get(role)
    if given is None:
        return None
    paths = [given] if isinstance(given, str) else given
    if not isinstance(paths, list) or not paths or not all(isinstance(one, str) and one for one in paths):
        raise file.error(f"{role}: paths are needed", role, table=name, hint=f'{role} = ["a.csv", "b.csv"]')
    folder = os.path.dirname(file.path)
    return [os.path.join(glob.escape(folder) if glob.has_magic(path) else folder, path) for path in paths]


def _maker(
    name: str, role: str, kind: str, stages: Mapping[str, Stage], table: dict[str, Any], file: TomlFile
) -> str | None:
    """The step that makes an input: the one that is named, else the only one that makes such things."""
    makers = [other for other, stage in stages.items() if stage.kind == kind and other != name]
    given = table.get(role)
    if given is None and role in stages[name].explicit:
        return None
    if given is None:
        if len(makers) > 1:
            hint = f'{role} = "…" with one of: {", ".join(makers)}'
            raise file.error(f"{name} could take its {role} from {len(makers)} steps", name, hint=hint)
        return makers[0] if makers else None
    if given is False and role in stages[name].optional:
        return None
    if given not in makers:
        guess = did_you_mean(str(given), makers)
        hint = f"steps that make {kind}: {', '.join(makers) or 'none'}"
        raise file.error(f"{role}: no step {given!r} that makes {kind}{guess}", role, table=name, hint=hint)
    return str(given)
