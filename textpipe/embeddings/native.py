"""The engine of our own: word2vec with negative sampling in C, over chunks of the token file.

Threads take chunks from a counter and share the matrices without locks (Recht et al. 2011). With one worker the
vectors are the same to the last bit in every run, interrupted or not, on machines with the same instruction set.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog
from textpipe.embeddings.native_matrices import aligned, composed, finished, room_in, start
from textpipe.embeddings.tokens import TokenFile, is_compiled
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import InputError, ResourceError, UsageError
from textpipe.files import naming_errors, require_regular
from textpipe.store.checkpoint import Checkpoints, checkpoints

if TYPE_CHECKING:
    from textpipe.embeddings._word2vec import Trainer

VARIABLE = "TEXTPIPE_INSTRUCTION_SET"
_CHUNK = 1 << 16  # bytes
_POLL = 0.1  # seconds between reports of progress


def train(
    tokens: TokenFile,
    config: EmbeddingConfig,
    *,
    vectors: Vectors | None = None,
    workers: int = 1,
    device: str | None = None,
    log: TrainingLog,
) -> Vectors:
    """As `engines.Train` says; `log.work` holds states to go on from, and with one worker to the same vectors.

    Raises UsageError for what the engine does not do, also a learning rate at which numbers grow without bound.
    """
    _check(config, device)
    name = instruction_set()
    log.facts["instruction_set"] = name
    if tokens.too_long:
        log.note(f"{tokens.too_long:,} tokens are longer than a word may be (1,024 bytes), and passed over")
    with _memory(), ExitStack() as stack:
        require_regular(str(tokens.path), what="file of tokens")
        stream = stack.enter_context(_opened(tokens))
        rows = len(tokens.vocabulary) + (config.buckets if config.subword else 0)
        matrices = {"vectors": aligned(rows, config.dim), "context": aligned(len(tokens.vocabulary), config.dim)}
        trainer = _trainer(tokens, config, matrices, stream, name)
        fingerprint = _fingerprint(tokens, config, vectors, stream)
        states = checkpoints(log.work, fingerprint, arrays=lambda: matrices, room=room_in(matrices))
        saving, saved = stack.enter_context(states)
        if saved is None:
            start(tokens, config, trainer, matrices, vectors)
        _Run(tokens, config, trainer, saving, log, _State.of(None if saved is None else saved.state)).learn(workers)
        means = composed(tokens, config, trainer) if config.subword else None
        del trainer  # which holds the matrices
        return finished(tokens, config, matrices, means)


def instruction_set() -> str:
    """The best that the machine has, or the one that the environment names. Raises UsageError for one it lacks."""
    from textpipe.embeddings import _word2vec

    known = _word2vec.instruction_sets()
    name = os.environ.get(VARIABLE) or known[0]
    if name not in known:
        raise UsageError(f"{VARIABLE}: {name!r} does not run here", hint=f"one of: {', '.join(known)}")
    return name


def _check(config: EmbeddingConfig, device: str | None) -> None:
    if not is_compiled():
        raise UsageError("the native engine was not built", hint="--engine gensim, or install with a C compiler")
    if config.loss != "negative":
        raise UsageError("the native engine has no hierarchical softmax", hint="--engine gensim")
    if device not in (None, "cpu"):
        raise UsageError(f"the native engine runs on the CPU, not on {device!r}", hint="--engine torch")


@contextmanager
def _memory() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise ResourceError("the matrices do not fit in memory", hint="raise --min-count, or lower --dim") from None


@contextmanager
def _opened(tokens: TokenFile) -> Iterator[IO[bytes]]:
    with naming_errors(str(tokens.path)), open(tokens.path, "rb", buffering=0) as stream:
        yield stream


def _trainer(tokens: TokenFile, config: EmbeddingConfig, matrices: Any, stream: IO[bytes], name: str) -> Trainer:
    from textpipe.embeddings import _word2vec

    words = [word.encode() for word in tokens.vocabulary.tokens]
    return _word2vec.Trainer(
        b"".join(words),
        np.cumsum([0, *map(len, words)], dtype=np.int64),
        np.array(tokens.vocabulary.counts, dtype=np.int64),
        matrices["vectors"],
        matrices["context"],
        file=stream.fileno(),
        size=os.fstat(stream.fileno()).st_size,
        cbow=config.arch == "cbow",
        dim=config.dim,
        window=config.window,
        negative=config.negative,
        own_negatives=config.negatives == "pair",
        power=config.power,
        sample=config.sample,
        epochs=config.epochs,
        rate=config.lr,
        final_rate=config.final_lr,
        seed=config.seed,
        buckets=config.buckets if config.subword else 0,
        min_n=config.min_n,
        max_n=config.max_n,
        kernel=name,
        block=_CHUNK,
    )


def _fingerprint(tokens: TokenFile, config: EmbeddingConfig, vectors: Vectors | None, stream: IO[bytes]) -> str:
    """Of all that the result depends on, but the bytes of the file, of which its size must do."""
    digest = hashlib.sha256()
    facts = [asdict(config), os.fstat(stream.fileno()).st_size, tokens.tokens, _CHUNK, tokens.vocabulary.counts]
    digest.update(json.dumps(facts).encode())
    digest.update("\n".join(tokens.vocabulary.tokens).encode())
    for matrix in () if vectors is None else (vectors.matrix, vectors.context):
        digest.update(b"" if matrix is None else np.ascontiguousarray(matrix).data)
    return digest.hexdigest()


@dataclass
class _State:
    """Where training stands. epoch: how many are complete; the rest is of the one that is not."""

    epoch: int = 0
    chunk: int = 0
    tokens: int = 0
    pairs: int = 0
    loss: float = 0.0
    seconds: float = 0.0
    reports: list[EpochReport] = field(default_factory=list)

    @classmethod
    def of(cls, saved: dict[str, Any] | None) -> _State:
        state = cls(**(saved or {}))
        state.reports = [EpochReport(*report) for report in state.reports]
        return state

    @property
    def mean_loss(self) -> float | None:
        return self.loss / self.pairs if self.pairs else None


class _Run:
    """Training from a state to the end."""

    def __init__(
        self,
        tokens: TokenFile,
        config: EmbeddingConfig,
        trainer: Trainer,
        saving: Checkpoints,
        log: TrainingLog,
        state: _State,
    ) -> None:
        self._tokens = tokens
        self._epochs = config.epochs
        self._chunks = -(-os.path.getsize(tokens.path) // _CHUNK)
        self._trainer = trainer
        self._saving = saving
        self._log = log
        self._state = state
        self._whole = True  # no chunk was left half done

    def learn(self, workers: int) -> None:
        """All that is left; the state is saved now and then, and whatever ends it."""
        for report in self._state.reports:
            self._log.epoch(report)
        if self._state.epoch or self._state.chunk:
            self._log.note(f"goes on in epoch {min(self._state.epoch + 1, self._epochs)}, where an earlier run stopped")
        with ExitStack() as stack:
            stack.callback(self._save)
            while self._state.epoch < self._epochs:
                self._stretch(workers)
                if self._state.chunk == self._chunks:
                    self._end_epoch()
                elif self._saving.due:
                    self._save()

    def _save(self) -> None:
        if self._whole:
            self._saving.save((self._state.epoch, self._state.chunk), asdict(self._state))

    def _stretch(self, workers: int) -> None:
        """Chunks of this epoch, by threads, until there are no more or it is time to save."""
        lock, stop, state = threading.Lock(), threading.Event(), self._state
        started, before = time.monotonic(), state.seconds

        def work() -> None:
            while True:
                with lock:
                    if stop.is_set() or state.chunk == self._chunks:
                        return
                    number, state.chunk = state.chunk, state.chunk + 1
                    self._whole = False
                tokens, pairs, loss = self._trainer.chunk(state.epoch, number)
                with lock:
                    state.tokens += tokens
                    state.pairs += pairs
                    state.loss += loss

        with ThreadPoolExecutor(workers) as threads:
            running = [threads.submit(work) for _ in range(workers)]
            try:
                while wait(running, _POLL).not_done:
                    self._report()
                    if self._saving.due:
                        stop.set()
            finally:
                stop.set()
                wait(running)
                state.seconds = before + time.monotonic() - started
                self._whole = not any(thread.exception() for thread in running)
            for thread in running:
                thread.result()
        self._report()
        if not math.isfinite(state.loss):
            self._whole = False
            message = "the vectors grow without bound: the learning rate is too high"
            raise UsageError(message, hint="lower --lr")

    def _report(self) -> None:
        state, each = self._state, self._tokens.tokens
        done = each * state.epoch + state.tokens
        self._log.progress(Progress(done, each * self._epochs, state.epoch + 1, state.mean_loss))

    def _end_epoch(self) -> None:
        state = self._state
        if state.tokens != self._tokens.tokens:
            self._whole = False
            message = f"{state.tokens:,} tokens, but {self._tokens.tokens:,} when they were counted: the file changed"
            raise InputError(message, where=self._tokens.path, hint="train again")
        report = EpochReport(state.epoch + 1, state.mean_loss, state.pairs, state.tokens, state.seconds)
        self._state = _State(epoch=state.epoch + 1, reports=[*state.reports, report])
        self._log.epoch(report)
