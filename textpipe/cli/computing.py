"""The option of every command that computes with torch where a model asks for it, declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from textpipe.device import checked_device


def _device(_context: click.Context, _parameter: click.Parameter, given: str) -> str | None:
    return checked_device(given)


def takes_device(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --device; it gets a name as `device`, None for the best there is."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="NAME",
        callback=_device,
        help="auto, cpu, cuda or cuda:N.",
    )(command)
