"""Our TextCNN and LSTM beside the usual implementations (peers/usual_networks.py): seconds of an epoch and accuracy.

Both are trained on the same rows of thucnews10. With the settings `same` ours read characters too, in batches of 128,
with sizes, widths, layers and dropout as theirs; first weights, optimiser and learning rate stay our own, as all does
with `default`. Epochs alternate, so that a slow moment of the machine meets both; seconds are those of the steps alone,
without scoring. A tenth of the training rows says which epoch is best; what is shown is its accuracy on the
development rows.

Needs `TEXTPIPE_EVALUATION_DATA`. `--vectors FILE` (word2vec text) is where all begin; the output says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers.usual_networks import BATCH, DIM, Usual

from textpipe.corpus.document import Document
from textpipe.corpus.split import split
from textpipe.embeddings.formats import read_vectors_file
from textpipe.models import classifier_class
from textpipe.models.textcnn import has_bfloat16
from textpipe.training.log import EpochReport, StepReport, TrainingLog

PLAIN = {
    "unit": "char",
    "min_count": 1,
    "max_length": 32,
    "dim": DIM,
    "pretrain": 0,
    "unit_dropout": 0.0,
    "embedding_dropout": 0.0,
    "batch_size": BATCH,
    "patience": 0,
}
SAME: dict[str, dict[str, Any]] = {
    "textcnn": {"widths": (2, 3, 4)},
    "recurrent": {"layers": 2, "pooling": "last", "layer_dropout": 0.5, "dropout": 0.0},
}


def documents(path: Path, rows: int | None = None) -> list[Document]:
    """Lines `text<TAB>label`."""
    lines = path.read_text("utf-8").split("\n")
    pairs = [line.split("\t") for line in lines if line][:rows]
    return [Document(id=str(number), text=text, label=label) for number, (text, label) in enumerate(pairs)]


def accuracy(model: Any, held: list[Document]) -> float:
    """The share of documents that get their label."""
    found = model.predict([document.text for document in held])
    return float(np.mean([label == document.label for label, document in zip(found, held, strict=True)]))


def run(name: str, data: dict[str, list[Document]], options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One training of each, an epoch in turn."""
    vectors = read_vectors_file(str(options.vectors)) if options.vectors else None
    texts = {part: [document.text for document in found] for part, found in data.items()}
    labels = {part: [document.label or "" for document in found] for part, found in data.items()}
    usual = Usual(name, texts["train"], labels["train"], seed=seed, vectors=vectors)
    found: dict[str, list[float]] = {"ours": [], "usual": [], "valid": [], "dev": []}
    clock = {"began": 0.0, "last": 0.0}

    def step(_report: StepReport) -> None:
        clock["last"] = time.perf_counter()

    def turn(report: EpochReport | None = None) -> None:
        """An epoch of the usual one, after each of ours."""
        if report is not None:
            found["ours"].append(clock["last"] - clock["began"])
        torch.use_deterministic_algorithms(False)
        found["usual"].append(usual.epoch())
        for part in ("valid", "dev"):
            found[part].append(usual.accuracy(texts[part], labels[part]))
        torch.use_deterministic_algorithms(True)
        clock["began"] = time.perf_counter()

    def start(_share: float, _state: str) -> None:
        clock["began"] = time.perf_counter()

    kind: Any = classifier_class(name)
    own = {**PLAIN, **SAME[name]} if options.settings == "same" else {}
    more = {"unit": options.unit} if options.unit else {}
    config = kind.Config(**{**own, **more, "epochs": options.epochs, "seed": seed})
    model = kind(config, vectors=vectors, workers=options.threads, device="cpu")
    began = time.perf_counter()
    log = TrainingLog(step=step, epoch=turn, share=start)
    model.fit(data["train"], valid=data["valid"], log=log)
    torch.use_deterministic_algorithms(False)
    best = int(np.argmax(found["valid"]))
    seconds = [statistics.median(found[side][1:] or found[side]) for side in ("ours", "usual")]
    return {
        "network": name,
        "settings": options.settings,
        "unit": config.unit,
        "vectors": options.vectors.name if options.vectors else "random",
        "rows": len(data["train"]),
        "threads": options.threads,
        "seed": seed,
        "bfloat16": has_bfloat16() and name == "textcnn",
        "ours_seconds_an_epoch": round(seconds[0], 2),
        "usual_seconds_an_epoch": round(seconds[1], 2),
        "times_faster": round(seconds[1] / seconds[0], 2),
        "ours_dev_accuracy": round(100 * accuracy(model, data["dev"]), 2),
        "usual_dev_accuracy": round(100 * found["dev"][best], 2),
        "ours_epochs": len(found["ours"]),
        "minutes_of_both": round((time.perf_counter() - began) / 60, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=list(SAME), action="append", help="both without it")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rows", type=int, help="of training, a tenth of them held back; all without it")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--settings", choices=("same", "default"), default="same")
    parser.add_argument(
        "--unit", choices=("word", "char", "both"), help="what ours reads, another than by its settings"
    )
    parser.add_argument("--vectors", type=Path, help="vectors of characters, word2vec text")
    options = parser.parse_args()
    if "TEXTPIPE_EVALUATION_DATA" not in os.environ:
        sys.exit("TEXTPIPE_EVALUATION_DATA is not set")
    folder = Path(os.environ["TEXTPIPE_EVALUATION_DATA"]) / "classify" / "thucnews10"
    torch.set_num_threads(options.threads)
    parts = split(documents(folder / "train_45k.txt", options.rows), 0.1, seed=0)
    data = {"train": parts.train, "valid": parts.valid, "dev": documents(folder / "dev.txt")}
    for seed in range(options.seeds):
        for name in options.network or SAME:
            print(json.dumps(run(name, data, options, seed)), flush=True)


if __name__ == "__main__":
    main()
