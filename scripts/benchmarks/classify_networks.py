"""Our networks beside the usual implementations of the same (peers/usual_networks.py): accuracy, seconds of an epoch.

Both are trained on the same rows, a tenth of which says which epoch is best; what is shown is that epoch's accuracy on
the development rows, beside that of the linear peer (scikit-learn's SVM over TF-IDF, as in `scripts/bench classify`),
which learns from the held-back rows too. With the settings `same` ours read characters too, in batches of 128, with
sizes, layers and dropout as theirs; first weights, optimiser and learning rate stay our own, as all does with
`default`. Epochs alternate while both learn, so that a slow moment of the machine meets both; seconds are those of the
steps alone, without scoring. The usual ones, and ours with `same`, end after `--patience` epochs without a gain.

Needs `TEXTPIPE_EVALUATION_DATA`. `--vectors FILE` (word2vec text) is where all begin; the output says so. All of it
takes an hour or more: `--usual FILE` takes the usual side from lines of an earlier run with the same data and epochs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from classify import SETS, TOKENIZER, Rows, linear_peer
from peers.same import PLAIN, SAME
from peers.usual_networks import Usual

from textpipe.corpus.document import Document
from textpipe.corpus.split import split
from textpipe.embeddings.formats import read_vectors_file
from textpipe.models import classifier_class
from textpipe.training.log import EpochReport, StepReport, TrainingLog


class Data(NamedTuple):
    """Documents to learn from, to choose epochs on, and to judge on."""

    train: list[Document]
    valid: list[Document]
    dev: list[Document]


class UsualRun:
    """The usual network's epochs, the best of them kept; ended by patience, or after so many."""

    def __init__(self, name: str, data: Data, options: argparse.Namespace, *, seed: int, vectors: Any) -> None:
        self.data, self.options = data, options
        self.usual = Usual(name, *rows_of(data.train), seed=seed, vectors=vectors)
        self.seconds: list[float] = []
        self.valid: list[float] = []
        self.best: Any = None

    @property
    def ended(self) -> bool:
        since = len(self.valid) - self.valid.index(max(self.valid)) - 1 if self.valid else 0
        return bool(len(self.valid) == self.options.epochs or since >= self.options.patience)

    def epoch(self) -> None:
        if self.ended:
            return
        torch.use_deterministic_algorithms(False)
        self.seconds.append(self.usual.epoch())
        self.valid.append(self.usual.accuracy(*rows_of(self.data.valid)))
        if self.valid.index(max(self.valid)) == len(self.valid) - 1:
            self.best = deepcopy(self.usual.network.state_dict())

    def end(self) -> dict[str, Any]:
        while not self.ended:
            self.epoch()
        self.usual.network.load_state_dict(self.best)
        return {
            "usual_seconds_an_epoch": round(statistics.median(self.seconds[1:] or self.seconds), 2),
            "usual_dev_accuracy": round(100 * self.usual.accuracy(*rows_of(self.data.dev)), 2),
            "usual_epochs": len(self.valid),
            "usual_best_epoch": self.valid.index(max(self.valid)) + 1,
        }


def documents(path: Path, rows: int | None = None) -> list[Document]:
    """Lines `text<TAB>label`."""
    lines = path.read_text("utf-8").split("\n")
    pairs = [line.split("\t") for line in lines if line][:rows]
    return [Document(id=str(number), text=text, label=label) for number, (text, label) in enumerate(pairs)]


def rows_of(found: list[Document]) -> Rows:
    return Rows([document.text for document in found], [document.label or "" for document in found])


def share_right(labels: list[str], held: list[Document]) -> float:
    """Per hundred: documents that get their label."""
    return round(100 * float(np.mean([label == one.label for label, one in zip(labels, held, strict=True)])), 2)


@cache
def read_data(name: str, rows: int | None) -> Data:
    folder = Path(os.environ["TEXTPIPE_EVALUATION_DATA"]) / "classify"
    train, dev = (folder / file for file in SETS[name])
    parts = split(documents(train, rows), 0.1, seed=0)
    return Data(parts.train, parts.valid, documents(dev))


@cache
def linear_accuracy(name: str, rows: int | None) -> float:
    """Of the linear peer, which needs no rows to choose an epoch on and learns from them as well."""
    data = read_data(name, rows)
    peer = linear_peer(with_words=True, C=0.5).fit(*rows_of(data.train + data.valid))
    return share_right([str(label) for label in peer.predict([one.text for one in data.dev])], data.dev)


def config_of(kind: Any, name: str, settings: str, options: argparse.Namespace, seed: int) -> Any:
    if settings == "default":
        return kind.Config(seed=seed, **({"unit": options.unit} if options.unit else {}))
    more = {"unit": options.unit} if options.unit else {}
    bound = {"epochs": options.epochs, "patience": options.patience}
    return kind.Config(**{**PLAIN, **SAME[name], **more, **bound, "seed": seed})


