"""Keywords beside jieba.analyse in one run: documents per second of each method, and a cold start.

`phrases`, which jieba does not have, stands beside its TextRank, which needs parts of speech as well.

Rounds alternate between the two, so that a slow moment of the machine meets both; medians are shown. Texts are the
abstracts of the evaluation data where `TEXTPIPE_EVALUATION_DATA` is set, else the bundled ones.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jieba
import jieba.analyse

import textpipe

ARTICLE = Path(__file__).parent.parent.parent / "data" / "articles" / "tea-mountain.txt"
BUNDLED = [str(ARTICLE.parent), str(ARTICLE.parent.parent / "news.tsv")]
JIEBA_START = "import jieba.analyse, sys; print(jieba.analyse.extract_tags(open(sys.argv[1], encoding='utf-8').read()))"
TEXTPIPE_START = "import textpipe, sys; print(textpipe.keywords(open(sys.argv[1], encoding='utf-8').read()))"
MEASURE = """
import os, sys, time
start = time.perf_counter()
quiet = os.open(os.devnull, os.O_WRONLY)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)])
_, status, usage = os.wait4(pid, 0)
assert status == 0
print(time.perf_counter() - start, usage.ru_maxrss)
"""


def texts(limit: int) -> tuple[str, list[str]]:
    """The name of the set, and its texts."""
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    paths = [str(Path(folder) / "keywords" / "csl" / "dev.jsonl")] if folder else BUNDLED
    name = "1,000 Chinese abstracts" if folder else "bundled texts"
    return name, [document.text for document in textpipe.read(paths, limit=limit)]


def rate(work: Callable[[str], Any], documents: list[str]) -> float:
    """Documents per second."""
    start = time.perf_counter()
    for text in documents:
        work(text)
    return len(documents) / (time.perf_counter() - start)


def show(name: str, ours: list[float], theirs: list[float], unit: str, *, more_is_better: bool) -> None:
    """One line: both medians and their ratio, above 1 when textpipe is better."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other if more_is_better else other / mine
    print(f"{name:<34}{mine:>12,.3f}{other:>14,.3f}  {unit:<12}{ratio:>6.2f}x")


def throughput(documents: list[str], rounds: int) -> None:
    """Both methods, after a warm-up that loads all tables on both sides."""
    pairs: tuple[tuple[str, Callable[[str], Any], Callable[[str], Any]], ...] = (
        (
            "tfidf",
            lambda text: textpipe.keywords(text, method="tfidf"),
            lambda text: jieba.analyse.extract_tags(text, withWeight=True),
        ),
        (
            "textrank",
            lambda text: textpipe.keywords(text, method="textrank"),
            lambda text: jieba.analyse.textrank(text, withWeight=True),
        ),
        (
            "phrases beside textrank",
            lambda text: textpipe.keywords(text),
            lambda text: jieba.analyse.textrank(text, withWeight=True),
        ),
    )
    for name, ours, theirs in pairs:
        ours(documents[0])
        theirs(documents[0])
        cold, other = [rate(ours, documents)], [rate(theirs, documents)]
        show(f"{name}, first pass", cold, other, "documents/s", more_is_better=True)
        mine = []
        other = []
        for _ in range(rounds):
            mine.append(rate(ours, documents))
            other.append(rate(theirs, documents))
        show(f"{name}, later passes", mine, other, "documents/s", more_is_better=True)


def whole_process(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of a process, started by a small one: a child's peak counts its parent's memory."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), float(kilobytes) / 1024


def start_up(rounds: int) -> None:
    """Import, tables and one article, from nothing; jieba with its cache file warm."""
    script = str(Path(sys.executable).parent / "textpipe")
    commands = (
        [sys.executable, "-c", TEXTPIPE_START, str(ARTICLE)],
        [script, "keywords", str(ARTICLE)],
        [sys.executable, "-c", JIEBA_START, str(ARTICLE)],
    )
    for command in commands:
        whole_process(command)
    measured = [[whole_process(command) for command in commands] for _ in range(rounds)]
    for index, name in ((0, "start: import textpipe"), (1, "start: textpipe keywords")):
        for part, unit in ((0, "seconds"), (1, "MiB")):
            ours = [row[index][part] for row in measured]
            theirs = [row[2][part] for row in measured]
            show(name, ours, theirs, unit, more_is_better=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=1000, help="at most so many documents")
    options = parser.parse_args()
    logging.getLogger("jieba").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        jieba.dt.tmp_dir = folder
        jieba.initialize()
    name, documents = texts(options.limit)
    size = sum(len(text.encode()) for text in documents) / len(documents)
    print(f"{len(documents)} documents of {size:.0f} bytes on average ({name}); medians of {options.rounds} rounds")
    print(f"{'':<34}{'textpipe':>12}{'jieba':>14}  {'':<12}{'better by':>9}")
    throughput(documents, options.rounds)
    start_up(options.rounds)


if __name__ == "__main__":
    main()
