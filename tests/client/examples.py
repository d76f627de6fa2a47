"""The examples of docs/client.md that need a service: `shell` and `python` blocks, run and rewritten.

`python -m tests.client.examples` rewrites their outputs in place.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import markdown
from tests.conftest import ROOT
from textpipe.errors import TextpipeError

PAGE = ROOT / "docs" / "client.md"
URL = "http://127.0.0.1:8000"  # as the page has it
_BLOCK = re.compile(r"^```(shell|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rewritten(text: str, url: str) -> str:
    """The page with what its examples give now."""

    def replace(match: re.Match[str]) -> str:
        run = _shell if match[1] == "shell" else _python
        return f"```{match[1]}\n{run(match[2].replace(URL, url)).replace(url, URL)}```"

    return _BLOCK.sub(replace, text)


def _shell(block: str) -> str:
    """Each command after those before it, so that what is exported counts."""
    shown, before = "", ""
    with markdown.fresh_folder() as folder:
        for command in markdown.commands(block):
            environment = {name: value for name, value in os.environ.items() if not name.startswith("TEXTPIPE_")}
            environment |= {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
            environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
            done = subprocess.run(
                ["bash", "-c", before + command.line],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            shown += f"$ {command.line}\n{done.stdout.decode()}"
            if command.line.startswith("export "):
                before += f"{command.line}\n"
    return shown


def _python(block: str) -> str:
    examples = doctest.DocTestParser().get_examples(block)
    shown = ""
    values: dict[str, Any] = {}
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        for example in examples:
            lines = example.source.rstrip("\n").split("\n")
            shown += "".join(f"{'...' if number else '>>>'} {line}\n" for number, line in enumerate(lines))
            shown += _output(example.source, values)
        values["client"].close()
    finally:
        os.chdir(before)
    return shown


def _output(source: str, values: dict[str, Any]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        try:
            exec(compile(source, "the page", "single"), values)
        except TextpipeError as error:
            name = f"{type(error).__module__}.{type(error).__name__}"
            return f"Traceback (most recent call last):\n    ...\n{name}: {error}\n"
    return shown.getvalue()


def main() -> None:
    from tests.client.conftest import make_store
    from tests.service.processes import Service

    with tempfile.TemporaryDirectory() as folder, Service("--store", make_store(Path(folder))) as service:
        PAGE.write_text(rewritten(PAGE.read_text("utf-8"), service.address), "utf-8")


if __name__ == "__main__":
    main()
