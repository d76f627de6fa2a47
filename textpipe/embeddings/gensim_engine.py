"""gensim's word2vec behind the contract of the engines: the reference, and the one with hierarchical softmax."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog
from textpipe.embeddings.ids import read_ids
from textpipe.embeddings.loss import Paths, Sample, draw_sample, mean_loss
from textpipe.embeddings.start import starting_matrices
from textpipe.embeddings.tokens import TokenFile
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError, ResourceError, UsageError

_LONGEST = 10_000  # words of a line that gensim takes together


def train(
    tokens: TokenFile,
    config: EmbeddingConfig,
    *,
    vectors: Vectors | None = None,
    workers: int = 1,
    device: str | None = None,
    log: TrainingLog,
) -> Vectors:
    """Vectors by gensim's `Word2Vec(corpus_file=…)` with our vocabulary.

    Hierarchical softmax has vectors of a tree's nodes, not of context words, so that its result has none of those.
    With more than one worker the result is another each time. Nothing is kept to go on from.
    Raises UsageError for what gensim does not do, else as `textpipe.embeddings.engines.Train`.
    """
    if config.subword:
        raise UsageError("the gensim engine has no subwords here", hint="--engine native")
    if device not in (None, "cpu"):
        raise UsageError(f"gensim knows no device {device!r}", hint="leave out --device")
    import gensim

    if config.loss == "hierarchical" and len(tokens.vocabulary) < 2:
        raise InputError("hierarchical softmax needs two words at least", where=tokens.path, hint="--loss negative")
    long = _check(tokens)
    log.facts.update(
        gensim=gensim.__version__,
        loss_is=f"of a sample of pairs, with the vectors at the end of each epoch (seed {config.seed})",
    )
    if long:
        those = "it" if long == 1 else "them"
        log.note(
            f"{long:,} document{'s'[: long > 1]} of more than {_LONGEST:,} words: "
            f"gensim cuts {those} after every {_LONGEST:,}"
        )
    if log.work is not None:
        log.note("gensim cannot go on from where it was stopped: stopped, training begins again")
    try:
        return _train(tokens, config, vectors=vectors, workers=workers, log=log)
    except MemoryError:
        raise ResourceError("not enough memory for gensim's model", hint="a larger --min-count") from None


def _check(tokens: TokenFile) -> int:
    """How many documents gensim cuts. It would pass over what is no UTF-8, which raises InputError here."""
    for _ in read_ids(tokens):
        pass
    with open(tokens.path, "rb") as stream:
        return sum(line.count(b" ") >= _LONGEST for line in stream)


def _train(
    tokens: TokenFile, config: EmbeddingConfig, *, vectors: Vectors | None, workers: int, log: TrainingLog
) -> Vectors:
    from gensim.models import Word2Vec

    hierarchical = config.loss == "hierarchical"
    model: Any = Word2Vec(
        vector_size=config.dim,
        alpha=config.lr,
        min_alpha=config.final_lr,
        window=config.window,
        min_count=1,  # the vocabulary is made already
        sample=config.sample,
        seed=config.seed % (1 << 32),
        workers=workers,
        sg=int(config.arch == "skipgram"),
        hs=int(hierarchical),
        negative=0 if hierarchical else config.negative,
        ns_exponent=config.power,
        epochs=config.epochs,
        sorted_vocab=0,  # it would put equally frequent words in another order
    )
    vocabulary = tokens.vocabulary
    model.build_vocab_from_freq(dict(zip(vocabulary.tokens, vocabulary.counts, strict=True)))
    matrix, context = starting_matrices(vocabulary, config, vectors)
    model.wv.vectors[:] = matrix
    if not hierarchical:
        model.syn1neg[:] = context
    watch = _Watch(tokens, config, log)
    model.train(corpus_file=os.fspath(tokens.path), total_words=tokens.tokens, epochs=config.epochs, callbacks=[watch])
    return Vectors(
        list(vocabulary.tokens),
        np.ascontiguousarray(model.wv.vectors, dtype=np.float32),
        counts=np.array(vocabulary.counts, dtype=np.int64),
        context=None if hierarchical else np.ascontiguousarray(model.syn1neg, dtype=np.float32),
    )


class _Watch:
    """gensim's callbacks: reports after each epoch, with a loss of our own counting (gensim's is float32)."""

    def __init__(self, tokens: TokenFile, config: EmbeddingConfig, log: TrainingLog) -> None:
        self.tokens, self.config, self.log = tokens, config, log
        self.sample: Sample = draw_sample(tokens, config)
        self.paths: Paths | None = None
        self.epoch = 0
        self.began = 0.0

    def on_train_begin(self, model: Any) -> None:
        if self.config.loss == "hierarchical":
            self.paths = tree_paths(model.wv)

    def on_train_end(self, model: Any) -> None:
        pass

    def on_epoch_begin(self, model: Any) -> None:  # noqa: ARG002
        self.began = time.perf_counter()

    def on_epoch_end(self, model: Any) -> None:
        seconds = time.perf_counter() - self.began
        self.epoch += 1
        context = model.syn1neg if self.paths is None else model.syn1
        loss = mean_loss(self.sample, self.config, model.wv.vectors, context, paths=self.paths)
        read = self.tokens.tokens
        pairs = len(self.sample.centres) if self.config.arch == "cbow" else self.sample.words
        self.log.epoch(EpochReport(self.epoch, loss, pairs, read, seconds))
        self.log.progress(Progress(self.epoch * read, self.config.epochs * read, self.epoch, loss))


def tree_paths(keyed: Any) -> Paths:
    """The Huffman tree of gensim's KeyedVectors."""
    codes = [np.asarray(keyed.get_vecattr(row, "code"), dtype=bool) for row in range(len(keyed))]
    depth = max((len(code) for code in codes), default=0)
    points = np.full((len(codes), depth), -1, dtype=np.int64)
    bits = np.zeros((len(codes), depth), dtype=bool)
    for row, code in enumerate(codes):
        points[row, : len(code)] = keyed.get_vecattr(row, "point")[: len(code)]
        bits[row, : len(code)] = code
    return Paths(points, bits)
