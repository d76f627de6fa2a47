"""textpipe.toml in the working directory: defaults for options, a table a command."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from textpipe.errors import UsageError, did_you_mean
from textpipe.files import naming_errors

_TABLE = "a table a command: [keywords], and under it top = 5"


def read_configuration(path: str, group: click.Group, context: click.Context) -> dict[str, dict[str, Any]]:
    """The file as click's `default_map`; empty without a file.

    Raises UsageError, with the line, for a file that is not TOML, for unknown commands and options, and for values
    that are not of the option's type.
    """
    file = Path(path)
    if not file.is_file():
        return {}
    with naming_errors(path):
        data = file.read_bytes()
    text = _decoded(data, path)
    defaults: dict[str, dict[str, Any]] = {}
    for name, values in _parsed(text, path).items():
        command = group.get_command(context, name)
        if command is None:
            guess = did_you_mean(name, group.list_commands(context))
            raise UsageError(f"no command {name!r}{guess}", where=path, line=_line_of(text, name), hint=_TABLE)
        if not isinstance(values, dict):
            raise UsageError(f"{name!r} is no table", where=path, line=_line_of(text, name), hint=_TABLE)
        defaults[name] = dict(_default(key, value, command, text, path) for key, value in values.items())
    return defaults


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError("not UTF-8", where=path, line=line, hint="save the file as UTF-8") from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = str(error) if isinstance(error, ValueError) else "nested too deeply"
        found = re.search(r" \(at line (\d+), column \d+\)$", message)
        line = int(found[1]) if found else None
        message = message[: found.start()] if found else message
        raise UsageError(f"not TOML: {message}", where=path, line=line, hint=_TABLE) from None


def _default(key: str, value: Any, command: click.Command, text: str, path: str) -> tuple[str, Any]:
    """(the parameter's name, the value as it wants it) for an option, spelled as on the command line."""
    options: dict[str, click.Option] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            options |= {spelling.lstrip("-"): parameter for spelling in (*parameter.opts, *parameter.secondary_opts)}
    wanted = key.replace("_", "-")
    line = _line_of(text, key)
    help_hint = f"textpipe {command.name} --help"
    if wanted not in options:
        guess = did_you_mean(wanted, [spelling for spelling in options if len(spelling) > 1])
        raise UsageError(f"{command.name} has no option {key!r}{guess}", where=path, line=line, hint=help_hint)
    option = options[wanted]
    assert option.name is not None  # click gives every option a name

    def refuse(problem: str) -> NoReturn:
        raise UsageError(f"{key}: {problem}", where=path, line=line, hint=help_hint)

    several = option.multiple and isinstance(value, list)
    values = [_typed(one, option, refuse) for one in (value if several else [value])]
    chosen = values if option.multiple else values[0]
    if wanted in {spelling.lstrip("-") for spelling in option.secondary_opts}:
        chosen = not chosen
    try:
        option.type_cast_value(click.Context(command), chosen)
    except click.BadParameter as error:
        refuse(error.message.rstrip("."))
    return option.name, chosen


def _typed(value: Any, option: click.Option, refuse: Callable[[str], NoReturn]) -> Any:
    """The value, if it is of the type that TOML has for the option; click would make text of anything."""
    if option.is_flag:
        return value if isinstance(value, bool) else refuse("true or false is needed")
    number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(option.type, click.types.IntParamType):
        return value if number else refuse("a whole number is needed")
    if number and option.metavar in ("COLUMN", "SHEET"):
        return str(value)
    if not isinstance(value, str) or "\0" in value:
        refuse('text in quotes is needed, like "this"')
    return value


def _line_of(text: str, key: str) -> int | None:
    """The line that the key or the table first stands on, as far as that can be told without a parser."""
    pattern = re.compile(rf"^\s*\[{{0,2}}\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]")
    return next((number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)), None)
