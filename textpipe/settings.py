"""Settings as frozen data classes: what they may be told, read from their own annotations; and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from textpipe.errors import UsageError, did_you_mean

Config = TypeVar("Config")


def choices_of(config: type) -> dict[str, tuple[str, ...]]:
    """setting → the texts it may be, of those that are Literals"""
    hints = get_type_hints(config)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def check_choices(config: Any) -> None:
    """Raises UsageError when a setting that is a Literal has another value, and when one that is a bool is none: any
    text, `no` too, would count as true."""
    for name, hint in get_type_hints(type(config)).items():
        if hint is bool and not isinstance(getattr(config, name), bool):
            message = f"{name}: true or false is needed, not {getattr(config, name)!r}"
            raise UsageError(message, hint=_default_of(config, name))
    for name, choices in choices_of(type(config)).items():
        value = getattr(config, name)
        if value not in choices:
            guess = did_you_mean(value, list(choices)) if isinstance(value, str) else ""
            message = f"{name}: not {value!r}, but one of: {', '.join(choices)}{guess}"
            raise UsageError(message, hint=_default_of(config, name))


def check_numbers(config: Any, **bounds: tuple[float, float]) -> None:
    """Raises UsageError when a number is outside its bounds (both are taken), or no number, or no whole one."""
    hints = get_type_hints(type(config))
    for name, (least, most) in bounds.items():
        value, whole = getattr(config, name), hints[name] is int
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not least <= value <= most:
            what = f"a whole number from {least} to {most}" if whole else f"a number from {least:g} to {most:g}"
            raise UsageError(f"{name}: {what} is needed, not {value!r}", hint=_default_of(config, name))


def _default_of(config: Any, name: str) -> str | None:
    """A hint: the value by default, None where there is none."""
    default = next(field.default for field in fields(config) if field.name == name)
    return None if default is MISSING else f"{name}={json.dumps(default)}, as by default"


def config_from(config: type[Config], settings: Mapping[str, Any]) -> Config:
    """The config with these settings, others by default; lists become tuples.

    Raises UsageError for a setting that it does not have, and for a value that it refuses.
    """
    names = [field.name for field in fields(config)]  # type: ignore[arg-type]
    for name in settings:
        if name not in names:
            raise UsageError(f"no setting {name!r}{did_you_mean(name, names)}", hint=f"one of: {', '.join(names)}")
    return config(**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})
