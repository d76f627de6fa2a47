"""Seconds to explain 1,000 headlines, from strings to tokens with their values, of each architecture.

Each learns from 3,000 headlines for two epochs (how well does not matter here) with the settings that a user gets.
Then the explanations of 1,000 headlines of the development set are timed, tokenizing included, on one thread unless
--threads says otherwise. The largest check is how far the parts of a text are from the decision that they should sum
to, by the network's own prediction. The headlines are those of `TEXTPIPE_EVALUATION_DATA`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

from textpipe.corpus.document import Document
from textpipe.models import classifier_class
from textpipe.models.explanation import Method, explain
from textpipe.training.log import TrainingLog

TEXTS = 1_000
BAR = {"textcnn": "<= 20 s"}
ASKED: dict[str, tuple[Method, ...]] = {  # architecture → ways that are timed
    "linear": ("auto", "occlusion"),
    "textcnn": ("auto", "occlusion"),
    "mlp": ("auto",),
    "recurrent": ("auto",),
}


def headlines(path: Path) -> list[Document]:
    """Lines of `text<TAB>label`."""
    lines = path.read_text("utf-8").splitlines()
    return [Document(str(number), *line.split("\t")) for number, line in enumerate(lines)]


def learned(arch: str, documents: list[Document]) -> Any:
    kind = classifier_class(arch)
    settings: dict[str, Any] = {"C": 0.3} if arch == "linear" else {"epochs": 2, "pretrain": 0}
    return kind(kind.Config(**settings), workers=1, device="cpu").fit(documents, log=TrainingLog())


def main() -> int:
    parser = argparse.ArgumentParser(description="speed of explaining classifications")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--arch", action="append", choices=list(ASKED))
    options = parser.parse_args()
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        print("needs evaluation data: set TEXTPIPE_EVALUATION_DATA", file=sys.stderr)
        return 2
    data = Path(folder) / "classify" / "thucnews10"
    train, dev = headlines(data / "train_45k.txt")[:3_000], headlines(data / "dev.txt")[:TEXTS]
    texts = [document.text for document in dev]
    print(f"{'architecture':<14}{'method':<12}{'seconds':>9}{'of CPU':>9}{'largest check':>16}  bar")
    for arch in options.arch or ASKED:
        model = learned(arch, train)
        torch.set_num_threads(options.threads)
        explain(model, texts[:10])  # tables of the tokenizer are read
        for method in ASKED[arch]:
            taken, used, found = [], [], []
            for _ in range(options.rounds):
                start, begin = time.perf_counter(), time.process_time()
                found = explain(model, texts, method=method)
                taken.append(time.perf_counter() - start)
                used.append(time.process_time() - begin)
            check = max(one.check for one in found)
            medians = f"{statistics.median(taken):>9.2f}{statistics.median(used):>9.2f}"
            bar = BAR.get(arch, "") if method == "auto" else ""
            print(f"{arch:<14}{found[0].method:<12}{medians}{check:>16.1e}  {bar}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
