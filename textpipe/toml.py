"""TOML that users write: files, read whole, every complaint with its line; and single values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from textpipe.errors import UsageError
from textpipe.files import naming_errors


class TomlFile(NamedTuple):
    """A TOML file: its tables, and its text to find lines in."""

    path: str
    tables: dict[str, Any]
    text: str

    def line_of(self, key: str, *, table: str | None = None) -> int | None:
        """The line that a key or a table first stands on, below `[table]` if given, as far as that can be told."""
        above = rf"(?:[\"']?{re.escape(table)}[\"']?\s*\.\s*)?" if table is not None else ""
        pattern = re.compile(rf"^\s*\[{{0,2}}\s*{above}[\"']?{re.escape(key)}[\"']?\s*[\]=.]")
        start = (self.line_of(table) or 1) if table is not None else 1
        lines = enumerate(self.text.split("\n"), 1)
        return next((number for number, line in lines if number >= start and pattern.match(line)), None)

    def error(
        self, message: str, key: str | None = None, *, table: str | None = None, hint: str | None = None
    ) -> UsageError:
        """An error at the line of a key."""
        line = None if key is None else self.line_of(key, table=table)
        return UsageError(message, where=self.path, line=line, hint=hint)


def read_toml(path: str, *, hint: str) -> TomlFile:
    """The file. Raises UsageError, with the line, when it is not TOML in UTF-8; `hint` shows what it should be."""
    import tomllib

    with naming_errors(path):
        data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError("not UTF-8", where=path, line=line, hint="save the file as UTF-8") from None
    try:
        return TomlFile(path, tomllib.loads(text), text)
    except (ValueError, RecursionError) as error:
        message = str(error) if isinstance(error, ValueError) else "nested too deeply"
        found = re.search(r" \(at line (\d+), column \d+\)$", message)
        line_number = int(found[1]) if found else None
        message = message[: found.start()] if found else message
        raise UsageError(f"not TOML: {message}", where=path, line=line_number, hint=hint) from None


def toml_value(text: str) -> Any:
    """What a user writes after an equals sign: a TOML value, else the text as it is, so that words need no quotes."""
    import tomllib

    try:
        return text if "\n" in text else tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
