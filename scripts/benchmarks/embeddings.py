"""Training word vectors beside gensim in one run: same tokens, same settings, two threads each.

Rounds alternate between the sides, so that a slow moment of the machine meets all; medians are shown. The tokens are
those of the news corpus of the evaluation data where `TEXTPIPE_EVALUATION_DATA` is set, else of the bundled articles,
many times over. gensim trains from a list in memory and from the file, and the faster way counts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gensim
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence

import textpipe
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, TrainingLog, engine
from textpipe.embeddings.native import instruction_set
from textpipe.embeddings.tokens import TokenFile, token_file

DATA = Path(__file__).parent.parent.parent / "data"
WORKERS = 2
MEASURE = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
assert status == 0
print(time.perf_counter() - start, usage.ru_maxrss)
"""
NATIVE = """
import sys
from pathlib import Path
import safetensors.numpy
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.native import train
from textpipe.embeddings.tokens import token_file
from textpipe.embeddings.engines import TrainingLog
source, target, arch, epochs, min_count = sys.argv[1:]
config = EmbeddingConfig(arch=arch, epochs=int(epochs), min_count=int(min_count))
found = train(token_file(Path(source), min_count=config.min_count), config, workers=2, log=TrainingLog())
safetensors.numpy.save_file({"vectors": found.matrix}, target)
Path(target + ".words").write_text("".join(word + chr(10) for word in found.words), "utf-8")
"""
GENSIM = """
import sys
from gensim.models import Word2Vec
source, target, arch, epochs, min_count = sys.argv[1:]
model = Word2Vec(corpus_file=source, vector_size=100, window=5, negative=5, sample=1e-3, min_count=int(min_count),
                 epochs=int(epochs), workers=2, sg=int(arch == "skipgram"), alpha=.05)
model.wv.save(target)
"""


def tokens_of_corpus(path: Path) -> str:
    """Write the tokens, a line a document; the name of the set."""
    tokenizer = textpipe.Tokenizer()
    folder = os.environ.get("TEXTPIPE_EVALUATION_DATA")
    if folder:
        with gzip.open(Path(folder) / "corpus" / "xwlb_stories.jsonl.gz", "rt", encoding="utf-8") as stream:
            texts = [json.loads(line)["text"] for line in stream]
    else:
        texts = [document.text for document in textpipe.read([str(DATA / "articles")])] * 400
    with path.open("w", encoding="utf-8") as target:
        for text in texts:
            target.write(" ".join(token for token in tokenizer.tokenize(text) if not token.isspace()) + "\n")
    return "news stories" if folder else "bundled articles, again and again"


def show(name: str, ours: float, theirs: float, unit: str, *, bar: str = "", inverse: bool = False) -> None:
    """One line; the ratio is above 1 where the native engine is better."""
    ratio = theirs / ours if inverse else ours / theirs
    print(f"{name:<44}{ours:>12,.3f}{theirs:>12,.3f}  {unit:<10}{ratio:>8.2f}x  {bar}", flush=True)


class Gensim:
    """A model of gensim with its vocabulary, to be trained by either way."""

    def __init__(self, tokens: TokenFile, sentences: list[list[str]], arch: str) -> None:
        self.model = Word2Vec(
            vector_size=100,
            window=5,
            negative=5,
            sample=1e-3,
            min_count=5,
            workers=WORKERS,
            sg=arch == "skipgram",
            alpha=0.05,
        )
        self.model.build_vocab(corpus_file=str(tokens.path))
        self.sentences = sentences
        self.tokens = tokens

    def rate(self, **corpus: Any) -> float:
        """Millions of tokens a second over one epoch."""
        start = time.perf_counter()
        lines, words = self.model.corpus_count, self.model.corpus_total_words
        self.model.train(**corpus, total_examples=lines, total_words=words, epochs=1)
        return self.tokens.tokens / (time.perf_counter() - start) / 1e6

    def from_list(self) -> float:
        return self.rate(corpus_iterable=self.sentences)

    def from_file(self) -> float:
        return self.rate(corpus_file=str(self.tokens.path))


