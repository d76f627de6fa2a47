"""How fastText's classifier learns: the one training loop, embeddings of which only a batch's rows change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from textpipe.corpus.document import Document
from textpipe.device import reporting_no_memory, torch_device
from textpipe.features.characters import starts_of
from textpipe.features.vectorizer import Rows, Vectorizer
from textpipe.models.fasttext import Fitted
from textpipe.models.held_back import calibrate, calibration_facts, held_back_scores, thresholds_of, uncalibrated
from textpipe.models.labels import Gold, gold_counts, gold_of
from textpipe.training.batches import bucketed
from textpipe.training.initialisation import seeded
from textpipe.training.log import TrainingLog
from textpipe.training.loop import Task, Trained, train
from textpipe.training.losses import class_loss, label_loss

if TYPE_CHECKING:
    from textpipe.models.fasttext import FastTextConfig

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_STEPS_WANTED, _LEAST_BATCH = 256, 8  # an epoch, of few documents
_AT_ONCE = 1 << 12  # texts that are judged together
_MIXED = np.uint64(0x9E3779B97F4A7C15)


class Batch(NamedTuple):
    """ids int64[n-grams of all texts], weights float32 of each: its share in its text; starts: int64[texts], where each
    text's begin; classes: int64[texts], or bool[texts, labels]"""

    ids: Any
    weights: Any
    starts: Any
    classes: Any


