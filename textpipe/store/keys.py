"""Digests that name things: of recipes, of contents, of raw files. The pre-image is typed, canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from textpipe.errors import UsageError

FORMAT = 1  # of the store: what is written, and what enters a key
ID_LENGTH = 32  # hexadecimal digits


def canonical(value: object) -> bytes:
    """JSON with sorted keys and without spaces, in UTF-8. 1, 1.0, True and "1" all differ.

    Raises UsageError for what JSON cannot say exactly: other types, infinities, half a surrogate pair.
    """
    try:
        _check(value)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"not a parameter: {error}", hint="text, numbers, true, false, lists and tables are") from None


def _check(value: object) -> None:
    """json.dumps makes text of any key and of subclasses; here a type that is not JSON's own is an error."""
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"the key {key!r} is no text")
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"{type(value).__name__} {str(value)[:30]!r}")


def digest(purpose: str, value: object) -> str:
    """sha256, in hexadecimal, of what the digest is for and of the canonical value."""
    import hashlib  # which loads OpenSSL

    return hashlib.sha256(f"textpipe-{purpose}\0".encode() + canonical(value)).hexdigest()


@dataclass(frozen=True)
class Recipe:
    """How an artifact is made: everything that decides its content, and nothing else (no paths, no times).

    kind: what it is; stage and version: the code that makes it; params: JSON values; inputs: role → content digest
    """

    kind: str
    stage: str
    version: int
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """sha256 of the recipe."""
        return digest(
            "recipe",
            {
                "format": FORMAT,
                "stage": self.stage,
                "version": self.version,
                "params": dict(self.params),
                "inputs": dict(self.inputs),
            },
        )

    @property
    def id(self) -> str:
        """The artifact's id: the beginning of the key."""
        return self.key[:ID_LENGTH]
