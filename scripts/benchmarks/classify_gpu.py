"""Our TextCNN, LSTM and Transformer beside the usual code (peers/usual_networks.py) on one GPU, with mixed precision.

    python scripts/benchmarks/classify_gpu.py [--data FILE] [--rows 45000] [--settings same] [-o RESULTS.jsonl]

A line of JSON for each network and side: seconds of an epoch (the median of those after the first two, steps alone,
nothing scored), texts a second in training and in prediction from strings, and what share of the time the GPU is busy.
That is measured twice: `busy_kernels` is the time in which any kernel or copy ran, as torch's profiler saw it in the
second epoch, over the seconds of an epoch without the profiler; `busy_nvidia_smi` is the mean of what nvidia-smi said
ten times a second in the other epochs (it counts a period in which a kernel ran as busy throughout). Ours learn in
bfloat16 and predict in float32; `predicts_in_bfloat16` says how fast that were, and how many labels stay. The usual
code is as it is written, in float32, and once more under autocast.

Rows are lines `text<TAB>label`: FILE, thucnews10 of TEXTPIPE_EVALUATION_DATA, or characters drawn by chance. Without
a GPU `--device cpu --rows 500` tries the script out. Only torch and numpy are needed besides textpipe.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers.same import PLAIN, SAME
from peers.usual_networks import Usual

from textpipe.corpus.document import Document
from textpipe.device import usable_cores
from textpipe.models import classifier_class
from textpipe.training.log import EpochReport, StepReport, TrainingLog

_PROFILED = 2  # the epoch that the profiler sees; the first one warms up
_QUERY = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "100")


class Busy:
    """What nvidia-smi says of the GPU while it is watched; nothing where there is none."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self.found: list[int] = []
        self.watched = False

    def __enter__(self) -> Busy:
        program = shutil.which("nvidia-smi") if self.device.type == "cuda" else None
        self.child: subprocess.Popen[str] | None = None
        if program:
            of = str(torch.cuda.get_device_properties(self.device).uuid)
            of = of if of.startswith("GPU-") else f"GPU-{of}"
            self.child = subprocess.Popen(
                [program, f"--id={of}", *_QUERY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self) -> None:
        assert self.child is not None
        assert self.child.stdout is not None
        for line in self.child.stdout:
            if self.watched and line.strip().isdigit():
                self.found.append(int(line))

    def __exit__(self, *_error: object) -> None:
        if self.child is not None:
            self.child.terminate()
            self.child.wait()

    @property
    def share(self) -> float | None:
        return round(statistics.mean(self.found) / 100, 3) if self.found else None


class Epochs:
    """Seconds of epochs as they come, and what the GPU did in them."""

    def __init__(self, device: Any, busy: Busy) -> None:
        self.device, self.busy = device, busy
        self.seconds: list[float] = []
        self.kernels: float | None = None
        self._profiler: Any = None
        self._began = 0.0

    def begin(self) -> None:
        number = len(self.seconds) + 1
        _wait(self.device)
        if number == _PROFILED and self.device.type == "cuda":
            self._profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA])
            self._profiler.start()
        self.busy.watched = number > _PROFILED
        self._began = time.perf_counter()

    def end(self) -> None:
        _wait(self.device)
        self.seconds.append(time.perf_counter() - self._began)
        self.busy.watched = False
        if self._profiler is not None:
            self._profiler.stop()
            self.kernels = _seconds_of_kernels(self._profiler)
            self._profiler = None

    def told(self, texts: int) -> dict[str, Any]:
        seconds = statistics.median(self.seconds[_PROFILED:])
        return {
            "seconds_an_epoch": round(seconds, 3),
            "learns_texts_a_second": round(texts / seconds),
            "busy_kernels": None if self.kernels is None else round(self.kernels / seconds, 3),
            "busy_nvidia_smi": self.busy.share,
        }


def _seconds_of_kernels(profiler: Any) -> float:
    """In which any kernel or copy ran; those that ran at once count once."""
    cuda = torch.autograd.DeviceType.CUDA
    spans = sorted(
        (event.time_range.start, event.time_range.end)
        for event in profiler.events()
        if event.device_type == cuda and not getattr(event, "is_user_annotation", False)
    )
    total, reached = 0.0, float("-inf")
    for start, end in spans:
        total += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return total / 1e6


