"""Milliseconds of a command that asks a service, beside the same command that does the work itself.

A store with a classifier and word vectors of data/ is made, a service started, and one text given to each command on
standard input, in turns: `textpipe --server URL COMMAND -` and `textpipe COMMAND -`. Wall time and time of the
processor are medians over the turns; outputs have to be equal. Beside them, what Python and Python with click take, and
calls of `textpipe.Client` in one process. Where other work runs on the machine, processor times say more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import textpipe

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "data"
TEXT = (DATA / "articles" / "tea-mountain.txt").read_text("utf-8")[:340]  # about 1 KB
COMMANDS = {
    "tokenize": ["tokenize", "-"],
    "keywords": ["keywords", "-"],
    "summarize": ["summarize", "-"],
    "classify": ["classify", "-", "--model", "news"],
    "explain": ["explain", "news", "-"],
    "similar": ["similar", "巴黎", "--model", "words"],
}


class Took(NamedTuple):
    """Seconds of a process: by the clock, and of the processor."""

    wall: float
    processor: float


def run(arguments: list[str], folder: Path) -> tuple[Took, bytes]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(arguments, input=TEXT.encode(), capture_output=True, cwd=folder, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


@contextlib.contextmanager
def service(folder: Path, port: int) -> Iterator[str]:
    command = [sys.executable, "-m", "textpipe", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(textpipe.OutputError), textpipe.Client(url) as client:
                client.artifacts()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def calls(name: str, ask: Callable[[], object], turns: int) -> None:
    ask()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    print(f"  {name:10} {1e3 * statistics.median(times):8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--port", type=int, default=8169)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    textpipe_ = [sys.executable, "-m", "textpipe"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for line in (
            ["train-classifier", str(DATA / "news.tsv"), "--name", "news", "-q"],
            ["import", str(DATA / "word-vectors.txt"), "--name", "words", "-q"],
        ):
            subprocess.run([*textpipe_, *line], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with service(folder, options.port) as url:
            processes = {"python": [sys.executable, "-c", ""], "click": [sys.executable, "-c", "import click"]}
            for command, words in COMMANDS.items():
                processes[f"{command} --server"] = [*textpipe_, "--server", url, *words]
                processes[command] = [*textpipe_, *words]
            took: dict[str, list[Took]] = {name: [] for name in processes}
            for _ in range(options.turns):
                outputs = {}
                for name, arguments in processes.items():
                    seconds, outputs[name] = run(arguments, folder)
                    took[name].append(seconds)
                for command in COMMANDS:
                    assert outputs[command] == outputs[f"{command} --server"], command
            print(f"milliseconds of a process, medians of {options.turns}:  wall  processor")
            for name, times in took.items():
                wall, processor = (1e3 * statistics.median(part) for part in zip(*times, strict=True))
                print(f"  {name:20} {wall:8.1f} {processor:8.1f}")
            print("milliseconds of a call of textpipe.Client:")
            with textpipe.Client(url) as client:
                calls("tokenize", lambda: client.tokenize(TEXT), 200)
                calls("keywords", lambda: client.keywords(TEXT), 200)
                calls("classify", lambda: client.classify(TEXT, model="news"), 200)


if __name__ == "__main__":
    main()
