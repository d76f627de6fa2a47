"""n-grams in C under AddressSanitizer and UndefinedBehaviorSanitizer: random texts, tokens and tables."""

from __future__ import annotations

import pytest

from tests.sanitizing import check_fuzzed, compiler

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(("count", "seed"), [(2000, 1), pytest.param(500_000, 2, marks=pytest.mark.long)])
def test_random_texts(request: pytest.FixtureRequest, count: int, seed: int) -> None:
    """No element too many is read, nothing undefined, every n-gram found as often as one by one."""
    check_fuzzed("run_ngrams", request.getfixturevalue("compiler"), count, seed)
