"""n-grams in C under AddressSanitizer and UndefinedBehaviorSanitizer: random texts, tokens and tables."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conftest import ROOT
from tests.segment.test_sanitized import compiler

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(("count", "seed"), [(2000, 1), pytest.param(500_000, 2, marks=pytest.mark.long)])
def test_random_texts(request: pytest.FixtureRequest, count: int, seed: int) -> None:
    """No element too many is read, nothing undefined, every n-gram found as often as one by one."""
    environment = {**os.environ, "CC": request.getfixturevalue("compiler")}
    line = ["scripts/fuzz/run_ngrams", str(count), str(seed)]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{count} inputs")
