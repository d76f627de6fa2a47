"""Memory does not grow with the input: peak of whole processes over files of different size."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATA

# a small parent, because a child's peak counts its parent's memory at the fork
MEASURE = """
import os, sys
quiet = os.open(os.devnull, os.O_WRONLY)
command = [sys.executable, "-m", "textpipe", *sys.argv[1:]]
pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
_, status, usage = os.wait4(pid, 0)
assert status == 0
print(usage.ru_maxrss / 1024)
"""


def peak(*arguments: object) -> float:
    """Peak resident MiB of a command line."""
    command = [sys.executable, "-S", "-c", MEASURE, *map(str, arguments)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def write(path: Path, megabytes: int, *, separator: str) -> Path:
    """A file of the bundled article again and again: in lines, or as one line without end."""
    article = (DATA / "articles" / "high-speed-rail.txt").read_text("utf-8").replace("\n", separator).encode()
    with path.open("wb") as stream:
        for _ in range(megabytes * 1_000_000 // len(article)):
            stream.write(article)
    return path


@pytest.mark.parametrize(("small", "large"), [(2, 8), pytest.param(50, 200, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("separator", "options"),
    [
        ("\n", ("tokenize", "--lines")),
        ("", ("tokenize",)),
        ("", ("keywords", "--method", "tfidf")),
        ("\n", ("keywords", "--method", "tfidf", "--lines")),
        ("\n", ("keywords", "--lines")),
        ("\n", ("keywords", "--lines", "--corpus")),
        ("\n", ("train-idf", "--lines")),
        ("", ("train-idf",)),
    ],
)
def test_flat(tmp_path: Path, separator: str, options: tuple[str, ...], small: int, large: int) -> None:
    command, *rest = options
    if command == "train-idf":
        rest += ["--store", str(tmp_path / "store")]
    low = peak(command, write(tmp_path / "small.txt", small, separator=separator), *rest)
    high = peak(command, write(tmp_path / "large.txt", large, separator=separator), *rest)
    assert high < low + 8, f"{low:.0f} MiB for {small} MB, {high:.0f} MiB for {large} MB"


def numbers(path: Path, megabytes: int, *, separator: str) -> Path:
    """A file without a word that comes twice: 32 letters and digits each, 60 a line."""
    with path.open("w") as stream:
        for line in range(megabytes * 500):
            words = (hashlib.md5(b"%d %d" % (line, word)).hexdigest() for word in range(60))
            stream.write("文 " + " ".join(words) + separator)
    return path


WORDS_WITHOUT_END = [
    ("\n", ("train-idf", "--lines")),
    (" ", ("train-idf",)),
    ("\n", ("keywords", "--method", "tfidf", "--lines")),
    (" ", ("keywords", "--method", "tfidf")),
    ("\n", ("keywords", "--corpus", "--lines")),  # the words of a single document must fit
]


@pytest.mark.long
@pytest.mark.parametrize(("separator", "options"), WORDS_WITHOUT_END)
def test_words_without_end(tmp_path: Path, separator: str, options: tuple[str, ...]) -> None:
    """As many words as there is text."""
    store = ("--store", tmp_path / "store")
    assert peak(*options, numbers(tmp_path / "a.txt", 300, separator=separator), *store) < 300
    if options[0] == "train-idf":
        few = numbers(tmp_path / "few.txt", 1, separator="\n")
        assert peak("keywords", few, "--method", "tfidf", "--lines", "--idf", "latest", *store) < 300
