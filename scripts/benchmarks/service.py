"""The service under load on one worker: requests per second and p99, in rounds that alternate between the two sides.

keywords: /v1/keywords (TF-IDF) on texts of 1 KB beside the usual endpoint, FastAPI and jieba.analyse on uvicorn with
httptools and uvloop, without an access log; its faster form counts, in threads or in the loop.
classify: /v1/classify by a recurrent network on titles, or on reviews (`--texts reviews`, evaluation data only), in
batches and text by text (`--max-batch 1`).

The client is tests/service/load.py, in a process of its own. Texts are those of the evaluation data where
`TEXTPIPE_EVALUATION_DATA` is set, else the bundled ones. Everything stays on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import textpipe
from textpipe.text import has_han

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CLIENT = ROOT / "tests" / "service" / "load.py"
DATA = ROOT / "data"
BYTES = 1_024  # of a text for keywords
TEXTS = 500
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
}


class Side(NamedTuple):
    """One of those that are compared. requests: {"path", "body"}"""

    name: str
    port: int
    requests: Path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(port: int, method: str, path: str, body: Any = None) -> Any:
    """The answer, as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = None if body is None else json.dumps(body).encode()
    connection.request(method, path, sent, {"Content-Type": "application/json"} if body is not None else {})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, found
    return found


