"""The compiled core under AddressSanitizer and UndefinedBehaviorSanitizer: random inputs, checked as they are made."""

from __future__ import annotations

import os

import pytest

from tests.sanitizing import check_fuzzed, compiler
from textpipe.segment.engine import TABLE

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(
    ("count", "mean", "seed"), [(20_000, 40, 1), pytest.param(2_000_000, 20, 2, marks=pytest.mark.long)]
)
def test_random_inputs(request: pytest.FixtureRequest, count: int, mean: int, seed: int) -> None:
    """Texts, user dictionaries and table headers: no byte too many is read, nothing undefined, every token in place."""
    if not os.path.exists(TABLE):
        pytest.skip("needs the table of the dictionary: built with the package")
    check_fuzzed("run", request.getfixturevalue("compiler"), count, seed, mean)
