"""Counting and training in C under AddressSanitizer and UndefinedBehaviorSanitizer: random files."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conftest import ROOT
from tests.segment.test_sanitized import compiler

__all__ = ["compiler"]  # a fixture


@pytest.mark.parametrize(("count", "seed"), [(60, 1), pytest.param(5000, 2, marks=pytest.mark.long)])
def test_random_files(request: pytest.FixtureRequest, count: int, seed: int) -> None:
    """No byte too many is read, nothing undefined, every token counted and read once."""
    environment = {**os.environ, "CC": request.getfixturevalue("compiler")}
    line = ["scripts/fuzz/run_word2vec", str(count), str(seed)]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{count} inputs")