def run_ours(
    name: str, settings: str, data: Data, options: argparse.Namespace, *, seed: int, vectors: Any, beside: Any
) -> dict[str, Any]:
    """One training of ours; after each epoch one of the network beside it, where there is one."""
    seconds: list[float] = []
    clock = {"began": 0.0, "last": 0.0}

    def step(_report: StepReport) -> None:
        clock["last"] = time.perf_counter()

    def turn(_report: EpochReport) -> None:
        seconds.append(clock["last"] - clock["began"])
        if beside is not None:
            beside.epoch()
            torch.use_deterministic_algorithms(True)
        clock["began"] = time.perf_counter()

    def start(_share: float, _state: str) -> None:
        clock["began"] = time.perf_counter()

    kind: Any = classifier_class(name)
    config = config_of(kind, name, settings, options, seed)
    model = kind(config, vectors=vectors, workers=options.threads, device="cpu")
    log = TrainingLog(step=step, epoch=turn, share=start)
    model.fit(data.train, valid=data.valid, log=log)
    torch.use_deterministic_algorithms(False)
    return {
        "unit": config.unit,
        "bfloat16": bool(log.facts.get("products_in_halves")),
        "ours_seconds_an_epoch": round(statistics.median(seconds[1:] or seconds), 2),
        "ours_dev_accuracy": share_right(model.predict([one.text for one in data.dev]), data.dev),
        "ours_epochs": len(seconds),
        "ours_best_epoch": log.facts["best_epoch"],
    }


def known_usual(path: Path | None, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The usual side of an earlier run of the same."""
    lines = path.read_text("utf-8").splitlines() if path else []
    for found in map(json.loads, lines):
        if "usual_dev_accuracy" in found and all(found.get(name) == value for name, value in wanted.items()):
            return {name: value for name, value in found.items() if name.startswith("usual_")}
    return None


def run(set_name: str, name: str, options: argparse.Namespace, seed: int) -> None:
    """A line for each of the settings."""
    vectors = read_vectors_file(str(options.vectors)) if options.vectors else None
    data = read_data(set_name, options.rows)
    same: dict[str, Any] = {
        "set": set_name,
        "network": name,
        "vectors": options.vectors.name if options.vectors else "random",
        "rows": len(data.train) + len(data.valid),
        "held_back": len(data.valid),
        "seed": seed,
        "usual_most_epochs": options.epochs,
        "usual_patience": options.patience,
    }
    usual = known_usual(options.usual, same)
    beside = None if usual else UsualRun(name, data, options, seed=seed, vectors=vectors)
    for settings in options.settings.split(","):
        ours: dict[str, Any] = {}
        side_by_side = beside is not None
        if settings != "usual":
            ours = run_ours(name, settings, data, options, seed=seed, vectors=vectors, beside=beside)
        if usual is None:
            assert beside is not None
            usual = beside.end()
            beside = None
        line = {**same, "settings": settings, "threads": options.threads, **ours, **usual}
        if ours and side_by_side:
            line["times_faster"] = round(usual["usual_seconds_an_epoch"] / ours["ours_seconds_an_epoch"], 2)
        print(json.dumps({**line, "linear_dev_accuracy": linear_accuracy(set_name, options.rows)}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default=",".join(SAME))
    parser.add_argument("--sets", default="thucnews10,tnews")
    parser.add_argument("--settings", default="same,default", help="of ours; `usual`: the usual ones alone")
    parser.add_argument(
        "--epochs", type=int, default=10, help="at most, of the usual ones and with the settings `same`"
    )
    parser.add_argument("--patience", type=int, default=2, help="epochs without a gain, of the same")
    parser.add_argument("--rows", type=int, help="of training, a tenth of them held back; all without it")
    parser.add_argument("--seeds", default="0", help="as 0,1,2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--unit", choices=("word", "char", "both"), help="what ours read, another than by the settings")
    parser.add_argument("--vectors", type=Path, help="vectors of characters, word2vec text")
    parser.add_argument("--usual", type=Path, help="lines of an earlier run, whose usual side is taken")
    options = parser.parse_args()
    if "TEXTPIPE_EVALUATION_DATA" not in os.environ:
        sys.exit("TEXTPIPE_EVALUATION_DATA is not set")
    torch.set_num_threads(options.threads)
    TOKENIZER.tokenize("")  # what it reads is no part of an epoch
    for seed in map(int, options.seeds.split(",")):
        for set_name in options.sets.split(","):
            for name in options.networks.split(","):
                run(set_name, name, options, seed)


if __name__ == "__main__":
    main()
