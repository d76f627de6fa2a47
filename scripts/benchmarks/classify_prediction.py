"""Prediction with our networks beside the usual code in torch, from strings: texts a second, the same weights.

TextCNN: tables in C beside the same network in torch (ours), as it is usually written (Conv2d, characters through a
dict, padded to 32, eager), and in ONNX Runtime where that is installed. BiLSTM: beside nn.LSTM, eager, batches of 64.
Both read characters, 32 at most. Rounds alternate between all, medians are shown, of wall time and of CPU time (all
threads together), which other processes disturb less. Outputs are compared with those of the usual network on texts of
equal lengths, without padding: of padding the usual code reads what ours does not.

`--lines N` headlines, made from a seed, then go through `textpipe classify`: texts a second, memory as it goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers.usual_prediction import LENGTH, BiLSTM, Conv2dTextCNN, Usual, onnx_decisions, without_padding

from textpipe.corpus.document import Document
from textpipe.models import classifier_class
from textpipe.training.log import TrainingLog

SETTINGS = {"unit": "char", "max_length": LENGTH, "pretrain": 0, "epochs": 1, "min_count": 1, "dim": 300}
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "TextCNN, widths 2 3 4, 256 filters": ("textcnn", {"widths": (2, 3, 4)}),
    "BiLSTM, 1 layer of 128": ("recurrent", {"hidden": 128}),
    "BiLSTM, 2 layers of 128": ("recurrent", {"hidden": 128, "layers": 2}),
}


def headlines(path: Path, rows: int | None = None) -> list[Document]:
    """Lines of `text<TAB>label`."""
    lines = path.read_text("utf-8").splitlines()[:rows]
    return [Document(str(number), *line.split("\t")) for number, line in enumerate(lines)]


def learned(arch: str, documents: Sequence[Document], settings: dict[str, Any]) -> Any:
    """A classifier after one epoch: how good it is does not matter here."""
    kind: Any = classifier_class(arch)
    model = kind(kind.Config(**settings), device="cpu", workers=torch.get_num_threads())
    return model.fit(documents, log=TrainingLog())


def sides_of(model: Any, arch: str, threads: int, folder: str) -> dict[str, tuple[Callable[[Sequence[str]], Any], int]]:
    """name → (from texts to decisions, how many times fewer texts are enough)"""
    inputs, network = model.learned.inputs, model.learned.network
    characters = inputs.vocabularies[0].tokens

    def ours(texts: Sequence[str]) -> Any:
        return model._quick.decisions(network, inputs.encode(texts, threads=threads))

    def ours_in_torch(texts: Sequence[str]) -> Any:
        return model._decisions(network, inputs.encode(texts, threads=threads))

    found: dict[str, tuple[Callable[[Sequence[str]], Any], int]] = {"ours": (ours, 1)}
    if arch == "textcnn":
        usual = Usual(Conv2dTextCNN(network), characters, batch=64)
        found["usual code, Conv2d, eager"] = (usual.decisions, 10)
        if find_spec("onnxruntime"):
            path = str(Path(folder) / "usual.onnx")
            found["ONNX Runtime"] = (onnx_decisions(usual.network, usual, threads=threads, path=path), 10)
    else:
        for name, packed in (("nn.LSTM, padded to 32, eager", False), ("nn.LSTM, packed, eager", True)):
            found[name] = (Usual(BiLSTM(network, packed=packed), characters, batch=64).decisions, 5)
    found["ours, in torch"] = (ours_in_torch, 5)
    return found


def difference(model: Any, arch: str, texts: Sequence[str]) -> float:
    """The largest between outputs of ours and of the usual network."""
    inputs, network = model.learned.inputs, model.learned.network
    units = inputs.encode(texts)
    rows = [units.part(slice(place, place + 1)).channels[0] for place in range(len(texts))]
    long = [place for place, row in enumerate(rows) if len(row) >= max(model.least, 1)]
    peer = Conv2dTextCNN(network) if arch == "textcnn" else BiLSTM(network, packed=False)
    ours = model._quick.decisions(network, units)[long]
    return float(np.abs(ours - without_padding(peer, [rows[place] for place in long])).max())


def compare(name: str, documents: Sequence[Document], texts: Sequence[str], options: argparse.Namespace) -> None:
    arch, settings = NETWORKS[name]
    model = learned(arch, documents, {**SETTINGS, **settings})
    with tempfile.TemporaryDirectory() as folder:
        sides = sides_of(model, arch, options.threads, folder)
        taken: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
        for number in range(options.rounds + 1):
            for side, (work, fewer) in sides.items():
                some = texts[: len(texts) // fewer]
                began, busy = time.perf_counter(), time.process_time()
                work(some)
                seconds = time.perf_counter() - began, time.process_time() - busy
                if number:  # the first one warms up
                    taken[side].append((len(some) / seconds[0], len(some) / seconds[1]))
    print(f"{name} ({options.threads} threads, {len(texts):,} headlines, medians of {options.rounds} rounds)")
    median = {side: [statistics.median(one) for one in zip(*speeds, strict=True)] for side, speeds in taken.items()}
    for side, (speed, busy) in median.items():
        told = f"    {side:<36}{speed:>12,.0f} texts/s, {busy:>12,.0f} a second of CPU"
        if side != "ours":
            told += f"; ours {median['ours'][0] / speed:.1f} times, of CPU {median['ours'][1] / busy:.1f}"
        print(told)
    print(f"    {'largest difference of outputs':<36}{difference(model, arch, texts[:2000]):>12.1e}", flush=True)


def made_headlines(count: int, texts: Sequence[str], seed: int = 0) -> Iterator[str]:
    """Halves of two headlines after each other."""
    chance = random.Random(seed)
    for _ in range(count):
        one, other = chance.choice(texts), chance.choice(texts)
        yield one[: len(one) // 2] + other[len(other) // 2 :]


def resident(process: int) -> float:
    """MiB"""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def stream(documents: Sequence[Document], lines: int) -> None:
    """So many lines through `textpipe classify`, a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        work, command = Path(folder), [sys.executable, "-m", "textpipe"]
        rows = "".join(f"{document.text}\t{document.label}\n" for document in documents)
        (work / "train.tsv").write_text("text\tlabel\n" + rows, "utf-8")
        small = ["--set", "epochs=1", "--set", "pretrain=0", "--valid", "0.1"]
        train = [*command, "train-classifier", "train.tsv", "--arch", "textcnn", "--name", "speed", *small]
        subprocess.run(train, cwd=folder, check=True, capture_output=True)
        with open(work / "lines.txt", "w", encoding="utf-8") as to:
            to.writelines(f"{text}\n" for text in made_headlines(lines, [document.text for document in documents]))
        began = time.perf_counter()
        line = [*command, "classify", "lines.txt", "--lines", "--model", "speed", "-o", "labels.jsonl"]
        found, memory = subprocess.Popen(line, cwd=folder, stderr=subprocess.DEVNULL), []
        while found.poll() is None:
            memory.append(resident(found.pid))
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        with open(work / "labels.jsonl", encoding="utf-8") as results:
            names = [json.loads(row)["id"] for row in results]
        apart = sum(name != f"lines.txt:{number}" for number, name in enumerate(names, start=1))
    print(f"{lines:,} lines through textpipe classify, a TextCNN by default (characters and words)")
    print(f"    {'the whole process':<36}{lines / seconds:>12,.0f} texts/s")
    shares = [memory[int(share * (len(memory) - 1))] for share in (0.1, 0.25, 0.5, 0.75, 0.99)]
    told = ", ".join(f"{size:,.0f}" for size in shares)
    print(f"    {'MiB after 10, 25, 50, 75, 99 %':<36}{told:>12}")
    print(f"    {'records, of them out of order':<36}{len(names):>12,}, {apart:,}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000, help="headlines to learn from")
    parser.add_argument("--texts", type=int, default=10_000, help="headlines to predict")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--network", choices=("textcnn", "recurrent"), help="only this one")
    parser.add_argument("--lines", type=int, default=1_000_000, help="through `textpipe classify`; 0: none")
    options = parser.parse_args()
    if "TEXTPIPE_EVALUATION_DATA" not in os.environ:
        sys.exit("TEXTPIPE_EVALUATION_DATA is not set")
    torch.set_num_threads(options.threads)
    folder = Path(os.environ["TEXTPIPE_EVALUATION_DATA"]) / "classify" / "thucnews10"
    documents = headlines(folder / "train_45k.txt", options.rows)
    texts = [document.text for document in headlines(folder / "dev.txt")][: options.texts]
    for name, (arch, _) in NETWORKS.items():
        if options.network in (None, arch):
            compare(name, documents, texts, options)
    if options.lines:
        stream(documents, options.lines)


if __name__ == "__main__":
    main()