def native_rate(tokens: TokenFile, **changes: Any) -> float:
    """Millions of tokens a second over one epoch."""
    reports: list[EpochReport] = []
    engine("native")(
        tokens, EmbeddingConfig(epochs=1, **changes), workers=WORKERS, log=TrainingLog(epoch=reports.append)
    )
    return reports[0].tokens / reports[0].seconds / 1e6


def training_alone(tokens: TokenFile, rounds: int) -> None:
    sentences = list(LineSentence(str(tokens.path)))
    skipgram, cbow = (Gensim(tokens, sentences, arch) for arch in ("skipgram", "cbow"))
    sides: dict[str, Callable[[], float]] = {
        "window": lambda: native_rate(tokens),
        "skipgram list": skipgram.from_list,
        "pair": lambda: native_rate(tokens, negatives="pair"),
        "skipgram file": skipgram.from_file,
        "cbow": lambda: native_rate(tokens, arch="cbow"),
        "cbow list": cbow.from_list,
        "cbow file": cbow.from_file,
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            rates[name].append(work())
    median = {name: statistics.median(found) for name, found in rates.items()}
    theirs = {arch: max(median[f"{arch} list"], median[f"{arch} file"]) for arch in ("skipgram", "cbow")}
    show("skip-gram, negatives shared in a window", median["window"], theirs["skipgram"], "M words/s", bar=">= 8x")
    show("skip-gram, own negatives for every pair", median["pair"], theirs["skipgram"], "M words/s", bar=">= 4x")
    show("CBOW", median["cbow"], theirs["cbow"], "M words/s", bar=">= 4x")


def whole_process(script: str, *arguments: object) -> tuple[float, float]:
    """Wall seconds and peak MiB of a process, started by a small one: a child's peak counts its parent's memory."""
    command = [sys.executable, "-S", "-c", MEASURE, sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), float(kilobytes) / 1024


def whole_processes(tokens: TokenFile, folder: Path, rounds: int) -> None:
    """From the token file to the saved vectors."""
    for arch, bar in (("skipgram", ">= 5x"), ("cbow", ">= 2x")):
        found: list[tuple[tuple[float, float], ...]] = []
        for _ in range(rounds):
            found.append(
                tuple(whole_process(script, tokens.path, folder / "v", arch, 5, 5) for script in (NATIVE, GENSIM))
            )
        for part, unit, bound in ((0, "s", bar), (1, "MiB", ">= 1x")):
            ours, theirs = (statistics.median(row[side][part] for row in found) for side in (0, 1))
            name = f"{arch}, 5 epochs, whole process" if part == 0 else "    peak memory"
            show(name, ours, theirs, unit, bar=bound, inverse=True)


def tenfold(tokens: TokenFile, folder: Path) -> None:
    """Peak memory over the corpus ten times, with the same vocabulary."""
    large = folder / "large.txt"
    with large.open("wb") as target:
        for _ in range(10):
            target.write(tokens.path.read_bytes())
    one = whole_process(NATIVE, tokens.path, folder / "v", "skipgram", 1, 5)[1]
    ten = whole_process(NATIVE, large, folder / "v", "skipgram", 1, 50)[1]
    show("peak memory: ten times the corpus | once", ten, one, "MiB", bar=">= 0.95x", inverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=Path, help="a file of tokens instead of the corpus")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = options.tokens or folder / "tokens.txt"
        what = str(path) if options.tokens else tokens_of_corpus(path)
        tokens = token_file(path, min_count=5)
        print(
            f"{tokens.tokens:,} tokens, {len(tokens.vocabulary):,} words: {what}; d=100, window 5, 5 negatives, "
            f"sample 1e-3; {WORKERS} threads, {instruction_set()}; gensim {gensim.__version__}; "
            f"medians of {options.rounds} rounds"
        )
        print(f"{'native | gensim':<44}{'native':>12}{'gensim':>12}  {'':<10}{'better by':>9}  bar")
        training_alone(tokens, options.rounds)
        whole_processes(tokens, folder, options.rounds)
        tenfold(tokens, folder)


if __name__ == "__main__":
    main()
