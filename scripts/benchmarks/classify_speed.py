"""Prediction with the linear classifier beside scikit-learn's TfidfVectorizer and LinearSVC: texts a second with equal
labels, opening a model, and the whole process of `textpipe classify`.

Both sides learn from the same 10,000 headlines (characters, n-grams of 1 and 2, one thread) and predict the 10,000 of
the development set, from a list of str to a list of labels; rounds alternate between them, and medians are shown. The
headlines are those of `TEXTPIPE_EVALUATION_DATA`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from textpipe.cli import COMMANDS
from textpipe.corpus.document import Document
from textpipe.models.files import load_classifier, save_classifier
from textpipe.models.linear import Linear, LinearConfig
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.log import TrainingLog

PLAIN = LinearConfig(
    unit="char", char_ngrams=(1, 2), char_min_count=1, sublinear=False, fold=False, nb=0.0, C=1.0
)  # what scikit-learn's two do by default
OPENING = """
import sys, time
import numpy
from pathlib import Path
from textpipe.models.files import load_classifier
start = time.perf_counter()
load_classifier(Path(sys.argv[1])).predict([sys.argv[2]])
print(time.perf_counter() - start)
"""


def headlines(path: Path) -> list[Document]:
    """Lines of `text<TAB>label`."""
    lines = path.read_text("utf-8").splitlines()
    return [Document(str(number), *line.split("\t")) for number, line in enumerate(lines)]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(name: str, value: float, unit: str, bar: str = "") -> None:
    print(f"{name:<60}{value:>14,.2f} {unit:<10} {bar}")


def throughput(learned: Sequence[Document], asked: Sequence[Document], rounds: int) -> None:
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
    texts = [document.text for document in asked]
    rows = vectorizer.fit_transform([document.text for document in learned])
    peer = LinearSVC(dual=True, random_state=0).fit(rows, [document.label for document in learned])
    ours = Linear(PLAIN).fit(learned, log=TrainingLog())
    usual = Linear(LinearConfig(C=1.0)).fit(learned, log=TrainingLog())
    sides: dict[str, Callable[[], Sequence[str]]] = {
        "textpipe, the same n-grams": lambda: ours.predict(texts),
        "TfidfVectorizer and LinearSVC": lambda: peer.predict(vectorizer.transform(texts)).tolist(),
        "textpipe, by default (characters and words)": lambda: usual.predict(texts),
    }
    found = {name: work() for name, work in sides.items()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            taken[name].append(seconds(work))
    median = {name: statistics.median(times) for name, times in taken.items()}
    for name in sides:
        right = sum(label == document.label for label, document in zip(found[name], asked, strict=True))
        show(name, len(texts) / median[name], "texts/s", f"accuracy {right / len(texts):.4f}")
    first, second, _ = sides
    different = sum(one != other for one, other in zip(found[first], found[second], strict=True))
    show("ratio", median[second] / median[first], "x", f">= 3x, aim 10x; {different} of {len(texts):,} labels differ")


def opening(learned: Sequence[Document], text: str, rounds: int) -> None:
    """A model of all headlines, with the settings that a user gets, in processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        model = Linear(LinearConfig(C=1.0, model="logistic", nb=0.0)).fit(learned, log=TrainingLog())
        save_classifier(Path(folder), model, tokenizer=Tokenizer())
        features = load_classifier(Path(folder)).learned.vectorizer.features  # type: ignore[attr-defined]
        line = [sys.executable, "-c", OPENING, folder, text]
        times = [float(subprocess.check_output(line, text=True)) for _ in range(rounds)]
    show(f"open {features:,} features and classify a line", 1000 * statistics.median(times), "ms", "< 60 ms")


def whole_process(learned: Sequence[Document], text: str, rounds: int) -> None:
    """`textpipe classify` of one line, from start to end."""
    if "classify" not in COMMANDS:
        print("textpipe classify: there is no such command yet")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "textpipe"]
        table, line = Path(folder) / "train.tsv", Path(folder) / "line.txt"
        rows = "".join(f"{document.text}\t{document.label}\n" for document in learned)
        table.write_text("text\tlabel\n" + rows, "utf-8")
        line.write_text(text + "\n", "utf-8")
        train = [*command, "train-classifier", str(table), "--arch", "linear", "--name", "speed"]
        subprocess.run(train, cwd=folder, check=True, capture_output=True)
        classify = [*command, "classify", str(line), "--model", "speed"]
        times = [
            seconds(lambda: subprocess.run(classify, cwd=folder, check=True, capture_output=True))
            for _ in range(rounds)
        ]
    show("textpipe classify of one line, whole process", statistics.median(times), "s", "<= 0.3 s, aim 0.15 s")


def main() -> int:
    parser = argparse.ArgumentParser(description="speed of predicting with a linear classifier")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if not folder:
        print("needs evaluation data: set TEXTPIPE_EVALUATION_DATA", file=sys.stderr)
        return 2
    data = Path(folder) / "classify" / "thucnews10"
    train, dev = headlines(data / "train_45k.txt"), headlines(data / "dev.txt")
    throughput(train[:10_000], dev, rounds)
    opening(train, dev[0].text, rounds)
    whole_process(train[:10_000], dev[0].text, rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
