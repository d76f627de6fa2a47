"""The settings of an architecture: which there are, and all of them as a recipe has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, get_type_hints

from textpipe.models import classifier_class
from textpipe.settings import config_from


def setting_names(arch: str) -> list[str]:
    """What may be set. Raises UsageError for an unknown architecture."""
    return [field.name for field in fields(classifier_class(arch).Config)]


def settings_of(arch: str, settings: Mapping[str, Any], *, seed: int = 0) -> dict[str, Any]:
    """All settings of an architecture as JSON has them, `seed` among them where it has one.

    Raises UsageError for an unknown architecture or setting, and for a value that is refused.
    """
    config = classifier_class(arch).Config
    if "seed" in setting_names(arch):
        settings = {"seed": seed, **settings}
    hints = get_type_hints(config)
    given = {name: _as_hinted(value, hints.get(name)) for name, value in settings.items()}
    return {name: _as_json(value) for name, value in asdict(config_from(config, given)).items()}


def _as_hinted(value: Any, hint: Any) -> Any:
    """1 is 1.0 where a real number is wanted: equal settings are one recipe."""
    return float(value) if hint is float and type(value) is int else value


def _as_json(value: Any) -> Any:
    return [_as_json(one) for one in value] if isinstance(value, list | tuple) else value
