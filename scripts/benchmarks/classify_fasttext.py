"""Our fasttext beside the fastText library and the linear peer: accuracy on development rows, and texts a second.

The library learns from the same rows, cut into characters or into words of our tokenizer beforehand, as people do it
with Chinese; one thread, 10 epochs, learning rate 0.5, n-grams of up to 3 characters or 2 words (--epochs,
--learning-rate). What it predicts from are texts that are cut already, a list at once; ours begins with the texts as
they are. Rounds alternate between the sides, medians are shown. The linear peer is scikit-learn's SVM over TF-IDF of
n-grams of characters and words. Nothing is chosen on the rows that are scored here.

Needs `TEXTPIPE_EVALUATION_DATA`, and two minutes a set and seed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import fasttext
from classify import SETS, TOKENIZER, Rows, linear_peer, read_rows

from textpipe.corpus.document import Document
from textpipe.models.train import train_classifier
from textpipe.training.log import TrainingLog

CUTS: dict[str, tuple[Callable[[str], Iterable[str]], int]] = {
    "characters": (str, 3),
    "words": (lambda text: [token for token in TOKENIZER.tokenize(text) if not token.isspace()], 2),
}


class Side(NamedTuple):
    """predict: labels of all development rows; seconds: of training"""

    predict: Callable[[], Sequence[str]]
    seconds: float


def library(train: Rows, dev: Rows, cut: str, epochs: int, rate: float) -> Side:
    parts, longest = CUTS[cut]
    numbers = {label: number for number, label in enumerate(sorted(set(train.labels)))}
    names = {f"__label__{number}": label for label, number in numbers.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        rows = zip(train.texts, train.labels, strict=True)
        lines = (f"__label__{numbers[label]} {' '.join(parts(text))}\n" for text, label in rows)
        path.write_text("".join(lines), "utf-8")
        began = time.perf_counter()
        model = fasttext.train_supervised(
            str(path), epoch=epochs, lr=rate, wordNgrams=longest, thread=1, verbose=0, seed=0
        )
        seconds = time.perf_counter() - began
    ready = [" ".join(parts(text)).replace("\n", " ") for text in dev.texts]

    def predict() -> list[str]:
        return [names[found[0]] for found in model.predict(ready)[0]]

    return Side(predict, seconds)


def ours(train: Rows, dev: Rows, seed: int, **settings: Any) -> Side:
    rows = [Document("", text, label) for text, label in zip(*train, strict=True)]
    began = time.perf_counter()
    model = train_classifier(rows, arch="fasttext", seed=seed, workers=1, device="cpu", log=TrainingLog(), **settings)
    seconds = time.perf_counter() - began
    return Side(lambda: model.predict(dev.texts), seconds)


def linear(train: Rows, dev: Rows) -> Side:
    began = time.perf_counter()
    model = linear_peer(with_words=True, C=0.5).fit(train.texts, train.labels)
    seconds = time.perf_counter() - began
    return Side(lambda: [str(label) for label in model.predict(dev.texts)], seconds)


def accuracy(found: Sequence[str], dev: Rows) -> float:
    return 100 * statistics.fmean(one == gold for one, gold in zip(found, dev.labels, strict=True))


def compare(train: Rows, dev: Rows, options: argparse.Namespace) -> None:
    sides: dict[str, Side] = {}
    for cut in CUTS:
        sides[f"fastText library, {cut}"] = library(train, dev, cut, options.epochs, options.learning_rate)
    sides["fasttext, characters alone"] = ours(train, dev, 0, unit="char")
    for seed in range(options.seeds):
        sides[f"fasttext, seed {seed}"] = ours(train, dev, seed)
    right = {name: accuracy(side.predict(), dev) for name, side in sides.items()}
    peer = linear(train, dev)
    right["scikit-learn, linear peer"] = accuracy(peer.predict(), dev)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, side in sides.items():
            began = time.perf_counter()
            side.predict()
            times[name].append(time.perf_counter() - began)
    speed = {name: len(dev.texts) / statistics.median(taken) for name, taken in times.items()}
    for name, side in {**sides, "scikit-learn, linear peer": peer}.items():
        texts = f"{speed[name]:12,.0f} texts/s" if name in speed else ""
        print(f"  {name:<32}{right[name]:7.2f}  {side.seconds:6.1f} s to train{texts}")
    own = [name for name in sides if name.startswith("fasttext, seed")]
    best = max((name for name in sides if name.startswith("fastText")), key=right.__getitem__)
    fastest = max(speed[name] for name in sides if name.startswith("fastText"))
    print(f"  accuracy, mean of our seeds{statistics.fmean(right[name] for name in own):12.2f}  (>= {right[best]:.2f})")
    ratio = statistics.median(speed[name] for name in own) / fastest
    alone = speed["fasttext, characters alone"] / fastest
    print(f"  speed of ours to the faster library{ratio:8.2f}  (>= 1); of characters alone {alone:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=10, help="of the library")
    parser.add_argument("--learning-rate", type=float, default=0.5, help="of the library")
    parser.add_argument("--sets", default="thucnews10,tnews")
    parser.add_argument("--rows", type=int, help="only the first training rows, for a look")
    options = parser.parse_args()
    data = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA") or sys.exit("set TEXTPIPE_EVALUATION_DATA")) / "classify"
    for name in options.sets.split(","):
        train, dev = (read_rows(data / file) for file in SETS[name])
        train = Rows(train.texts[: options.rows], train.labels[: options.rows])
        print(f"{name}: {len(train.texts):,} training rows, {len(dev.texts):,} scored")
        compare(train, dev, options)


if __name__ == "__main__":
    main()
