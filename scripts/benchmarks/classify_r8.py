"""Classifiers on R8 (Reuters, English, eight topics): accuracy on its test rows after training on its training rows.

Our linear model, `auto` and TextGCN at their default settings beside a linear SVM over TF-IDF of words (scikit-learn)
and TextGCN as it is commonly written (peers/usual_textgcn.py). Ours twice: by the inductive reading, the test texts
being new to it, and with them in the graph without labels, as in the paper. Nothing is chosen on the test rows.

Training time of TextGCN is ours from texts to weights, all that is learned anew included, and theirs of as many epochs
as it takes by its own rule, at the pace of those that were run in turn with ours, without and with its graph. Times are
seconds of CPU, of all threads together, so that other work on the machine counts little.

Published (Yao et al. 2019): TextGCN 97.07, BiLSTM 96.31, fastText 96.13. Needs `TEXTPIPE_EVALUATION_DATA`; with a
dense peer of 15,000 nodes about 5 GB of memory and a quarter of an hour.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers.usual_textgcn import UsualTextGCN, usual_graph
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from textpipe.corpus.document import Document
from textpipe.corpus.split import split
from textpipe.models import classifier_class
from textpipe.models.textgcn import TextGCN, TextGCNConfig
from textpipe.training.log import EpochReport, TrainingLog

_EVERY = 40  # epochs of ours to one of each of theirs


def documents(path: Path) -> list[Document]:
    """Lines `text<TAB>label`."""
    pairs = [line.split("\t") for line in path.read_text("utf-8").split("\n") if line]
    return [Document(id=str(number), text=text, label=label) for number, (text, label) in enumerate(pairs)]


def accuracy(labels: Sequence[str], test: Sequence[Document]) -> float:
    """Per hundred."""
    return 100 * float(np.mean([label == one.label for label, one in zip(labels, test, strict=True)]))


def told(name: str, found: Sequence[float], seconds: Sequence[float], more: str = "") -> None:
    each = ", ".join(f"{one:.2f}" for one in found)
    line = f"{name:<44}{statistics.mean(found):6.2f}  ({each})  {statistics.median(seconds):.1f} CPU s to train"
    print(f"{line}{more}", flush=True)


def linear_peer(train: Sequence[Document], test: Sequence[Document]) -> None:
    began = time.process_time()
    model = make_pipeline(TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True), LinearSVC())
    model.fit([one.text for one in train], [one.label for one in train])
    seconds = time.process_time() - began
    told("scikit-learn, linear SVM of words", [accuracy(model.predict([one.text for one in test]), test)], [seconds])


def architecture(arch: str, train: list[Document], test: Sequence[Document], options: argparse.Namespace) -> None:
    found, seconds = [], []
    for seed in range(1 if arch == "linear" else options.seeds):
        parts = split(train, 0.1, seed=seed)
        kind: Any = classifier_class(arch)
        began = time.process_time()
        model = kind(kind.Config(seed=seed), workers=options.threads, device="cpu")
        model.fit(parts.train, valid=parts.valid, refit=True, log=TrainingLog())
        seconds.append(time.process_time() - began)
        found.append(accuracy(model.predict([one.text for one in test]), test))
    told(arch, found, seconds)


def graphs(train: list[Document], test: Sequence[Document], options: argparse.Namespace) -> None:
    """Ours, by both readings, and theirs."""
    texts = [one.text for one in test]
    labels = [one.label or "" for one in train]
    theirs = usual_graph([*(one.text for one in train), *texts])
    pace: dict[str, list[float]] = {"dense": [], "sparse": []}
    ours: list[float] = []
    for name, unlabelled in (("textgcn, test texts in the graph", texts), ("textgcn, test texts are new to it", [])):
        found, seconds = [], []
        for seed in range(options.seeds):
            sides = {
                kind: UsualTextGCN(theirs, labels, seed=seed, dense=kind == "dense")
                for kind in pace
                if unlabelled and (seed == 0 or kind == "sparse")
            }
            apart = [0.0]

            def turn(report: EpochReport, sides: dict[str, UsualTextGCN] = sides, apart: list[float] = apart) -> None:
                began = time.process_time()
                for kind, side in sides.items():
                    if report.epoch % _EVERY == 0:
                        torch.use_deterministic_algorithms(False)
                        pace[kind].append(side.epoch())
                        torch.use_deterministic_algorithms(True)
                apart[0] += time.process_time() - began

            parts = split(train, 0.1, seed=seed)
            log = TrainingLog(epoch=turn)
            model = TextGCN(TextGCNConfig(seed=seed), workers=options.threads, device="cpu")
            began = time.process_time()
            model.fit(parts.train, valid=parts.valid, refit=True, unlabelled=unlabelled, log=log)
            seconds.append(time.process_time() - began - apart[0])
            found.append(accuracy(model.predict(texts), test))
            if unlabelled:
                ours.append(seconds[-1])
        told(name, found, seconds)
    usual(theirs, labels, test, pace, ours, options)


def usual(
    theirs: Any,
    labels: Sequence[str],
    test: Sequence[Document],
    pace: dict[str, list[float]],
    ours: list[float],
    options: argparse.Namespace,
) -> None:
    """Theirs to the end, by the sparse product, which gives what the dense one does; then both paces."""
    found, epochs, seconds = [], [], []
    torch.set_num_threads(options.threads)
    for seed in range(options.peer_seeds):
        side = UsualTextGCN(theirs, labels, seed=seed, dense=False)
        took = 0.0
        while not side.ended:
            took += side.epoch()
        epochs.append(len(side.losses))
        seconds.append(took)
        found.append(accuracy(side.predicted(), test))
    print(f"usual TextGCN: graph {theirs.seconds:.1f} s, {', '.join(map(str, epochs))} epochs", flush=True)
    told("usual TextGCN, sparse adjacency", found, seconds)
    all_of_ours = statistics.median(ours)
    for kind, each in pace.items():
        total = statistics.median(each) * statistics.mean(epochs)
        line = f"  {kind}: {statistics.median(each):.2f} s an epoch in turn with ours, {total:.0f} s in all: "
        line += f"{total / all_of_ours:.1f} times ours ({all_of_ours:.1f} s), "
        print(f"{line}{(total + theirs.seconds) / all_of_ours:.1f} times with their graph", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--peer-seeds", type=int, default=3, help="of the usual TextGCN, which takes longest")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--archs", default="linear,auto", help="others than TextGCN; may be empty")
    parser.add_argument("--no-graphs", action="store_true", help="nothing of TextGCN")
    options = parser.parse_args()
    data = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA") or sys.exit("set TEXTPIPE_EVALUATION_DATA"))
    train, test = (documents(data / "classify" / "r8" / name) for name in ("train.tsv", "test.tsv"))
    torch.set_num_threads(options.threads)
    print(f"r8: {len(train):,} training rows, {len(test):,} scored; {options.threads} threads")
    linear_peer(train, test)
    for arch in filter(None, options.archs.split(",")):
        architecture(arch, train, test, options)
    if not options.no_graphs:
        graphs(train, test, options)


if __name__ == "__main__":
    main()
