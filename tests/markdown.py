"""Documentation that runs: the commands in Markdown pages, their output held against what they print now.

A fenced block marked `console` holds lines `$ command`, each followed by its output (both streams). A block marked
`pycon` is a Python session. `python -m tests.markdown` rewrites the outputs of the pages in place.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(console|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """A command line of a page and the output that the page shows."""

    line: str
    output: str


def blocks(text: str, kind: str) -> list[str]:
    """The bodies of the fenced blocks of a kind."""
    return [match[2] for match in _BLOCK.finditer(text) if match[1] == kind]


def commands(block: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output)


def fresh_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that has `data` and nothing else."""
    folder = tempfile.TemporaryDirectory()
    (Path(folder.name) / "data").symlink_to(ROOT / "data")
    return folder


def output_of(line: str, folder: str) -> str:
    """What a command prints, both streams, in an environment without settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEXTPIPE_")}
    environment |= {"COLUMNS": "100", "LC_ALL": "C.UTF-8"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    text = done.stdout.decode()
    return text if text.endswith("\n") or not text else text + "\n"


def rewritten(text: str) -> str:
    """The page with the outputs that its commands print now."""
    with fresh_folder() as folder:

        def replace(match: re.Match[str]) -> str:
            if match[1] != "console":
                return match[0]
            body = "".join(f"$ {command.line}\n{output_of(command.line, folder)}" for command in commands(match[2]))
            return f"```console\n{body}```"

        return _BLOCK.sub(replace, text)


def failures_of_sessions(text: str, name: str) -> int:
    """How many examples of the page's Python session print something else; what they print is shown."""
    runner = doctest.DocTestRunner()
    parser = doctest.DocTestParser()
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        session = "\n".join(blocks(text, "pycon"))
        runner.run(parser.get_doctest(session, {}, name, name, 0))
    finally:
        os.chdir(before)
    return runner.failures


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(rewritten(page.read_text("utf-8")), "utf-8")