class Bags(NamedTuple):
    """Texts as bags of n-grams: bounds int64[texts + 1]; ids int32[n], rows of embeddings; shares float32[n], which add
    up to 1 in each text."""

    bounds: Integers
    ids: npt.NDArray[np.int32]
    shares: Floats

    def batch(self, texts: Integers, gold: Gold) -> Batch:
        """These texts, with their classes."""
        firsts = self.bounds[texts]
        lengths = self.bounds[texts + 1] - firsts
        starts = starts_of(lengths)
        places = np.repeat(firsts - starts[:-1], lengths) + np.arange(starts[-1])
        arrays = (self.ids[places].astype(np.int64), self.shares[places], starts[:-1], gold[texts])
        return Batch(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


class _Network(nn.Module):  # type: ignore[misc]
    def __init__(self, config: FastTextConfig, embeddings: int, classes: int) -> None:
        super().__init__()
        sparse = config.optimizer != "rmsprop"  # which has no sparse form
        self.embedding = nn.EmbeddingBag(embeddings, config.dim, mode="sum", sparse=sparse)
        nn.init.normal_(self.embedding.weight, std=config.deviation)
        self.output = nn.Linear(config.dim, classes)
        self.ngram_dropout, self.dropout = config.ngram_dropout, config.dropout

    def forward(self, batch: Batch) -> Any:
        """float[texts, classes]"""
        weights = functional.dropout(batch.weights, self.ngram_dropout, self.training)
        mean = self.embedding(batch.ids, batch.starts, per_sample_weights=weights)
        return self.output(functional.dropout(mean, self.dropout, self.training))


def learned(
    documents: Sequence[Document],
    valid: Sequence[Document],
    *,
    refit: bool,
    labels: Sequence[str],
    config: FastTextConfig,
    vectorizer_of: Callable[[Sequence[str], TrainingLog], Vectorizer],
    workers: int | None,
    device: str | None,
    log: TrainingLog,
) -> tuple[Fitted, Floats | None]:
    """(what a prediction needs; float32[valid, labels], the probabilities of those before anything was learned from
    them, None without any).

    Weights are those of the epoch that is best on `valid`. Where all is learned anew it is the last one that is worse
    by less than the standard error: rows that were held back are no repetition of others, so that they cannot tell
    what later epochs, which know texts by heart, are worth where texts repeat.
    """
    torch_device(device)  # one that is not there is told before anything takes time
    teacher = _Teacher(labels, config, vectorizer_of, workers, device)
    again = bool(config.relearn and refit and valid)
    found, trained = teacher.learn(documents, valid, log, judged=len(valid) if again and not config.label_sep else 0)
    gold = gold_of(valid, labels, config.label_sep)
    decisions, known = found.decisions([one.text for one in valid])
    found = found._replace(calibration=calibrate(decisions, gold, together=True))
    held_back = found.probabilities(decisions, known)
    found = found._replace(thresholds=thresholds_of(held_back, gold))
    if valid:
        log.facts["valid"] = held_back_scores(held_back, gold, labels)
        log.facts["calibration"] = calibration_facts(decisions, held_back, gold, together=True)
    if again:
        everything = [*documents, *valid]
        log.note(f"learns anew from all {len(everything):,} texts, {trained.best_epoch} epochs")
        work = None if log.work is None else log.work / "all"
        last, _ = teacher.learn(everything, [], replace(log, work=work, facts={}), until=trained.best_epoch)
        found = last._replace(calibration=found.calibration, thresholds=found.thresholds, history=found.history)
    log.facts.update(found.calibration.numbers(), ngrams=found.vectorizer.features, refit=again)
    return found, held_back if valid else None


class _Teacher(NamedTuple):
    labels: Sequence[str]
    config: FastTextConfig
    vectorizer_of: Callable[[Sequence[str], TrainingLog], Vectorizer]
    workers: int | None
    device: str | None

    def learn(
        self,
        documents: Sequence[Document],
        valid: Sequence[Document],
        log: TrainingLog,
        *,
        until: int | None = None,
        judged: int = 0,
    ) -> tuple[Fitted, Trained]:
        """Weights that were learned from documents, uncalibrated. until: the epoch to end with; judged: as in Task"""
        batch_size = min(self.config.batch_size, max(len(documents) // _STEPS_WANTED, _LEAST_BATCH))
        config = replace(self.config, batch_size=batch_size, metric=_metric(self.config))
        texts = [one.text for one in documents]
        vectorizer = self.vectorizer_of(texts, log)
        buckets = bucket_of(vectorizer, config.buckets)
        bags = bags_of(vectorizer.rows(texts), buckets)
        held = bags_of(vectorizer.rows([one.text for one in valid]), buckets)
        gold, held_gold = (gold_of(part, self.labels, config.label_sep) for part in (documents, valid))
        hint = "fewer embeddings: --set buckets=100000, or --set dim=8"
        with reporting_no_memory("not enough memory for these n-grams", hint=hint), seeded(config.seed):
            embeddings = vectorizer.features if buckets is None else config.buckets
            network = _Network(config, embeddings, len(self.labels))
        task = replace(_task(network, bags, gold, held, held_gold, self.labels, config), judged=judged)
        mark = _digest(*bags, gold, *held, held_gold, np.array(judged))
        how: dict[str, Any] = {"workers": self.workers, "device": self.device, "until": until}
        trained = train(task, config, log=log, fingerprint=mark, **how)
        log.facts.update(
            trained.facts,
            epochs=trained.epochs,
            best_epoch=trained.best_epoch,
            steps=trained.steps,
            stopped=trained.stopped,
            batch_size=batch_size,
        )
        weights, output, bias = _tables(network, buckets)
        prior = gold_counts(gold, len(self.labels)) / len(documents)
        plain = uncalibrated(gold, len(self.labels), together=True)
        return Fitted(vectorizer, weights, output, bias, prior, plain, history=trained.history), trained


def _metric(config: FastTextConfig) -> Any:
    """Whose gain counts: of several labels a text no accuracy, which has next to none to give in the first epochs."""
    return "mean_average_precision" if config.label_sep and config.metric == "accuracy" else config.metric


def _task(
    network: _Network,
    bags: Bags,
    gold: Gold,
    held: Bags,
    held_gold: Gold,
    labels: Sequence[str],
    config: FastTextConfig,
) -> Task:
    counts: list[int] = gold_counts(gold, len(labels)).tolist()
    criterion = label_loss(config, counts, len(gold)) if config.label_sep else class_loss(config, counts)
    lengths = np.diff(bags.bounds)
    plain = uncalibrated(held_gold, len(labels), together=True)

    def loss(network: Any, batch: Batch) -> tuple[Any, int]:
        return criterion(network(batch), batch.classes), len(batch.classes)

    def score(network: Any) -> dict[str, float]:
        place = network.output.weight.device
        parts = []
        for first in range(0, len(held_gold), _AT_ONCE):
            batch = held.batch(np.arange(first, min(first + _AT_ONCE, len(held_gold))), held_gold)
            parts.append(network(Batch(*(part.to(place) for part in batch))).double().cpu().numpy())
        return held_back_scores(plain.probabilities(np.concatenate(parts)), held_gold, labels, tuned=False)

    def batches(epoch: int) -> _Batches:
        return _Batches(bags, gold, bucketed(lengths, config.batch_size, seed=config.seed, epoch=epoch))

    tells = len(held_gold) and (held_gold.ndim == 1 or held_gold.any())  # without any label no epoch is the best
    return Task(network=network, batches=batches, loss=loss, score=score if tells else None)


class _Batches(Sequence[Batch]):
    """The batches of an epoch, each made when it is needed."""

    def __init__(self, bags: Bags, gold: Gold, rows: list[Integers]) -> None:
        self.bags, self.gold, self.rows = bags, gold, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return self.bags.batch(self.rows[place], self.gold)


def bucket_of(vectorizer: Vectorizer, buckets: int) -> npt.NDArray[np.int32] | None:
    """int32[n-grams]: the embedding of each, by its hash; None where there are enough for each to have its own."""
    if vectorizer.features <= buckets:
        return None
    taken = vectorizer.table[vectorizer.table["row"] < vectorizer.features]
    hashes = np.zeros(vectorizer.features, np.uint64)
    hashes[taken["row"]] = taken["hash"]
    high = hashes * _MIXED >> np.uint64(32)
    return (high * np.uint64(buckets) >> np.uint64(32)).astype(np.int32)


def bags_of(rows: Rows, buckets: npt.NDArray[np.int32] | None) -> Bags:
    """Rows of counts as shares in each text; n-grams by number, in whatever order they were found."""
    lengths = np.diff(rows.bounds)
    texts = np.repeat(np.arange(len(lengths)), lengths)
    totals = np.bincount(texts, rows.values, minlength=len(lengths))
    order = np.lexsort((rows.columns, texts))
    columns = rows.columns[order]
    shares = (rows.values[order] / totals[texts]).astype(np.float32)
    return Bags(rows.bounds, columns if buckets is None else buckets[columns], shares)


def _tables(
    network: _Network, buckets: npt.NDArray[np.int32] | None
) -> tuple[Floats, Floats | None, npt.NDArray[np.float64]]:
    """(weights, output, bias), as fasttext.Fitted has them."""
    embeddings = network.embedding.weight.detach().cpu().numpy()
    output = np.ascontiguousarray(network.output.weight.detach().cpu().numpy().T)
    bias = network.output.bias.detach().cpu().numpy().astype(np.float64)
    as_scores = output.shape[1] <= output.shape[0]
    rows = embeddings @ output if as_scores else embeddings
    rows = rows if buckets is None else rows[buckets]
    ones = np.ones((len(rows), 1), np.float32)
    return np.concatenate([rows, ones], axis=1), None if as_scores else output, bias


def _digest(*arrays: npt.NDArray[Any]) -> str:
    """What data a state of training belongs to."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
