"""Several labels a text: `linear` with its thresholds beside scikit-learn's one-vs-rest SVM, on the same rows.

There is no public Chinese set of several labels among the evaluation data, so texts are made of headlines of tnews'
training rows: none to three of them, of labels as unlike in frequency as 1, 1/2, 1/3 …, joined in one text that has
the labels of all. 4,000 texts to learn from (a tenth held back), 2,000 others to score; means of seeds. The peer has
all 4,000 texts and n-grams as `scripts/bench classify` gives its linear peer, and takes decisions above 0.

Needs `TEXTPIPE_EVALUATION_DATA`; three seeds take about two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from classify import SETS, linear_peer, read_rows
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline

from textpipe.corpus.document import Document
from textpipe.metrics.label_sets import set_scores
from textpipe.models.label_sets import USUAL, chosen
from textpipe.models.labels import label_matrix
from textpipe.models.train import train_classifier
from textpipe.training.log import TrainingLog

LEARNED, SCORED = 4_000, 2_000
SHOWN = ("micro_f1", "macro_f1", "subset_accuracy", "hamming_loss", "ece")
EMPTY = ("今天没有什么新闻", "一切照旧", "他坐在那里等人")


def made_texts(of_label: dict[str, list[str]], count: int, *, seed: int) -> list[Document]:
    chance = random.Random(seed)
    labels = sorted(of_label)
    weights = [1 / place for place in range(1, len(labels) + 1)]
    found = []
    for number in range(count):
        (size,) = chance.choices((0, 1, 2, 3), (1, 4, 3, 1))
        own = sorted(set(chance.choices(labels, weights, k=size)))
        text = "。".join(chance.choice(of_label[label]) for label in own) or chance.choice(EMPTY)
        found.append(Document(str(number), text, ",".join(own)))
    return found


def measured(documents: Sequence[Document], *, seed: int) -> dict[str, dict[str, float]]:
    learned, scored = documents[:LEARNED], documents[LEARNED:]
    log = TrainingLog()
    model = train_classifier(learned, arch="linear", seed=seed, label_sep=",", log=log)
    assert model.thresholds is not None
    gold = label_matrix(scored, model.labels, ",")
    probabilities = model.predict_proba([one.text for one in scored])
    *steps, (_, svm) = linear_peer(with_words=True, C=0.5).steps
    features = Pipeline(steps)
    peer = OneVsRestClassifier(svm).fit(
        features.fit_transform([one.text for one in learned]), label_matrix(learned, model.labels, ",").astype(int)
    )
    given = peer.predict(features.transform([one.text for one in scored])).astype(bool)
    facts: Any = log.facts
    return {
        "scikit-learn": set_scores(gold, model.labels, probabilities, given) | {"ece": float("nan")},
        "linear, thresholds of 0.5": set_scores(gold, model.labels, probabilities, chosen(probabilities, USUAL)),
        "linear": set_scores(gold, model.labels, probabilities, chosen(probabilities, model.thresholds)),
        "held back": {"ece_before": facts["calibration"]["ece_before"], "ece_after": facts["calibration"]["ece_after"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        sys.exit("TEXTPIPE_EVALUATION_DATA is not set")
    of_label = defaultdict(list)
    rows = read_rows(Path(folder) / "classify" / SETS["tnews"][0])
    for text, label in zip(rows.texts, rows.labels, strict=True):
        of_label[label].append(text)
    runs = [measured(made_texts(of_label, LEARNED + SCORED, seed=seed), seed=seed) for seed in range(arguments.seeds)]
    for name in runs[0]:
        shown = [key for key in runs[0][name] if key in SHOWN or name == "held back"]
        means = {key: statistics.mean(run[name][key] for run in runs) for key in shown}
        print(
            json.dumps({"name": name} | {key: round(value, 4) for key, value in means.items() if not np.isnan(value)})
        )


if __name__ == "__main__":
    main()
