"""The options of every command that draws samples for intervals, declared once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def draws_samples(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --resamples and --seed."""
    options = (
        click.option(
            "--resamples",
            type=click.IntRange(min=1),
            default=1000,
            show_default=True,
            metavar="N",
            help="How often documents or pairs are drawn for intervals and p-values.",
        ),
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Seed of the draws."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
