"""The state of the installation as one record."""

from __future__ import annotations

import json
import platform
import re
import shlex
from importlib.metadata import PackageNotFoundError, distribution, distributions, requires
from typing import TypedDict

from textpipe.device import best_device
from textpipe.embeddings.choice import is_installed
from textpipe.errors import ArtifactError
from textpipe.segment.engine import compiled_table, is_compiled
from textpipe.version import __version__

DISTRIBUTION = "textpipe-zh"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PINNED = re.compile(r"==\s*([0-9][^\s;,]*)")
_LEAST = re.compile(r">=\s*([0-9][^\s;,]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


class Finding(TypedDict):
    """what: a package or a property; state: its version, `missing` …; install: the command that mends it."""

    what: str
    state: str
    install: str | None


class Diagnosis(TypedDict):
    """healthy: nothing that every command needs is missing."""

    id: str
    healthy: bool
    findings: list[Finding]


def examine() -> Diagnosis:
    """Versions, device, and what is missing with the command that installs it. Raises nothing."""
    installed = {_canonical(found.metadata["Name"]): found.version for found in distributions()}
    device = best_device()
    segmentation, healthy = _segmentation()
    findings = [
        _fact("textpipe", __version__),
        _fact("python", platform.python_version()),
        _fact("system", f"{platform.system()} {platform.machine()}"),
        _fact("device", f"{device.name}: {device.detail}"),
        segmentation,
        _embeddings(),
    ]
    declared = (requires(DISTRIBUTION) or []) if DISTRIBUTION in installed else []
    for line in sorted(declared, key=str.lower):
        extra = _EXTRA.search(line)
        finding = _package(line, installed, extra=extra[1] if extra else None)
        if finding is not None:
            findings.append(finding)
            healthy = healthy and (extra is not None or finding["install"] is None)
    if not declared:
        findings.append(
            Finding(what=DISTRIBUTION, state="not installed, run from its sources", install="pip install -e .")
        )
    return Diagnosis(id=f"textpipe {__version__}", healthy=healthy, findings=findings)


def _fact(what: str, state: str) -> Finding:
    return Finding(what=what, state=state, install=None)


def _segmentation() -> tuple[Finding, bool]:
    """Which engine cuts, and whether it can; the one in Python is slow, but all that is needed."""
    what = "segmentation"
    if not is_compiled():
        state = "Python, 50 times slower: no compiler was there at installation"
        return Finding(what=what, state=state, install=_installation()), True
    try:
        compiled_table()
    except (ArtifactError, ImportError) as error:
        return Finding(what=what, state=f"compiled core, but {error}", install=_installation()), False
    return _fact(what, "compiled core"), True


def _embeddings() -> Finding:
    """Which engine trains word vectors on the CPU."""
    what = "word vectors"
    if is_installed("native"):
        from textpipe.embeddings.native import instruction_set  # which loads numpy

        return _fact(what, f"native engine, {instruction_set()}")
    others = [name for name in ("gensim", "torch") if is_installed(name)]
    state = f"engine {others[0]}, slower than native" if others else "no engine"
    return Finding(what=what, state=f"{state}: no compiler was there at installation", install=_installation())


def _installation() -> str:
    """The command that builds this package again: from the sources that pip remembers, else from the index."""
    try:
        origin = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return "pip install -e ."
    if "dir_info" not in origin:  # a wheel, perhaps one that pip made without a compiler and still keeps
        return f"pip install --force-reinstall --no-deps --no-cache-dir --no-binary {DISTRIBUTION} {DISTRIBUTION}"
    editable = ["--editable"] if origin["dir_info"].get("editable") else []
    return shlex.join(["pip", "install", *editable, origin["url"]])


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(line: str, installed: dict[str, str], *, extra: str | None) -> Finding | None:
    """What is to say about a declared requirement; nothing about the extra that only names others."""
    match = _NAME.match(line)
    name = match[0] if match else line
    if _canonical(name) == DISTRIBUTION:
        return None
    there = installed.get(_canonical(name))
    what = f"{name} (for the extra {extra})" if extra else name
    if there is None:
        return Finding(what=what, state="missing", install=f"pip install {name}")
    pinned = _PINNED.search(line)
    if pinned and pinned[1] != there:
        return Finding(
            what=what, state=f"{there}, but {pinned[1]} is needed", install=f"pip install {name}=={pinned[1]}"
        )
    least = _LEAST.search(line)
    if least and _release(there) < _release(least[1]):
        install = f"pip install '{name}>={least[1]}'"
        return Finding(what=what, state=f"{there}, but {least[1]} or newer is needed", install=install)
    return _fact(what, there)


def _release(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: `1.10.0rc1` is (1, 10, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[^0-9.]", version)[0]))
