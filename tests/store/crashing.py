"""Processes that make artifacts and are killed, starved or made to race: the scripts, and strace around them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT

# makes an artifact, and so a store, and names it; the order of calls is the same every time
PUBLISH = """
import pathlib, sys
from tests.store.making import written
from textpipe.store.layout import Store
store = Store(pathlib.Path(sys.argv[1]))
written(store, "text", name="name")
"""

CALLS = "openat,write,fsync,rename,mkdir,chmod,fchmod,fchmodat,unlink,rmdir,unlinkat,utimensat,flock,ftruncate,link"


class Call(NamedTuple):
    """A system call on a path below the store: its name, and the how manieth of this name in the whole process."""

    name: str
    number: int
    line: str


def environment() -> dict[str, str]:
    """The same calls every time."""
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}


def traced(command: list[str], place: Path, log: Path) -> list[Call]:
    """The calls of a command that name a path below `place`, in order."""
    subprocess.run(
        ["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={CALLS}", *command],
        check=True,
        env=environment(),
        cwd=ROOT,
        capture_output=True,
    )
    found: list[Call] = []
    counts: Counter[str] = Counter()
    for line in log.read_text("utf-8", "replace").splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match and "resumed>" not in line:
            counts[match[1]] += 1
            if str(place) in line:
                found.append(Call(match[1], counts[match[1]], line))
    return found


def injected(command: list[str], call: Call, what: str) -> subprocess.CompletedProcess[str]:
    """Run the command and do `what` (`signal=KILL`, `error=EIO`) at the call."""
    inject = f"inject={call.name}:{what}:when={call.number}"
    fast = ["--seccomp-bpf"] if what.startswith("error") else []  # with it, strace 6.1 forgets to send signals
    return subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", *fast, "-e", f"trace={call.name}", "-e", inject, *command],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def python(script: str, *arguments: object) -> list[str]:
    """The command line of a script."""
    return [sys.executable, "-c", script, *map(str, arguments)]
