"""Fixtures of the page's tests: a small store, and a browser that looks at its service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import DATA, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_TRAINED = (
    ("train-classifier", "news.tsv", "--name", "news", "--arch", "linear"),
    ("train-classifier", "topics.tsv", "--name", "topics", "--arch", "linear", "--multi-label"),
    ("import", "word-vectors.txt", "--name", "made-up"),
)


@pytest.fixture(scope="session")
def page_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two classifiers and word vectors; the newest classifier is one of several labels a text."""
    folder = tmp_path_factory.mktemp("page")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin", "OMP_NUM_THREADS": "1"}
    for command, file, *options in _TRAINED:
        line = [sys.executable, "-m", "textpipe", command, str(DATA / file), *options]
        subprocess.run(line, cwd=folder, env=environment, check=True, capture_output=True)
    return folder / ".textpipe"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skips, and says so, where there is none."""
    from tests.service.page_service import ARGUMENTS, CHROMIUM

    playwright = pytest.importorskip("playwright.sync_api", reason="THE PAGE IS NOT TESTED: needs playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"THE PAGE IS NOT TESTED: there is no {CHROMIUM} (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()
