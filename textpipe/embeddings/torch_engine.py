"""Training with torch: for GPUs, where a Triton kernel does the updates; on a CPU the same in plain torch."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from textpipe.device import reporting_no_memory, torch_device
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, Progress, TrainingLog
from textpipe.embeddings.ids import Ids, read_ids
from textpipe.embeddings.start import starting_matrices
from textpipe.embeddings.tokens import TokenFile
from textpipe.embeddings.torch_batches import Chances, batches, chances
from textpipe.embeddings.torch_ids import encoder
from textpipe.embeddings.torch_updates import Model, update
from textpipe.embeddings.vectors import Vectors
from textpipe.errors import UsageError
from textpipe.files import atomic_writer, make_directory, naming_errors

_SHARD = {"cpu": 1 << 22, "cuda": 1 << 25}  # ids on the device at a time
_BLOCK = {"cpu": 1 << 20, "cuda": 1 << 24}  # bytes whose ids are found at a time
_RESIDENT = 0.25  # of the free memory of a GPU, for ids that stay there
_REPORT = 0.5  # seconds
_STATE = "torch.safetensors"


class State(NamedTuple):
    """Matrices, and what was reported of the epochs they have seen."""

    words: Any
    context: Any
    reports: list[EpochReport]


def train(
    tokens: TokenFile,
    config: EmbeddingConfig,
    *,
    vectors: Vectors | None = None,
    workers: int = 1,  # noqa: ARG001
    device: str | None = None,
    log: TrainingLog,
) -> Vectors:
    """Vectors by mini-batches, as `textpipe.embeddings.engines.Train` says; the loss is of all pairs.

    device: `cpu`, `cuda` or `cuda:N`. On a CPU one thread works, whatever `workers` says: batches are too small to be
    shared, and the result is the same each time; on a GPU, where additions come in any order, it is not.
    Goes on after the last whole epoch.
    Memory: 4 bytes a token on disk; on the device 2 matrices, a batch, and ids: all of them where they take a quarter
    of what is free on a GPU at most, else 2^25 at a time there, 2^22 on a CPU.
    """
    if config.subword or config.loss != "negative":
        what, other = ("subwords", "native") if config.subword else ("hierarchical softmax", "gensim")
        raise UsageError(f"the torch engine has no {what}", hint=f"--engine {other}")
    place = torch_device(device)
    if log.work is not None:
        make_directory(log.work)
    log.facts.update(
        torch=str(torch.__version__), device=str(place), loss_is="of all pairs, each before its batch's update"
    )
    memory = reporting_no_memory(
        f"not enough memory on {place} for {len(tokens.vocabulary):,} words of {config.dim} dimensions",
        hint="a larger --min-count, a smaller --dim, or --engine native",
    )
    current = torch.cuda.device(place) if place.type == "cuda" else _one_thread()
    with memory, torch.inference_mode(), current, _encoded(tokens, place, log.work) as ids:
        return _train(tokens, config, ids, vectors=vectors, device=place, log=log)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _encoded(tokens: TokenFile, device: Any, work: Path | None) -> Iterator[Ids]:
    """All ids of a file, in a file: they are read as they are needed. What a killed run has left is written over."""
    with ExitStack() as stack:
        folder = work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / "ids.i32"
        stack.callback(path.unlink, missing_ok=True)
        found = encoder(tokens.vocabulary, device)
        with naming_errors(str(path)), open(path, "wb") as stream:
            for block in read_ids(tokens, encoder=found, size=_BLOCK[device.type]):
                stream.write(block.tobytes())
        yield np.memmap(path, dtype=np.int32, mode="r") if path.stat().st_size else np.zeros(0, dtype=np.int32)


def _train(
    tokens: TokenFile, config: EmbeddingConfig, ids: Ids, *, vectors: Vectors | None, device: Any, log: TrainingLog
) -> Vectors:
    step, at_once = updating(config, device, log)
    drawn = chances(tokens.vocabulary, config, device, at_once=at_once)
    mark = _mark(tokens, config, vectors)
    state = _begin(tokens, config, mark, vectors=vectors, log=log)
    words, context = (torch.tensor(part, device=device) for part in (state.words, state.context))
    model = Model(words, context, drawn.word_scale, drawn.context_scale)
    log.facts.update(positions_at_once=drawn.size, update=step.__module__.rsplit(".", 1)[1])
    shards = _Shards(ids, device)
    reports = state.reports
    for report in reports:
        log.epoch(report)
    for epoch in range(len(reports), config.epochs):
        report = _epoch(epoch, shards, drawn, model, step, tokens=tokens, config=config, log=log)
        if report.loss is not None and not math.isfinite(report.loss):
            raise UsageError("the vectors grow without bound: the learning rate is too high", hint="lower --lr")
        reports.append(report)
        if log.work is not None:
            _save(log.work, State(words, context, reports), mark)
        log.epoch(report)
    return Vectors(
        list(tokens.vocabulary.tokens),
        model.words.cpu().numpy(),
        counts=np.array(tokens.vocabulary.counts, dtype=np.int64),
        context=model.context.cpu().numpy(),
    )


def updating(config: EmbeddingConfig, device: Any, log: TrainingLog) -> tuple[Any, int | None]:
    """What updates, and on how many positions a GPU works at once (None: on a batch)."""
    if device.type == "cpu":
        return update, None
    from importlib.util import find_spec

    if find_spec("triton") is None:
        log.note("triton is not installed: training in plain torch, slower")
        return update, None
    from textpipe.embeddings import triton_kernel

    if not triton_kernel.fits(window=config.window, dim=config.dim):
        log.note("vectors or windows too large for the kernel: training in plain torch, slower")
        return update, None
    return triton_kernel.update, triton_kernel.positions_at_once(device)


class _Shards:
    """The ids on the device, a part at a time; they stay there when they take little of its memory."""

    def __init__(self, ids: Ids, device: Any) -> None:
        self.ids, self.device = ids, device
        self.size = _SHARD[device.type]
        free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
        self.resident = torch.tensor(ids, device=device) if ids.nbytes < free * _RESIDENT else None

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self.ids), self.size):
            if self.resident is not None:
                yield self.resident[start : start + self.size]
            else:
                yield torch.tensor(self.ids[start : start + self.size], device=self.device)


def _epoch(
    epoch: int,
    shards: _Shards,
    drawn: Chances,
    model: Model,
    step: Any,
    *,
    tokens: TokenFile,
    config: EmbeddingConfig,
    log: TrainingLog,
) -> EpochReport:
    began = told = time.perf_counter()
    loss, pairs = (torch.zeros((), dtype=torch.float64, device=shards.device) for _ in range(2))
    seen = 0
    total = max(len(shards.ids), 1)
    generator = torch.Generator(device=shards.device)
    for number, part in enumerate(shards):
        generator.manual_seed(_seed(config.seed, epoch, number))
        for done, batch in batches(part, drawn, config, generator):
            fraction = (epoch + (seen + done * len(part)) / total) / config.epochs
            rate = config.lr + (config.final_lr - config.lr) * fraction
            losses, counts = step(model, batch, max(rate, 0.0), cbow=config.arch == "cbow")
            loss += losses
            pairs += counts
            if time.perf_counter() - told > _REPORT:
                told = time.perf_counter()
                log.progress(
                    Progress(
                        int(fraction * config.epochs * tokens.tokens),
                        config.epochs * tokens.tokens,
                        epoch + 1,
                        _mean(loss, pairs),
                    )
                )
        seen += len(part)
    mean = _mean(loss, pairs)
    log.progress(Progress((epoch + 1) * tokens.tokens, config.epochs * tokens.tokens, epoch + 1, mean))
    return EpochReport(epoch + 1, mean, int(pairs.item()), tokens.tokens, time.perf_counter() - began)


def _mean(loss: Any, pairs: Any) -> float | None:
    count = float(pairs.item())
    return float(loss.item()) / count if count else None


def _seed(*numbers: int) -> int:
    """A seed of its own for each part of each epoch."""
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()) >> 1


def _begin(
    tokens: TokenFile, config: EmbeddingConfig, mark: str, *, vectors: Vectors | None, log: TrainingLog
) -> State:
    path = None if log.work is None else log.work / _STATE
    if path is not None and path.is_file():
        state = _load(path, mark)
        if state is not None:
            log.note(f"going on after epoch {len(state.reports)}")
            return state
        log.note("what was kept to go on from is of other settings or damaged: training begins again")
    return State(*starting_matrices(tokens.vocabulary, config, vectors), [])


def _mark(tokens: TokenFile, config: EmbeddingConfig, vectors: Vectors | None) -> str:
    """What a state belongs to."""
    digest = hashlib.sha256(json.dumps([asdict(config), tokens.tokens, tokens.vocabulary.counts]).encode())
    digest.update("\n".join(tokens.vocabulary.tokens).encode())
    for part in () if vectors is None else (vectors.matrix, vectors.context):
        digest.update(b"" if part is None else part.tobytes())
    return digest.hexdigest()


def _save(folder: Path, state: State, mark: str) -> None:
    from safetensors.numpy import save

    parts = {"words": state.words.cpu().numpy(), "context": state.context.cpu().numpy()}
    with atomic_writer(str(folder / _STATE), force=True) as stream:
        stream.write(save(parts, metadata={"reports": json.dumps(state.reports), "of": mark}))


def _load(path: Path, mark: str) -> State | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            facts = stored.metadata() or {}
            if facts.get("of") != mark:
                return None
            reports = [EpochReport(*report) for report in json.loads(facts["reports"])]
            return State(stored.get_tensor("words"), stored.get_tensor("context"), reports)
    except SafetensorError:
        return None
