"""Quality of word vectors beside gensim's: same tokens, same settings, several seeds, two threads.

Trains on the news stories and the People's Daily of the evaluation data, cut by textpipe, and scores wordsim240
(Spearman's rho x 100) and the CWE analogies (accuracy x 100, among all words). gensim trains from a list in memory,
where its learning rate falls as it says, and from the file, where each thread lets it fall by its own share only.

Needs `TEXTPIPE_EVALUATION_DATA`; three seeds take about half an hour, nearly all of it gensim's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gensim
import numpy as np
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence

import textpipe
from textpipe.corpus.document import ReadLog
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import TrainingLog, engine
from textpipe.embeddings.tokens import TokenFile, token_file
from textpipe.embeddings.vectors import Vectors
from textpipe.operations.evaluate import LineReader
from textpipe.operations.evaluate_embeddings import EmbeddingScorer
from textpipe.operations.word_questions import WordQuestions, read_questions

WORKERS = 2
FILES = ("wordsim240.txt", "cwe_analogy.txt")


def documents(folder: Path) -> Iterator[str]:
    with gzip.open(folder / "xwlb_stories.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)["text"]
    with gzip.open(folder / "people_daily_199801_tagged.txt.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            yield "".join(word.rpartition("/")[0].removeprefix("[") for word in line.split())


def write_tokens(folder: Path, path: Path) -> TokenFile:
    tokenizer = textpipe.Tokenizer()
    with path.open("w", encoding="utf-8") as target:
        for text in documents(folder / "corpus"):
            target.write(" ".join(token for token in tokenizer.tokenize(text) if not token.isspace()) + "\n")
    return token_file(path, min_count=5)


def by_native(tokens: TokenFile, seed: int, **changes: Any) -> Vectors:
    return engine("native")(tokens, EmbeddingConfig(seed=seed, **changes), workers=WORKERS, log=TrainingLog())


def by_gensim(tokens: TokenFile, seed: int, *, arch: str, lr: float, from_file: bool) -> Vectors:
    corpus: dict[str, Any] = (
        {"corpus_file": str(tokens.path)} if from_file else {"sentences": list(LineSentence(str(tokens.path)))}
    )
    settings = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "min_count": 5, "epochs": 5}
    model = Word2Vec(
        **corpus, **settings, sg=arch == "skipgram", alpha=lr, min_alpha=1e-4, workers=WORKERS, seed=seed + 1
    )
    return Vectors.from_gensim(model.wv)


def scores(vectors: Vectors, questions: list[WordQuestions]) -> list[float]:
    """Per hundred: rho of the pairs, accuracy of all analogies."""
    scorer = EmbeddingScorer(vectors, resamples=1)
    return [100 * (scorer.score(one)[-1]["value"] or 0.0) for one in questions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lr", type=float, default=EmbeddingConfig.lr)
    parser.add_argument("--only", choices=("skipgram", "cbow"))
    options = parser.parse_args()
    data = Path(os.environ.get("TEXTPIPE_EVALUATION_DATA") or sys.exit("set TEXTPIPE_EVALUATION_DATA"))
    sides: dict[str, Callable[[TokenFile, int], Vectors]] = {}
    for arch in ("skipgram", "cbow") if options.only is None else (options.only,):
        sides[f"{arch}, native"] = partial(by_native, arch=arch, lr=options.lr)
        if arch == "skipgram":
            sides["skipgram, native, own negatives"] = partial(by_native, negatives="pair", lr=options.lr)
        sides[f"{arch}, gensim from a list"] = partial(by_gensim, arch=arch, lr=options.lr, from_file=False)
        sides[f"{arch}, gensim from the file"] = partial(by_gensim, arch=arch, lr=options.lr, from_file=True)
    reader = LineReader(ReadLog())
    questions = [read_questions(str(data / "embeddings" / name), reader) for name in FILES]
    with tempfile.TemporaryDirectory() as folder:
        tokens = write_tokens(data, Path(folder) / "tokens.txt")
        words = len(tokens.vocabulary)
        print(f"{tokens.tokens:,} tokens, {words:,} words; learning rate {options.lr}; gensim {gensim.__version__}")
        for name, train in sides.items():
            begin = time.perf_counter()
            found = [scores(train(tokens, seed), questions) for seed in range(1, options.seeds + 1)]
            seconds = (time.perf_counter() - begin) / options.seeds
            columns = [
                f"{file} {statistics.mean(column):5.1f} ({', '.join(f'{one:.1f}' for one in column)})"
                for file, column in zip(FILES, np.transpose(found).tolist(), strict=True)
            ]
            print(f"{name:<34}{'   '.join(columns)}   {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