@contextlib.contextmanager
def running(command: Sequence[str], *, port: int, path: str, cwd: Path = ROOT) -> Iterator[int]:
    """A server, from when it answers GET path on; its port."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=told, stderr=told)
        try:
            until = time.monotonic() + 60
            while True:
                with contextlib.suppress(OSError):
                    ask(port, "GET", path)
                    break
                if process.poll() is not None or time.monotonic() > until:
                    told.seek(0)
                    raise SystemExit(told.read().decode())
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def textpipe_service(*options: str) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "textpipe", "serve", "--port", str(port), *options]
    with running(command, port=port, path="/healthz"):
        yield port


@contextlib.contextmanager
def usual_service() -> Iterator[int]:
    port = free_port()
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", "peers.usual_service:app", *options, "--log-level", "warning"]
    with running(command, port=port, path="/openapi.json", cwd=HERE):
        yield port


def measure(side: Side, *, connections: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, str(CLIENT), str(side.port), str(side.requests)]
    options = ["--connections", str(connections), "--seconds", str(seconds)]
    found: dict[str, Any] = json.loads(subprocess.check_output([*command, *options], env=ENVIRONMENT))
    assert found["statuses"].keys() == {"200"}, found["statuses"]
    return found


def compared(sides: Sequence[Side], *, connections: int, seconds: float, rounds: int) -> list[tuple[float, float]]:
    """(requests per second, p99 in milliseconds) of each side, medians of the rounds; shown."""
    found: list[list[dict[str, Any]]] = [[] for _ in sides]
    for side in sides:  # tables and caches
        first = json.loads(side.requests.read_text("utf-8").partition("\n")[0])
        ask(side.port, "POST", first["path"], first["body"])
        measure(side, connections=connections, seconds=1)
    for _ in range(rounds):
        for side, row in zip(sides, found, strict=True):
            row.append(measure(side, connections=connections, seconds=seconds))
    medians = []
    for side, row in zip(sides, found, strict=True):
        rate, p50, p99 = (statistics.median(one[name] for one in row) for name in ("per_second", "p50", "p99"))
        print(f"  {side.name:<34}{rate:>9,.0f} requests/s   p50 {p50:7.2f} ms   p99 {p99:7.2f} ms")
        medians.append((rate, p99))
    return medians


def written(folder: Path, name: str, path: str, bodies: Sequence[Any]) -> Path:
    """A file of requests."""
    lines = [json.dumps({"path": path, "body": body}, ensure_ascii=False) for body in bodies]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def kilobytes() -> list[str]:
    """Chinese texts of 1 KB."""
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    paths = [str(Path(folder) / "keywords" / "csl" / "dev.jsonl")] if folder else [str(DATA / "articles")]
    whole = "".join(document.text for document in textpipe.read(paths, limit=2_000)).encode()
    cuts = range(0, min(len(whole) - BYTES, TEXTS * BYTES), BYTES)
    found = [whole[start : start + BYTES].decode("utf-8", "ignore") for start in cuts]
    return [text for text in found if has_han(text)]  # others have stop words of their own


def keywords(folder: Path, *, connections: int, seconds: float, rounds: int) -> None:
    texts = kilobytes()
    with textpipe_service("--store", str(folder / "none")) as ours, usual_service() as theirs:
        own = [{"text": text, "method": "tfidf", "top": 20} for text in texts]
        usual = [{"text": text, "top": 20} for text in texts]
        for body, other in list(zip(own, usual, strict=True))[:50]:  # the same words with the same weights
            mine = ask(ours, "POST", "/v1/keywords", body)["keywords"]
            given = ask(theirs, "POST", "/loop/keywords", other)["keywords"]
            assert {one["text"]: one["score"] for one in mine} == {one["text"]: one["score"] for one in given} or (
                [one["score"] for one in mine] == [one["score"] for one in given]  # another one of equal weights
            ), (mine, given)
        sides = [
            Side("textpipe serve", ours, written(folder, "own", "/v1/keywords", own)),
            Side("FastAPI + jieba, in threads", theirs, written(folder, "threads", "/threads/keywords", usual)),
            Side("FastAPI + jieba, in the loop", theirs, written(folder, "loop", "/loop/keywords", usual)),
        ]
        print(
            f"/v1/keywords, TF-IDF, {BYTES} bytes a text, 1 worker, {connections} connections, {rounds} x {seconds:g} s"
        )
        (rate, p99), *others = compared(sides, connections=connections, seconds=seconds, rounds=rounds)
    best, quickest = max(one[0] for one in others), min(one[1] for one in others)
    print(f"  {rate / best:.2f}x the faster one's requests/s; p99 {p99 / quickest:.2f}x the lower one's")


def labelled(kind: str) -> tuple[Path, list[str], list[str]]:
    """A file of labelled texts, options for reading it, texts to classify. kind: `titles` or `reviews`"""
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    columns: dict[str, Any] = {}
    data = DATA / "news.tsv"
    if folder and kind == "reviews":
        data = Path(folder) / "classify" / "chnsenticorp" / "dev.tsv"
        columns = {"text_col": "text_a", "label_col": "label"}
    elif folder:
        data = Path(folder) / "classify" / "thucnews10" / "dev.txt"
        columns = {"text_col": "1", "label_col": "2"}
    options = ["--input-format", "tsv"]
    for name, value in columns.items():
        options += [f"--{name.replace('_', '-')}", value]
    found = textpipe.read([str(data)], input_format="tsv", limit=TEXTS, **columns)
    return data, options, [document.text for document in found]


def train(folder: Path, settings: Sequence[str], kind: str) -> list[str]:
    """A classifier of the name `recurrent`, hardly trained: that takes as long. Texts to classify."""
    data, options, found = labelled(kind)
    given = [part for one in ("epochs=1", "pretrain=0", *settings) for part in ("--set", one)]
    command = [sys.executable, "-m", "textpipe", "train-classifier", str(data), *options, "--limit", "3000"]
    place = ["--arch", "recurrent", "--name", "recurrent", "--store", str(folder / "store")]
    subprocess.run([*command, *place, *given, "-q"], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return found


def classify(
    folder: Path, *, kind: str, settings: Sequence[str], connections: int, seconds: float, rounds: int
) -> None:
    texts = train(folder, settings, kind)
    requests = written(folder, "classify", "/v1/classify", [{"text": text, "model": "recurrent"} for text in texts])
    options = ("--store", str(folder / "store"), "--device", "cpu", "--max-queue-ms", "2000")  # none is refused
    with textpipe_service(*options) as together, textpipe_service(*options, "--max-batch", "1") as alone:
        sides = [Side("in batches", together, requests), Side("text by text", alone, requests)]
        mean = statistics.mean(map(len, texts))
        times = f"{rounds} x {seconds:g} s"
        what = " ".join(["recurrent", *settings])
        print(f"/v1/classify, {what}, {mean:.0f} characters a text, 1 worker, {connections} connections, {times}")
        (rate, p99), (other, other_p99) = compared(sides, connections=connections, seconds=seconds, rounds=rounds)
    print(f"  {rate / other:.2f}x the requests/s; p99 {p99 / other_p99:.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["keywords", "classify"], help="else both")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the network: cell=gru")
    parser.add_argument("--texts", choices=["titles", "reviews"], default="titles", help="to classify")
    given = parser.parse_args()
    load = {"connections": given.connections, "seconds": given.seconds, "rounds": given.rounds}
    with tempfile.TemporaryDirectory() as folder:
        if given.part != "classify":
            keywords(Path(folder), **load)
        if given.part != "keywords":
            classify(Path(folder), kind=given.texts, settings=given.set, **load)


if __name__ == "__main__":
    main()
