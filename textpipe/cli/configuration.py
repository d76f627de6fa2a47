"""textpipe.toml in the working directory: defaults for options, a table a command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from textpipe.errors import UsageError, did_you_mean


def read_configuration(path: str, group: click.Group, context: click.Context) -> dict[str, dict[str, Any]]:
    """The file as click's `default_map`; empty without a file.

    Raises UsageError, with the line, for a file that is not TOML and for unknown commands and options.
    """
    file = Path(path)
    if not file.is_file():
        return {}
    import tomllib

    text = file.read_text("utf-8", errors="replace")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"not TOML: {error}", where=path) from None
    defaults: dict[str, dict[str, Any]] = {}
    for name, values in tables.items():
        command = group.get_command(context, name)
        if command is None or not isinstance(values, dict):
            guess = did_you_mean(name, group.list_commands(context))
            raise UsageError(f"no command {name!r}{guess}", where=path, line=_line_of(text, name))
        defaults[name] = dict(_default(key, value, command, text, path) for key, value in values.items())
    return defaults


def _default(key: str, value: Any, command: click.Command, text: str, path: str) -> tuple[str, Any]:
    """(the parameter's name, the value as it wants it) for an option, spelled as on the command line."""
    options: dict[str, click.Option] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            options |= {spelling.lstrip("-"): parameter for spelling in parameter.opts}
    wanted = key.replace("_", "-")
    if wanted not in options:
        guess = did_you_mean(wanted, [spelling for spelling in options if len(spelling) > 1])
        raise UsageError(f"{command.name} has no option {key!r}{guess}", where=path, line=_line_of(text, key))
    option = options[wanted]
    assert option.name is not None  # click gives every option a name
    if option.multiple and isinstance(value, str):
        value = [value]
    try:
        option.type_cast_value(click.Context(command), value)
    except click.BadParameter as error:
        raise UsageError(f"{key}: {error.message.rstrip('.')}", where=path, line=_line_of(text, key)) from None
    return option.name, value


def _line_of(text: str, key: str) -> int | None:
    pattern = re.compile(rf'^\s*\[?\s*"?{re.escape(key)}"?\s*[\]=]')
    return next((number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)), None)
