"""textpipe.toml in the working directory: defaults for options, a table a command."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NoReturn

import click

from textpipe.errors import did_you_mean
from textpipe.toml import TomlFile, read_toml

_TABLE = "a table a command: [keywords], and under it top = 5"


def read_configuration(path: str, group: click.Group, context: click.Context) -> dict[str, dict[str, Any]]:
    """The file as click's `default_map`; empty without a file.

    Raises UsageError, with the line, for a file that is not TOML, for unknown commands and options, and for values
    that are not of the option's type.
    """
    if not os.path.isfile(path):
        return {}
    file = read_toml(path, hint=_TABLE)
    return _defaults(file, file.tables, group, context)


def _defaults(file: TomlFile, tables: dict[str, Any], group: click.Group, context: click.Context) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for name, values in tables.items():
        command = group.get_command(context, name)
        if command is None:
            guess = did_you_mean(name, group.list_commands(context))
            raise file.error(f"no command {name!r}{guess}", name, hint=_TABLE)
        if not isinstance(values, dict):
            raise file.error(f"{name!r} is no table", name, hint=_TABLE)
        if isinstance(command, click.Group):
            defaults[name] = _defaults(file, values, command, context)
            continue
        defaults[name] = dict(_default(key, value, command, file) for key, value in values.items())
    return defaults


def _default(key: str, value: Any, command: click.Command, file: TomlFile) -> tuple[str, Any]:
    """(the parameter's name, the value as it wants it) for an option, spelled as on the command line."""
    options: dict[str, click.Option] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            options |= {spelling.lstrip("-"): parameter for spelling in (*parameter.opts, *parameter.secondary_opts)}
    wanted = key.replace("_", "-")

    def refuse(problem: str) -> NoReturn:
        raise file.error(problem, key, table=command.name, hint=f"textpipe {command.name} --help")

    if wanted not in options:
        guess = did_you_mean(wanted, [spelling for spelling in options if len(spelling) > 1])
        refuse(f"{command.name} has no option {key!r}{guess}")
    option = options[wanted]
    assert option.name is not None  # click gives every option a name
    several = option.multiple and isinstance(value, list)
    values = [
        _typed(one, option, lambda problem: refuse(f"{key}: {problem}")) for one in (value if several else [value])
    ]
    chosen = values if option.multiple else values[0]
    if wanted in {spelling.lstrip("-") for spelling in option.secondary_opts}:
        chosen = not chosen
    try:
        option.type_cast_value(click.Context(command), chosen)
    except click.BadParameter as error:
        refuse(f"{key}: {error.message.rstrip('.')}")
    return option.name, chosen


def _typed(value: Any, option: click.Option, refuse: Callable[[str], NoReturn]) -> Any:
    """The value, if it is of the type that TOML has for the option; click would make text of anything."""
    if option.is_flag:
        return value if isinstance(value, bool) else refuse("true or false is needed")
    number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(option.type, click.types.IntParamType):
        return value if number else refuse("a whole number is needed")
    if isinstance(option.type, click.types.FloatParamType):
        return value if number or isinstance(value, float) else refuse("a number is needed")
    if number and option.metavar in ("COLUMN", "SHEET"):
        return str(value)
    if not isinstance(value, str) or "\0" in value:
        refuse('text in quotes is needed, like "this"')
    return value
