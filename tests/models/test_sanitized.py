"""The kernel of prediction in C under AddressSanitizer and UndefinedBehaviorSanitizer: random texts and networks."""

from __future__ import annotations

import pytest

from tests.sanitizing import check_fuzzed, compiler

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(("count", "seed"), [(400, 1), pytest.param(100_000, 2, marks=pytest.mark.long)])
def test_random_inputs(request: pytest.FixtureRequest, count: int, seed: int) -> None:
    """No element too many is read or written, nothing undefined, results are those of plain loops."""
    check_fuzzed("run_prediction", request.getfixturevalue("compiler"), count, seed)
