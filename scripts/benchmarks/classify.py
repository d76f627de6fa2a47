"""Accuracy of `train-classifier` beside what people use today, on the same rows: development sets, several seeds.

For each set of the evaluation data: scikit-learn's linear SVM over TF-IDF of character 1-3-grams and word 1-2-grams
(the linear peer) and over character 1-2-grams, then our architectures at their default settings. `auto` is trained
with no other option than the seed. Rows of a development set that are also in the training set are left out of the
second figure. Nothing is chosen on the sets that are scored here.

Needs `TEXTPIPE_EVALUATION_DATA`; one seed of `linear` and `auto` on all sets takes about ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

import textpipe
from textpipe.corpus.document import Document
from textpipe.embeddings.formats import read_vectors_file
from textpipe.models.train import train_classifier
from textpipe.training.log import TrainingLog

SETS = {  # training rows, development rows
    "thucnews10": ("thucnews10/train_45k.txt", "thucnews10/dev.txt"),
    "tnews": ("tnews/train.tsv", "tnews/dev_first5k.tsv"),
    "chnsenticorp": ("chnsenticorp/train.tsv", "chnsenticorp/dev.tsv"),
    "r8": ("r8/train.tsv", "r8/test.tsv"),
}
TOKENIZER = textpipe.Tokenizer()


class Rows(NamedTuple):
    """Texts and their labels."""

    texts: list[str]
    labels: list[str]


def read_rows(path: Path) -> Rows:
    rows = Rows([], [])
    for document in textpipe.read(path, input_format="tsv"):
        rows.texts.append(document.text)
        rows.labels.append(document.label or "")
    return rows


def words(text: str) -> list[str]:
    return [token for token in TOKENIZER.tokenize(text.lower()) if not token.isspace()]


def linear_peer(*, with_words: bool, C: float) -> Any:
    most = 3 if with_words else 2
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, most), min_df=2, sublinear_tf=True)
    if not with_words:
        return make_pipeline(characters, LinearSVC(C=C))
    of_words = TfidfVectorizer(analyzer=bigrams, sublinear_tf=True)
    return make_pipeline(make_union(characters, of_words), LinearSVC(C=C))


def bigrams(text: str) -> Iterator[str]:
    found = words(text)
    yield from found
    yield from (" ".join(pair) for pair in pairwise(found))


Predict = Callable[[Sequence[str]], Iterable[str]]


def peer(train: Rows, _seed: int, **settings: Any) -> Predict:
    fitted = linear_peer(**settings).fit(train.texts, train.labels)
    return lambda texts: [str(label) for label in fitted.predict(texts)]


def ours(train: Rows, seed: int, *, arch: str, note: bool, **settings: Any) -> Predict:
    log = TrainingLog(note=lambda message: print(f"    {message}", file=sys.stderr) if note else None)
    rows = [Document("", text, label) for text, label in zip(*train, strict=True)]
    model = train_classifier(rows, arch=arch, seed=seed, log=log, **settings)
    facts = {name: log.facts[name] for name in ("valid", "members") if name in log.facts}
    print(f"    held back: {json.dumps(facts, default=str)}", file=sys.stderr)
    return model.predict


def accuracies(predict: Predict, dev: Rows, seen: set[str]) -> tuple[float, float]:
    """Per hundred: of all rows, of those that are not in the training set."""
    right = np.array([one == gold for one, gold in zip(predict(dev.texts), dev.labels, strict=True)])
    unseen = np.array([text.strip() not in seen for text in dev.texts])
    return 100 * float(right.mean()), 100 * float(right[unseen].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", default="thucnews10,tnews,chnsenticorp")
    parser.add_argument("--archs", default="linear,auto", help="ours, as linear,fasttext,textcnn,recurrent,mlp,auto")
    parser.add_argument("--vectors", help="word vectors that networks begin with (word2vec text); said in the output")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--rows", type=int, help="only the first training rows, for a look")
    parser.add_argument("--workers", type=int, help="threads of training; all cores without it")
    parser.add_argument("--notes", action="store_true", help="what training tells, on standard error")
    options = parser.parse_args()
    data = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA") or sys.exit("set TEXTPIPE_EVALUATION_DATA")) / "classify"
    sides: dict[str, tuple[Callable[[Rows, int], Predict], int]] = {}
    if not options.no_peers:
        sides["scikit-learn, linear peer"] = partial(peer, with_words=True, C=0.5), 1
        sides["scikit-learn, char 1-2"] = partial(peer, with_words=False, C=0.5), 1
    for arch in options.archs.split(","):
        seeds = 1 if arch == "linear" else options.seeds  # drawn is only what is held back
        begun: dict[str, Any] = {"workers": options.workers}
        if options.vectors is not None:
            begun["vectors"] = read_vectors_file(options.vectors)
        side = arch if options.vectors is None else f"{arch} + {Path(options.vectors).name}"
        sides[side] = partial(ours, arch=arch, note=options.notes, **begun), seeds
    for name in options.sets.split(","):
        train, dev = (read_rows(data / file) for file in SETS[name])
        if options.rows:
            train = Rows(train.texts[: options.rows], train.labels[: options.rows])
        seen = {text.strip() for text in train.texts}
        unseen = sum(text.strip() not in seen for text in dev.texts)
        print(f"{name}: {len(train.texts):,} training rows, {len(dev.texts):,} scored, {unseen:,} of them unseen")
        for side, (make, seeds) in sides.items():
            found, seconds = [], []
            for seed in range(seeds):
                began = time.perf_counter()
                predict = make(train, seed)
                seconds.append(time.perf_counter() - began)
                found.append(accuracies(predict, dev, seen))
            means = [statistics.mean(column) for column in zip(*found, strict=True)]
            each = ", ".join(f"{one:.2f}" for one, _ in found)
            line = f"  {side:<36}{means[0]:6.2f}  unseen {means[1]:6.2f}  ({each})"
            print(f"{line}  {statistics.median(seconds):.0f} s to train", flush=True)


if __name__ == "__main__":
    main()
