"""What all networks that classify have in common: inputs, embeddings, training, probabilities, files.

{prefix}classifier.json      also "prior" (shares of labels in training), "scale" and "offset" (of decisions, see
                             calibration.py, lists where a text has several labels), "thresholds" of several labels
{prefix}characters.txt, {prefix}words.txt     the vocabularies
{prefix}weights.safetensors  the weights, in float32
{prefix}steps.jsonl          the figures of all steps

Weights are those of the epoch that is best on `valid`. With `relearn` in the settings and `refit` the network learns
anew from all documents for as many epochs; how sure it may be (scale) is what was found on `valid` before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch

from textpipe.corpus.document import Document
from textpipe.device import reporting_no_memory, torch_device
from textpipe.errors import InputError, UsageError
from textpipe.models.explanation import Parts
from textpipe.models.files import (
    best_labels,
    checked_texts,
    read_config,
    read_description,
    read_shares,
    write_description,
)
from textpipe.models.gradients import integrated_gradients
from textpipe.models.held_back import (
    AnyCalibration,
    calibrate,
    calibration_facts,
    held_back_scores,
    read_calibration,
    read_thresholds,
    thresholds_of,
    uncalibrated,
)
from textpipe.models.inputs import Inputs, Units
from textpipe.models.label_sets import predicted_sets
from textpipe.models.labels import Gold, counted_labels, gold_counts, gold_of, judged_by
from textpipe.models.neural_batches import Batch, Batches, decisions_of, digest_of
from textpipe.models.neural_config import batch_size_for, metric_of, with_size
from textpipe.models.prediction.tables import Quick
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.batches import bucketed
from textpipe.training.initialisation import initialise, seeded
from textpipe.training.log import TrainingLog
from textpipe.training.loop import Task, Trained, train
from textpipe.training.losses import class_loss, label_loss
from textpipe.training.steps import History, write_steps
from textpipe.training.surroundings import surroundings
from textpipe.training.weights import load_weights, save_weights

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.models.prediction.tables import Network as AnyTables

Doubles = npt.NDArray[np.float64]
_WEIGHTS, _STEPS = "weights.safetensors", "steps.jsonl"
_FEW = 1_000  # documents below which every unit is worth an embedding


class _Fitted(NamedTuple):
    inputs: Inputs
    network: Any
    prior: Doubles
    calibration: AnyCalibration
    history: History | None = None


class Neural(ABC):
    """See textpipe.models.Classifier. What differs is `network`, and `least`: the positions that a text needs."""

    Config: ClassVar[type]
    arch: ClassVar[str]
    labels: tuple[str, ...]
    held_back: npt.NDArray[np.float32] | None
    thresholds: tuple[float, ...] | None

    def __init__(
        self,
        config: Any = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,
        workers: int | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config or self.Config()
        self.labels = ()
        self.held_back = self.thresholds = None
        self._tokenizer = tokenizer or Tokenizer()
        self._vectors, self._workers, self._device = vectors, workers, device
        self._fitted: _Fitted | None = None
        self._quick = Quick(self.tables, self._decisions)

    @property
    def least(self) -> int:
        """Positions that a text has at least: of shorter ones the rest is padding that is read."""
        return 1

    @property
    def pretrains(self) -> bool:
        """Whether embeddings begin with word2vec over the training texts, where no vectors are given."""
        return bool(self.config.pretrain)

    @abstractmethod
    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """A module that takes Batch.ids and Batch.lengths to float[texts, classes], decisions before any softmax. It
        has an attribute `embedding`, layers.Embedding; sizes: rows of its channels."""

    def tables(self, network: Any) -> AnyTables | None:  # noqa: ARG002
        """What decides on a CPU as that network does, but faster; None where there is no such thing."""
        return None

    def facts(self) -> dict[str, object]:
        """What else is to be told of a training."""
        return {}

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> Self:
        """See textpipe.models.Classifier. Raises UsageError when training comes to nothing."""
        torch_device(self._device)  # one that is not there is told before anything takes time
        documents = [document for document in documents if document.label is not None]
        self.labels = tuple(counted_labels(documents, self.config.label_sep))
        valid = judged_by(valid, self.labels, self.config.label_sep)
        if self._vectors is not None:
            self.config = with_size(self.config, self._vectors.vector_size)
        found, trained = self._learn(documents, valid, self.config, log)
        again = bool(self.config.relearn and refit and valid)
        if again:
            found = self._relearn([*documents, *valid], found, trained.best_epoch, log)
        self._fitted = found
        log.facts.update(self.facts(), refit=again)
        return self

    def _relearn(self, documents: Sequence[Document], found: _Fitted, epochs: int, log: TrainingLog) -> _Fitted:
        """What is learned from all, for as many epochs as were best; its history is the one that has scores."""
        log.note(f"learns anew from all {len(documents):,} texts, {epochs} epochs")
        work = None if log.work is None else log.work / "all"
        thresholds = self.thresholds
        last, _ = self._learn(documents, [], self.config, replace(log, work=work, facts={}), until=epochs)
        self.thresholds = thresholds
        return last._replace(calibration=found.calibration, history=found.history)

    def _learn(
        self,
        documents: Sequence[Document],
        valid: Sequence[Document],
        config: Any,
        log: TrainingLog,
        *,
        until: int | None = None,
    ) -> tuple[_Fitted, Trained]:
        """A network that has learned from documents, and how sure its decisions on `valid` may be; until: an epoch."""
        inputs = self._inputs(documents)
        log.share(0.0, "texts as ids")
        units, held = (inputs.encode([one.text for one in part]) for part in (documents, valid))
        _note_cuts(units, held, config.max_length, log)
        gold, held_gold = (gold_of(part, self.labels, config.label_sep) for part in (documents, valid))
        memory = reporting_no_memory("not enough memory for this network", hint="smaller settings: --set dim=100")
        with memory:
            network = self._start(inputs, documents, log)
        config = replace(config, batch_size=batch_size_for(config, len(documents)), metric=metric_of(config))
        task = self._task(network, units, gold, held, held_gold, config)
        trained = train(
            task,
            config,
            log=log,
            workers=self._workers,
            device=self._device,
            until=until,
            fingerprint=digest_of(units, gold, held, held_gold),
        )
        with surroundings(torch_device(self._device), self._workers):
            decisions = self._decisions(network, held)
        calibration = calibrate(decisions, held_gold, together=True)
        prior = gold_counts(gold, len(self.labels)) / len(documents)
        found = _Fitted(inputs, network, prior, calibration, trained.history)
        probabilities = _probabilities(found, decisions, held)
        self.thresholds = thresholds_of(probabilities, held_gold)
        if valid:
            self.held_back = probabilities
            log.facts["valid"] = held_back_scores(probabilities, held_gold, self.labels)
            log.facts["calibration"] = calibration_facts(decisions, probabilities, held_gold, together=True)
        log.facts.update(_told(trained), batch_size=config.batch_size, units=inputs.sizes, **calibration.numbers())
        return found, trained

    def _inputs(self, documents: Sequence[Document]) -> Inputs:
        config = self.config
        try:
            return Inputs.learn(
                [document.text for document in documents],
                unit=config.unit,
                tokenizer=self._tokenizer,
                min_count=config.min_count or (1 if len(documents) < _FEW else 2),
                max_size=config.max_size,
                max_length=config.max_length,
            )
        except InputError as error:
            hint = "documents need text; a smaller --set min_count=1"
            raise InputError(f"{error.message} in these documents", hint=hint) from None

    def _start(self, inputs: Inputs, documents: Sequence[Document], log: TrainingLog) -> Any:
        """The network as it is before training: with the vectors that were given, else with those of the texts."""
        with seeded(self.config.seed):
            network = self.network(inputs.sizes, len(self.labels))
            initialise(network, self.config.initialisation)
        vectors = self._beginnings(inputs, documents, log)
        found = network.embedding.take(inputs, vectors)
        if self._vectors is not None:
            log.facts["vectors"] = [
                {"units": len(part), "found": count} for part, count in zip(inputs.vocabularies, found, strict=True)
            ]
            if not any(found):
                log.note(f"none of the vectors is of a unit of these texts (unit={self.config.unit})")
        return network

    def _beginnings(self, inputs: Inputs, documents: Sequence[Document], log: TrainingLog) -> list[Vectors | None]:
        """The vectors that each channel of the input begins with."""
        config = self.config
        if self._vectors is not None or not self.pretrains:
            return [self._vectors] * len(inputs.vocabularies)
        from textpipe.models.pretraining import vectors_of_texts

        sentences = inputs.sentences([document.text for document in documents])
        settings = {"dim": config.dim, "epochs": config.pretrain, "seed": config.seed}
        return [vectors_of_texts(texts, **settings, log=log) for texts in sentences]

    def _task(
        self,
        network: Any,
        units: Units,
        gold: Gold,
        held: Units,
        held_gold: Gold,
        config: Any,
    ) -> Task:
        counts: list[int] = gold_counts(gold, len(self.labels)).tolist()
        criterion = label_loss(config, counts, len(gold)) if config.label_sep else class_loss(config, counts)
        lengths = units.lengths
        plain = uncalibrated(held_gold, len(self.labels), together=True)

        def loss(network: Any, batch: Batch) -> tuple[Any, int]:
            return criterion(network(batch.ids, batch.lengths), batch.classes), len(batch.classes)

        def score(network: Any) -> dict[str, float]:
            found = plain.probabilities(self._decisions(network, held))
            return held_back_scores(found, held_gold, self.labels, tuned=False)

        def batches(epoch: int) -> Batches:
            rows = bucketed(lengths, config.batch_size, seed=config.seed, epoch=epoch)
            return Batches(units, gold, rows, self.least)

        tells = len(held_gold) and (held_gold.ndim == 1 or held_gold.any())  # without any label no epoch is the best
        return Task(network=network, batches=batches, loss=loss, score=score if tells else None)

    # ------------------------------------------------------------------------------------------ predicting

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        units = fitted.inputs.encode(checked_texts(texts), threads=torch.get_num_threads())
        return _probabilities(fitted, self._quick.decisions(fitted.network, units), units)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """See textpipe.models.Classifier."""
        return best_labels(self.labels, self.predict_proba(texts))

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """See textpipe.models.Classifier."""
        return predicted_sets(self, texts)

    def explain(self, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
        """What each unit adds to the decision for a label, see gradients.py; by occlusion where a network's embedding
        does not come between. Raises UsageError for a label that it does not have."""
        fitted, texts = self.learned, checked_texts(texts)
        units = fitted.inputs.encode(texts)
        return integrated_gradients(self, fitted, texts, units, self._quick.decisions(fitted.network, units), labels)

    @property
    def learned(self) -> _Fitted:
        """What `fit` found: inputs, network, prior (float64[labels]) and scale. Raises UsageError before it did."""
        if self._fitted is None:
            name = type(self).__name__
            raise UsageError("a classifier that was not trained", hint=f"{name}(...).fit(documents, log=TrainingLog())")
        return self._fitted

    def _decisions(self, network: Any, units: Units) -> Doubles:
        return decisions_of(network, units, labels=len(self.labels), least=self.least)

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        numbers = {"prior": fitted.prior.tolist(), **fitted.calibration.numbers()}
        if self.thresholds is not None:
            numbers["thresholds"] = self.thresholds
        write_description(folder, prefix=prefix, arch=self.arch, labels=self.labels, config=self.config, **numbers)
        fitted.inputs.save(folder, prefix=prefix)
        save_weights(folder / f"{prefix}{_WEIGHTS}", fitted.network)
        if fitted.history is not None:
            write_steps(folder / f"{prefix}{_STEPS}", fitted.history)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Self:
        """See textpipe.models.Classifier."""
        where = folder / f"{prefix}classifier.json"
        description = read_description(folder, prefix=prefix, arch=cls.arch)
        config = read_config(cls.Config, description["config"], where=where)
        loaded = cls(config, tokenizer=tokenizer, device=device)
        loaded.labels = tuple(description["labels"])
        several = bool(config.label_sep)
        prior = read_shares(description, where=where, several=several)
        calibration = read_calibration(description, together=True, several=several, where=where)
        loaded.thresholds = read_thresholds(description, config, where=where)
        inputs = Inputs.load(folder, prefix=prefix, unit=config.unit, tokenizer=tokenizer, max_length=config.max_length)
        with torch.device("meta"):  # shapes alone: nothing is drawn, and wrong ones cost no memory
            network = loaded.network(inputs.sizes, len(loaded.labels))
        network.to_empty(device="cpu")
        load_weights(folder / f"{prefix}{_WEIGHTS}", network)
        loaded._fitted = _Fitted(inputs, network.to(torch_device(device)), prior, calibration)
        return loaded


def _probabilities(fitted: _Fitted, decisions: Doubles, units: Units) -> npt.NDArray[np.float32]:
    found = fitted.calibration.probabilities(decisions)
    found[~units.known] = fitted.prior
    return found


def _note_cuts(units: Units, held: Units, most: int, log: TrainingLog) -> None:
    cut = units.cut + held.cut
    if cut:
        total = len(units.lengths) + len(held.lengths)
        log.note(
            f"{cut:,} of {total:,} texts are longer than {most:,} units: only their beginning is read (max_length)"
        )
        log.facts["cut"] = cut


def _told(trained: Trained) -> dict[str, object]:
    return {
        **trained.facts,
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "steps": trained.steps,
        "stopped": trained.stopped,
    }
