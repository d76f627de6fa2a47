"""A store as commands make it, and a service on it in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import DATA, ROOT
from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings

BASE_URL = "http://127.0.0.1:8000"
_MAKING = (
    (
        "train-classifier",
        DATA / "topics.tsv",
        "--arch",
        "linear",
        "--multi-label",
        "--label-sep",
        ",",
        "--name",
        "topics",
    ),
    ("train-classifier", DATA / "news.tsv", "--arch", "linear", "--name", "news"),
    ("train-idf", DATA / "news.tsv", "--name", "weights"),
    ("import", DATA / "word-vectors.txt", "--name", "words"),
)


def run_command(store: Path, *arguments: object, given: str = "") -> bytes:
    """What the command prints to standard output. Raises CalledProcessError when it fails."""
    line = [sys.executable, "-m", "textpipe", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEXTPIPE_")}
    environment |= {"TEXTPIPE_STORE": str(store), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, env=environment, input=given.encode(), capture_output=True, check=True, timeout=300)
    return done.stdout


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the classifiers news and topics (of several labels), the idf weights, and the embeddings words."""
    store = tmp_path_factory.mktemp("service") / "store"
    for line in _MAKING:
        run_command(store, *line)
    return store


@pytest.fixture(scope="session")
def sample_client(sample_store: Path) -> Iterator[TestClient]:
    """Of a service on it."""
    with client_of(sample_store) as client:
        yield client


def client_of(store: Path, **settings: object) -> TestClient:
    """Of a service in this process."""
    return TestClient(build_app(ServiceSettings(store=store, **settings)), base_url=BASE_URL)  # type: ignore[arg-type]


def sample_texts(count: int) -> Sequence[str]:
    """Of the sample data, in Chinese and English, of one sentence to many; none is blank."""
    sources = [
        path.read_text("utf-8") for path in sorted((DATA / "articles").glob("*.txt")) if "gb18030" not in path.name
    ]
    rows = [line.split("\t")[2] for line in (DATA / "news.tsv").read_text("utf-8").splitlines()[1:]]
    sentences = [
        f"{one.strip()}。" for source in sources for one in source.replace("\n", "。").split("。") if one.strip()
    ]
    odd = [
        "a", "的", "。", "🙂🙂 emoji 与文字", "ＡＢＣ１２３ full width", "繁體中文的句子，讀起來一樣。",
        "line\nbreak\r\nand\ttab",
        "\u2028分隔\u0085", "C++ and C# in one line", "0", "没有\u200b看见", "𠮷野家",
        "é e\u0301", '"quotes" \\ back', "a" * 300,
    ]  # fmt: skip
    several = ["".join(sentences[place : place + 1 + place % 17]) for place in range(len(sentences))]
    together = [*odd, *rows, *sentences, *several]
    mixed = [
        together[(place * 7919) % len(together)] + together[(place * 104_729) % len(together)] for place in range(count)
    ]
    return [*together, *mixed][:count]
