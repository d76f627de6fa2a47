"""Classifiers exported as ONNX beside the same in textpipe: texts a second, size, equal labels; also with int8.

Each learns from headlines of thucnews10 (`--rows`) and predicts those of the development set (`--texts`), from strings,
in batches of 64 by length; rounds alternate between the sides, and medians are shown. Both have `--threads`.

Needs `TEXTPIPE_EVALUATION_DATA`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from textpipe.corpus.document import Document
from textpipe.models import classifier_class
from textpipe.models.onnx import written
from textpipe.models.onnx.encoding import encoded
from textpipe.models.onnx.int8 import in_int8
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "linear": {"C": 0.3},
    "mlp": {"epochs": 2, "pretrain": 0},
    "textcnn": {"epochs": 2, "pretrain": 0},
    "recurrent": {"epochs": 1, "pretrain": 0},
}
BATCH = 64


def headlines(path: Path, rows: int) -> list[Document]:
    """Lines `text<TAB>label`."""
    lines = [line.split("\t") for line in path.read_text("utf-8").split("\n")[:rows]]
    return [Document(str(number), *line) for number, line in enumerate(lines)]


def by_onnxruntime(content: bytes, about: Mapping[str, Any], threads: int) -> Callable[[Sequence[str]], Any]:
    """Texts, sorted by length, to probabilities."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def predict(texts: Sequence[str]) -> Any:
        batches = (texts[first : first + BATCH] for first in range(0, len(texts), BATCH))
        return np.concatenate([session.run(None, encoded(some, about["inputs"], Tokenizer()))[0] for some in batches])

    return predict


def measure(arch: str, learned: Sequence[Document], texts: Sequence[str], options: argparse.Namespace) -> None:
    """One architecture, a line a side."""
    made = classifier_class(arch)
    model = made(made.Config(**SETTINGS[arch]), workers=options.threads, device="cpu")
    model.fit(learned, log=TrainingLog())
    file, about = written(model, arch=arch, tokenizer=Tokenizer())
    contents = {"onnx": file.SerializeToString()}
    contents["onnx, int8"] = in_int8(file).SerializeToString()
    sides: dict[str, Callable[[Sequence[str]], Any]] = {"textpipe": model.predict_proba}
    sides |= {name: by_onnxruntime(content, about, options.threads) for name, content in contents.items()}
    found = {name: predict(texts) for name, predict in sides.items()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, predict in sides.items():
            start = time.perf_counter()
            predict(texts)
            taken[name].append(time.perf_counter() - start)
    for name, seconds in taken.items():
        size = f"{len(contents[name]) / 1e6:.1f} MB" if name in contents else ""
        same = (found[name].argmax(1) == found["textpipe"].argmax(1)).mean()
        rate = len(texts) / statistics.median(seconds)
        apart = np.abs(found[name] - found["textpipe"]).max()
        print(
            f"{arch:<12}{name:<12}{rate:>10,.0f} texts/s{size:>12}  labels {same:.4f}  differs by {apart:.1e}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if "TEXTPIPE_EVALUATION_DATA" not in os.environ:
        sys.exit("set TEXTPIPE_EVALUATION_DATA to the folder of evaluation data")
    import torch

    torch.set_num_threads(options.threads)
    folder = Path(os.environ["TEXTPIPE_EVALUATION_DATA"]) / "classify" / "thucnews10"
    learned = headlines(folder / "train_45k.txt", options.rows)
    texts = sorted((one.text for one in headlines(folder / "dev.txt", options.texts)), key=len)
    for arch in options.arch:
        measure(arch, learned, texts, options)


if __name__ == "__main__":
    main()