def _wait(device: Any) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def read_rows(options: argparse.Namespace) -> list[Document]:
    """Of a file, or drawn: 3,000 characters by Zipf's law, 20 a text, labels by chance."""
    path = options.data
    if path is None and "TEXTPIPE_EVALUATION_DATA" in os.environ:
        path = Path(os.environ["TEXTPIPE_EVALUATION_DATA"]) / "classify" / "thucnews10" / "train_45k.txt"
    if path is not None:
        pairs = [line.split("\t")[:2] for line in path.read_text("utf-8").split("\n") if line]
    else:
        chance = np.random.default_rng(0)
        sums = np.cumsum(1 / np.arange(1, 3_001))
        codes = 0x4E00 + np.searchsorted(sums, chance.random((options.rows, 20)) * sums[-1])
        pairs = [["".join(map(chr, row)), str(number % 10)] for number, row in enumerate(codes.tolist())]
    return [Document(str(number), text, label) for number, (text, label) in enumerate(pairs[: options.rows])]


def speed(predict: Callable[[Sequence[str]], list[str]], texts: list[str], device: Any) -> tuple[int, list[str]]:
    """(texts a second, the best of three after one to warm up; their labels)"""
    found, seconds = predict(texts), []
    for _ in range(3):
        _wait(device)
        began = time.perf_counter()
        predict(texts)
        _wait(device)
        seconds.append(time.perf_counter() - began)
    return round(len(texts) / min(seconds)), found


def ours(name: str, rows: list[Document], options: argparse.Namespace, device: Any) -> dict[str, Any]:
    kind: Any = classifier_class(name)
    own = {**PLAIN, **SAME[name]} if options.settings == "same" else {}
    config = kind.Config(**{**own, "epochs": options.epochs, "patience": 0, "precision": options.precision})
    with Busy(device) as busy:
        epochs = Epochs(device, busy)

        def step(report: StepReport) -> None:
            if report.step % (report.steps // options.epochs) == 0:
                epochs.end()

        def begin(_report: EpochReport) -> None:
            if len(epochs.seconds) < options.epochs:
                epochs.begin()

        def start(_share: float, _state: str) -> None:
            if not epochs.seconds:
                epochs.begin()

        model = kind(config, device=str(device), workers=options.threads)
        log = TrainingLog(step=step, epoch=begin, share=start)
        model.fit(rows, log=log)
    texts = [row.text for row in rows]
    rate, labels = speed(model.predict, texts, device)
    with torch.autocast(device.type, torch.bfloat16):
        half_rate, half_labels = speed(model.predict, texts, device)
    same = float(np.mean([one == other for one, other in zip(labels, half_labels, strict=True)]))
    return {
        **epochs.told(len(rows)),
        "learns_in": log.facts["precision"],
        "predicts_texts_a_second": rate,
        "predicts_in_bfloat16": {"texts_a_second": half_rate, "same_labels": round(same, 4)},
    }


def usual(name: str, rows: list[Document], options: argparse.Namespace, device: Any, *, half: bool) -> dict[str, Any]:
    texts, labels = [row.text for row in rows], [row.label or "" for row in rows]
    made = Usual(name, texts, labels, seed=0, device=str(device), half=half)
    with Busy(device) as busy:
        epochs = Epochs(device, busy)
        for _ in range(options.epochs):
            epochs.begin()
            made.epoch()
            epochs.end()
    rate, _ = speed(made.predict, texts, device)
    precision = "bfloat16" if half else "float32"
    return {**epochs.told(len(rows)), "learns_in": precision, "predicts_texts_a_second": rate}


def machine(device: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"cores": usable_cores(), "torch": torch.__version__, "device": str(device)}
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        facts |= {"gpu": card.name, "memory": card.total_memory, "cuda": torch.version.cuda}
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="textcnn,recurrent,transformer", help="dpcnn is another")
    parser.add_argument("--settings", choices=("same", "default"), default="same", help="of ours")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16", "float16"), default="auto")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rows", type=int, default=45_000)
    parser.add_argument("--epochs", type=int, default=6, help="3 at least")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.device != "cpu" and not torch.cuda.is_available():
        sys.exit("torch sees no CUDA GPU; --device cpu --rows 500 only tries the script out")
    options.epochs = max(options.epochs, _PROFILED + 1)
    device = torch.device(options.device)
    rows = read_rows(options)
    with ExitStack() as stack:
        stream = stack.enter_context(options.output.open("w", encoding="utf-8")) if options.output else None

        def tell(line: dict[str, Any]) -> None:
            for target in (sys.stdout, stream):
                if target is not None:
                    print(json.dumps(line), file=target, flush=True)

        tell({**machine(device), "rows": len(rows), "settings": options.settings})
        for name in options.networks.split(","):
            tell({"network": name, "side": "ours", **ours(name, rows, options, device)})
            for half in (False, True):
                tell({"network": name, "side": "usual", **usual(name, rows, options, device, half=half)})


if __name__ == "__main__":
    main()
