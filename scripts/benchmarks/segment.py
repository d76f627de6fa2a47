"""Segmentation beside jieba and rjieba in one run: throughput, threads, start, whole files, user dictionaries, hostile
text. Rounds alternate between the sides, so that a slow moment of the machine meets all; medians are shown.

Texts are the paragraphs of the news corpus of the evaluation data where `TEXTPIPE_EVALUATION_DATA` is set, else the
bundled articles.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import importlib.util
import json
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jieba
import jieba.posseg

import textpipe

rjieba: Any = importlib.import_module("rjieba") if importlib.util.find_spec("rjieba") else None

DATA = Path(__file__).parent.parent.parent / "data"
TEXTPIPE = str(Path(sys.executable).parent / "textpipe")
MEASURE = """
import os, sys, time
start = time.perf_counter()
quiet = os.open(os.devnull, os.O_WRONLY)
actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
_, status, usage = os.wait4(pid, 0)
assert status == 0
print(time.perf_counter() - start, usage.ru_maxrss)
"""
MEGABYTE = 1_000_000
NEVER, PARTLY = "鿕", "乣"  # rare characters: one that jieba's model lacks, one that it knows in part
SHAPES = {
    "one character": "的",
    "one unknown character": NEVER,
    "one half-known character": PARTLY,
    "no punctuation": "这是一段没有标点的文字它一直写下去谁也不知道什么时候才会停下来",
    "digits": "0123456789",
    "a1": "a1",
    "letters": "abcdefghij",
    "dots and digits": "1.",
    "percent and minus": "%-",
    "combining marks": "e\u0301\u0302\u0303",
    "emoji joined": "👨\u200d👩\u200d👧",
    "surrogates": "\ud800",
    "white space": " \u3000\t",
    "line ends": "\r\n",
    "rare characters of the extensions": "\U00020000㐀",
    "beginnings of long words": "中华人民共",
}


def size_of(texts: Sequence[str]) -> int:
    """Bytes of UTF-8."""
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)


def paragraphs() -> tuple[str, list[str]]:
    """The name of the set, and its texts."""
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        articles = [document.text for document in textpipe.read([str(DATA / "articles")])]
        return "bundled articles", [line for text in articles for line in text.split("\n") if line] * 100
    with gzip.open(Path(folder) / "corpus" / "xwlb_stories.jsonl.gz", "rt", encoding="utf-8") as stream:
        stories = [json.loads(line)["text"] for line in stream]
    return "news paragraphs", [line for text in stories for line in text.split("\n") if line]


def show(name: str, ours: float, theirs: float | None, unit: str, *, ratio: float | None = None, bar: str = "") -> None:
    """One line; `ratio` above 1 says that textpipe is better."""
    other = f"{theirs:>12,.3f}" if theirs is not None else " " * 12
    times = f"{ratio:>8.2f}x" if ratio is not None else " " * 9
    print(f"{name:<44}{ours:>12,.3f}{other}  {unit:<8}{times}  {bar}")


def rate(work: Callable[[str], Any], texts: Sequence[str]) -> float:
    """Megabytes per second."""
    size = size_of(texts)
    start = time.perf_counter()
    for text in texts:
        work(text)
    return size / (time.perf_counter() - start) / MEGABYTE


def throughput(texts: list[str], rounds: int) -> None:
    """One thread, results thrown away, after one pass that warms every side."""
    tokenizer = textpipe.Tokenizer()
    few, fewer = texts[::40], texts[::240]
    sides: dict[str, tuple[Callable[[str], Any], list[str]]] = {
        "tokenize": (tokenizer.tokenize, texts),
        "spans": (tokenizer.spans, texts),
        "tag": (tokenizer.tag, texts),
        "jieba.lcut": (jieba.lcut, few),
        "jieba.posseg.lcut": (jieba.posseg.lcut, fewer),
    }
    if rjieba is not None:
        sides["rjieba.cut"] = (rjieba.cut, texts)
    for work, some in sides.values():
        rate(work, some)
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (work, some) in sides.items():
            rates[name].append(rate(work, some))
    median = {name: statistics.median(found) for name, found in rates.items()}
    for name, other, bar in (
        ("tokenize", "jieba.lcut", ">= 50x"),
        ("tokenize", "rjieba.cut", ">= 2.5x"),
        ("tag", "jieba.posseg.lcut", ">= 130x"),
        ("spans", "jieba.lcut", ">= 90x"),
    ):
        if other in median:
            show(f"{name} | {other}", median[name], median[other], "MB/s", ratio=median[name] / median[other], bar=bar)


def two_threads(texts: list[str], rounds: int) -> None:
    """The same work by one thread and by two; and by two processes, which is what the machine's cores give at most."""
    joined = "".join(texts)
    pieces = [joined[start : start + 3400] for start in range(0, len(joined), 3400)]
    spans = textpipe.Tokenizer().spans

    def seconds(count: int) -> float:
        threads = [threading.Thread(target=lambda n=n: [spans(p) for p in pieces[n::count]]) for n in range(count)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    def in_processes() -> float:
        start = time.perf_counter()
        children = []
        for number in range(2):
            child = os.fork()
            if child == 0:
                for piece in pieces[number::2]:
                    spans(piece)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        return time.perf_counter() - start

    seconds(2)
    found = [(seconds(1), seconds(2), in_processes()) for _ in range(rounds)]
    one, two, apart = (statistics.median(row[side] for row in found) for side in (0, 1, 2))
    show("spans of 10 KB texts: two threads | one", two, one, "s", ratio=one / two, bar=">= 1.8x")
    show("    the same: two processes | one thread", apart, one, "s", ratio=one / apart)


def whole_process(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of a process, started by a small one: a child's peak counts its parent's memory."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), float(kilobytes) / 1024


def start_up(rounds: int) -> None:
    """Import, dictionary and one sentence from nothing; jieba with its cache warm."""
    commands = [
        [sys.executable, "-c", f"import {module}; {call}('我来到北京清华大学')"]
        for module, call in (("textpipe", "textpipe.Tokenizer().tokenize"), ("jieba", "jieba.lcut"))
    ]
    for command in commands:
        whole_process(command)
    found = [[whole_process(command) for command in commands] for _ in range(max(rounds, 9))]
    for part, unit, bar in ((0, "s", "<= 1/20"), (1, "MiB", "<= 1/4")):
        ours, theirs = (statistics.median(row[side][part] for row in found) for side in (0, 1))
        show("start, whole process | jieba", ours, theirs, unit, ratio=theirs / ours, bar=bar)


def whole_file(texts: list[str], megabytes: int, rounds: int) -> None:
    """`textpipe tokenize FILE -o OUT` and `python -m jieba FILE`, as whole processes."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "corpus.txt", Path(folder) / "out.txt"
        written = 0
        with source.open("w", encoding="utf-8") as stream:
            while written < megabytes * MEGABYTE:
                for text in texts:
                    stream.write(text + "\n")
                    written += len(text.encode()) + 1
                    if written >= megabytes * MEGABYTE:
                        break
        command = [TEXTPIPE, "tokenize", str(source), "--lines", "--force", "-o", str(target)]
        found = [whole_process(command) for _ in range(rounds + 1)][1:]
        seconds = statistics.median(row[0] for row in found)
        theirs = whole_process([sys.executable, "-m", "jieba", "-q", "-d", " ", str(source)])
    show(f"tokenize {megabytes} MB | python -m jieba", seconds, theirs[0], "s", ratio=theirs[0] / seconds, bar=">= 80x")
    show("    memory", statistics.median(row[1] for row in found), theirs[1], "MiB")


def user_dictionary(rounds: int) -> None:
    """Reading 100,000 words and making the engine over them."""
    generator = random.Random(1)
    characters = [chr(code) for code in range(0x4E00, 0x6000)]
    words = sorted({"".join(generator.choices(characters, k=generator.randint(2, 5))) for _ in range(110_000)})[
        :100_000
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        files: list[float] = []
        engines: list[float] = []
        for number in range(rounds):  # other frequencies each time: engines of equal dictionaries are kept
            path.write_text("".join(f"{word} {len(word) + number} nz\n" for word in words), encoding="utf-8")
            start = time.perf_counter()
            dictionary = textpipe.Dictionary().with_file(str(path))
            files.append(time.perf_counter() - start)
            assert dictionary.frequency(words[0]) > 0
            engines.append(time.perf_counter() - start)
            del dictionary
    show("Dictionary().with_file(100,000 words)", statistics.median(files), None, "s", bar="<= 0.3 s")
    show("    with its engine", statistics.median(engines), None, "s")


def hostile() -> None:
    """One megabyte of each shape, in every mode; and how the time grows to four."""
    tokenizers = {mode: textpipe.Tokenizer(mode) for mode in ("exact", "search", "full")}
    works: dict[str, Callable[[str], Any]] = {mode: tokenizer.tokenize for mode, tokenizer in tokenizers.items()}
    works |= {"tag": tokenizers["exact"].tag, "spans": tokenizers["exact"].spans}
    for name, shape in SHAPES.items():
        text = shape * (MEGABYTE // size_of([shape]))
        seconds: dict[str, tuple[float, float]] = {}
        for work_name, work in works.items():
            times = []
            for part in (text, text * 4):
                runs = []
                for _ in range(3):
                    start = time.perf_counter()
                    work(part)
                    runs.append(time.perf_counter() - start)
                times.append(min(runs))
            seconds[work_name] = times[0], times[1] / times[0]
        slowest = max(seconds, key=lambda work_name: seconds[work_name][0])
        growth = max(found[1] for found in seconds.values())
        label = f"1 MB of {name} ({slowest})"
        show(label, seconds[slowest][0], None, "s", bar=f"<= 1 s; t(4n)/t(n) {growth:.1f} <= 5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=100, help="of the file; jieba needs a second for each")
    options = parser.parse_args()
    logging.getLogger("jieba").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        jieba.dt.tmp_dir = folder
        jieba.initialize()
    name, texts = paragraphs()
    print(
        f"{len(texts):,} {name}, {size_of(texts) / len(texts):.0f} bytes on average; medians of {options.rounds} rounds"
    )
    print(f"{'textpipe | other':<44}{'textpipe':>12}{'other':>12}  {'':<8}{'better by':>9}  bar")
    throughput(texts, options.rounds)
    two_threads(texts, options.rounds)
    start_up(options.rounds)
    user_dictionary(options.rounds)
    hostile()
    whole_file(texts, options.megabytes, options.rounds)


if __name__ == "__main__":
    main()
