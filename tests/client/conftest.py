"""One store and one service for all tests of the client."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import DATA, ROOT
from tests.service.processes import Service

MULTI = "text\tlabel\n" + "".join(
    f"球队赢了比赛{n}\ta; b\n股市涨了{n}\tb;b\n今天晴{n}\t\n电影票房{n}\tc\n" for n in range(6)
)


@pytest.fixture(scope="session", name="store")
def store_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("client"))


def make_store(folder: Path) -> Path:
    """With classifiers `news` and `sets` (several labels a text), the word vectors `words` and weights `articles`."""
    (folder / "sets.tsv").write_text(MULTI, "utf-8")
    script = """
import sys
from textpipe.cli.process import run
for line in ("train-classifier sets.tsv --arch linear --multi-label --label-sep ; --name sets -q",
             "train-classifier {data}/news.tsv --arch linear --name news -q",
             "import {data}/word-vectors.txt --name words -q",
             "train-idf {data}/articles --name articles -q"):
    code = run(line.format(data=sys.argv[1]).split(" "))
    if code:
        sys.exit(code)
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEXTPIPE_")}
    command = [sys.executable, "-c", script, str(DATA)]
    done = subprocess.run(
        command, cwd=folder, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / ".textpipe"


@pytest.fixture(scope="session", name="service")
def service_(store: Path) -> Iterator[str]:
    """The URL of a service of that store."""
    with Service("--store", store) as running:
        yield running.address
