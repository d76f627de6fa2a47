"""TextGCN on Chinese headlines: ours at its default settings beside TextGCN as it is commonly written, the same rows.

Both cut texts into words by the same tokenizer and have the development rows in the graph without labels, as in the
paper; then ours by the inductive reading, those rows being new to it. The usual code multiplies with a sparse
adjacency, which gives what a dense one does. The linear peer is scikit-learn's SVM over TF-IDF, as in `scripts/bench
classify`; it learns from the same rows. Nothing is chosen on the development rows. On R8: `scripts/bench classify_r8`.

Needs `TEXTPIPE_EVALUATION_DATA`; 10,000 rows take minutes a set and seed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from classify import SETS, Rows, linear_peer, read_rows, words
from peers.usual_textgcn import UsualGraph, UsualTextGCN, usual_graph

from textpipe.corpus.document import Document
from textpipe.corpus.split import split
from textpipe.models.textgcn import TextGCN, TextGCNConfig
from textpipe.training.log import TrainingLog


def accuracy(labels: list[str], gold: list[str]) -> float:
    """Per hundred."""
    return 100 * float(np.mean([one == other for one, other in zip(labels, gold, strict=True)]))


def ours(train: Rows, dev: Rows, *, seed: int, known: bool, options: argparse.Namespace) -> tuple[float, float]:
    """(accuracy, CPU seconds from texts to weights). known: the development rows are in the graph, without labels"""
    documents = [Document(str(n), text, label) for n, (text, label) in enumerate(zip(*train, strict=True))]
    parts = split(documents, 0.1, seed=seed)
    model = TextGCN(TextGCNConfig(seed=seed), workers=options.threads, device="cpu")
    began = time.process_time()
    model.fit(parts.train, valid=parts.valid, refit=True, unlabelled=dev.texts if known else [], log=TrainingLog())
    seconds = time.process_time() - began
    return accuracy(model.predict(dev.texts), dev.labels), seconds


def usual(graph: UsualGraph, train: Rows, dev: Rows, *, seed: int) -> tuple[float, float]:
    """(accuracy, CPU seconds of training, its graph included)"""
    side = UsualTextGCN(graph, train.labels, seed=seed, dense=False)
    seconds = graph.seconds
    while not side.ended:
        seconds += side.epoch()
    return accuracy(side.predicted(), dev.labels), seconds


def told(name: str, found: list[tuple[float, float]]) -> None:
    scores, seconds = zip(*found, strict=True)
    each = ", ".join(f"{one:.2f}" for one in scores)
    took = statistics.median(seconds)
    print(f"  {name:<42}{statistics.mean(scores):6.2f}  ({each})  {took:.1f} CPU s to train", flush=True)


def run(name: str, data: Path, options: argparse.Namespace) -> None:
    train, dev = (read_rows(data / part) for part in SETS[name])
    if options.rows:
        train = Rows(*(column[: options.rows] for column in train))
    print(
        f"{name}: {len(train.texts):,} training rows, {len(dev.texts):,} scored; {options.threads} threads", flush=True
    )
    peer = linear_peer(with_words=True, C=0.5).fit(*train)
    print(f"  {'linear peer':<42}{accuracy(list(peer.predict(dev.texts)), dev.labels):6.2f}", flush=True)
    for known, reading in ((True, "transductive"), (False, "new texts")):
        told(
            f"textgcn, {reading}",
            [ours(train, dev, seed=seed, known=known, options=options) for seed in range(options.seeds)],
        )
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(options.threads)
    graph = usual_graph([" ".join(words(text)) for text in (*train.texts, *dev.texts)])
    told("usual TextGCN, transductive", [usual(graph, train, dev, seed=seed) for seed in range(options.seeds)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, help="of training, the first of them; all without it")
    parser.add_argument("--sets", default="thucnews10,tnews")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    data = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA") or sys.exit("set TEXTPIPE_EVALUATION_DATA"))
    for name in options.sets.split(","):
        run(name, data / "classify", options)


if __name__ == "__main__":
    main()
