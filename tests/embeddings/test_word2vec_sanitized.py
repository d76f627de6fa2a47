"""Counting and training in C under AddressSanitizer and UndefinedBehaviorSanitizer: random files."""

from __future__ import annotations

import pytest

from tests.sanitizing import check_fuzzed, compiler

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(("count", "seed"), [(60, 1), pytest.param(5000, 2, marks=pytest.mark.long)])
def test_random_files(request: pytest.FixtureRequest, count: int, seed: int) -> None:
    """No byte too many is read, nothing undefined, every token counted and read once."""
    check_fuzzed("run_word2vec", request.getfixturevalue("compiler"), count, seed)
