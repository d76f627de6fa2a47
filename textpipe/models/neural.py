"""What all networks that classify have in common: inputs, embeddings, training, probabilities, files.

{prefix}classifier.json      also "prior" (shares of labels in training) and "scale" (of decisions, see calibration.py)
{prefix}characters.txt, {prefix}words.txt     the vocabularies
{prefix}weights.safetensors  the weights, in float32
{prefix}steps.jsonl          the figures of all steps

Weights are those of the epoch that is best on `valid`. With `relearn` in the settings and `refit` the network learns
anew from all documents for as many epochs; how sure it may be (scale) is what was found on `valid` before.
"""

from __future__ import annotations

import hashlib
import math
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
from textpipe.errors import REMAKE, ArtifactError, InputError, UsageError
from textpipe.metrics.classification import scores
from textpipe.models.calibration import Calibration, calibrated
from textpipe.models.files import (
    best_labels,
    checked_texts,
    read_config,
    read_description,
    read_shares,
    write_description,
)
from textpipe.models.inputs import Inputs, Units
from textpipe.models.labels import counted_labels, label_places
from textpipe.models.neural_config import NeuralConfig
from textpipe.models.prediction.tables import Quick
from textpipe.segment.tokenizer import Tokenizer
from textpipe.training.batches import bucketed, in_order
from textpipe.training.initialisation import initialise, seeded
from textpipe.training.log import TrainingLog
from textpipe.training.loop import Task, Trained, evaluation, train
from textpipe.training.losses import class_loss
from textpipe.training.steps import History, write_steps
from textpipe.training.surroundings import surroundings
from textpipe.training.weights import load_weights, save_weights

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.models.prediction.tables import Network as AnyTables

Doubles = npt.NDArray[np.float64]
_WEIGHTS, _STEPS = "weights.safetensors", "steps.jsonl"
_FEW = 1_000  # documents below which every unit is worth an embedding
_STEPS_WANTED, _LEAST_BATCH = 32, 8  # an epoch, of few documents
_AT_ONCE, _PADDED = 256, 1 << 14  # texts, and positions, that are predicted together


class Batch(NamedTuple):
    """ids: of each channel int64[texts, positions]; lengths, classes: int64[texts]"""

    ids: list[Any]
    lengths: Any
    classes: Any


class _Fitted(NamedTuple):
    inputs: Inputs
    network: Any
    prior: Doubles
    scale: float
    history: History | None = None


class Neural(ABC):
    """See textpipe.models.Classifier. What differs is `network`, and `least`: the positions that a text needs."""

    Config: ClassVar[type]
    arch: ClassVar[str]
    labels: tuple[str, ...]
    held_back: npt.NDArray[np.float32] | None

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
        self.held_back = None
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
        self.labels = tuple(counted_labels(documents))
        valid = [document for document in valid if document.label in self.labels]
        if self._vectors is not None:
            self.config = _with_size(self.config, self._vectors.vector_size)
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
        last, _ = self._learn(documents, [], replace(self.config, epochs=epochs), replace(log, work=work, facts={}))
        return last._replace(scale=found.scale, history=found.history)

    def _learn(
        self, documents: Sequence[Document], valid: Sequence[Document], config: Any, log: TrainingLog
    ) -> tuple[_Fitted, Trained]:
        """A network that has learned from documents, and how sure its decisions on `valid` may be."""
        inputs = self._inputs(documents)
        log.share(0.0, "texts as ids")
        units, held = (inputs.encode([one.text for one in part]) for part in (documents, valid))
        _note_cuts(units, held, config.max_length, log)
        gold, held_gold = (label_places(part, self.labels) for part in (documents, valid))
        memory = reporting_no_memory("not enough memory for this network", hint="smaller settings: --set dim=100")
        with memory:
            network = self._start(inputs, documents, log)
        config = replace(config, batch_size=_batch_size(config, len(documents)))
        counts = np.bincount(gold, minlength=len(self.labels))
        task = self._task(network, units, gold, held, [one.label or "" for one in valid], counts.tolist(), config)
        trained = train(
            task,
            config,
            log=log,
            workers=self._workers,
            device=self._device,
            fingerprint=_digest(units, gold, held, held_gold),
        )
        with surroundings(torch_device(self._device), self._workers):
            decisions = self._decisions(network, held)
        scale = calibrated(decisions, held_gold, together=True).scale
        found = _Fitted(inputs, network, counts / len(documents), scale, trained.history)
        if valid:
            self.held_back = _probabilities(found, decisions, held)
            log.facts["valid"] = scores([one.label or "" for one in valid], self.labels, self.held_back)
        log.facts.update(_told(trained), batch_size=config.batch_size, units=inputs.sizes, scale=scale)
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
        gold: npt.NDArray[np.int64],
        held: Units,
        held_labels: Sequence[str],
        counts: Sequence[int],
        config: Any,
    ) -> Task:
        criterion = class_loss(config, counts)
        lengths = units.lengths

        def loss(network: Any, batch: Batch) -> tuple[Any, int]:
            return criterion(network(batch.ids, batch.lengths), batch.classes), len(batch.classes)

        def score(network: Any) -> dict[str, float]:
            return scores(
                held_labels, self.labels, Calibration(together=True).probabilities(self._decisions(network, held))
            )

        def batches(epoch: int) -> _Batches:
            rows = bucketed(lengths, config.batch_size, seed=config.seed, epoch=epoch)
            return _Batches(units, gold, rows, self.least)

        return Task(network=network, batches=batches, loss=loss, score=score if held_labels else None)

    # ------------------------------------------------------------------------------------------ predicting

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See textpipe.models.Classifier."""
        fitted = self._known
        units = fitted.inputs.encode(checked_texts(texts), threads=torch.get_num_threads())
        return _probabilities(fitted, self._quick.decisions(fitted.network, units), units)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """See textpipe.models.Classifier."""
        return best_labels(self.labels, self.predict_proba(texts))

    @property
    def _known(self) -> _Fitted:
        if self._fitted is None:
            name = type(self).__name__
            raise UsageError("a classifier that was not trained", hint=f"{name}(...).fit(documents, log=TrainingLog())")
        return self._fitted

    def _decisions(self, network: Any, units: Units) -> Doubles:
        """float64[texts, labels]; by length, so that little is padding."""
        lengths = np.maximum(units.lengths, self.least)
        order = in_order(lengths, _AT_ONCE, padded=_PADDED)
        place = next(network.parameters()).device
        parts = [np.zeros((0, len(self.labels)))]
        with evaluation(network):
            for rows in order.batches:
                batch = _batch(units, rows, None, self.least)
                found = network([part.to(place) for part in batch.ids], batch.lengths.to(place))
                parts.append(found.double().cpu().numpy())
        return np.concatenate(parts)[order.inverse]

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        fitted = self._known
        numbers = {"prior": fitted.prior.tolist(), "scale": fitted.scale}
        write_description(folder, prefix=prefix, arch=self.arch, labels=self.labels, config=self.config, **numbers)
        fitted.inputs.save(folder, prefix=prefix)
        save_weights(folder / f"{prefix}{_WEIGHTS}", fitted.network)
        if fitted.history is not None:
            write_steps(folder / f"{prefix}{_STEPS}", fitted.history)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Self:
        """See textpipe.models.Classifier."""
        where = folder / f"{prefix}classifier.json"
        description = read_description(folder, prefix=prefix)
        if description["arch"] != cls.arch:
            raise ArtifactError(f"not of {cls.arch!r}, but of {description['arch']!r}", where=where, hint=REMAKE)
        config = read_config(cls.Config, description["config"], where=where)
        loaded = cls(config, tokenizer=tokenizer, device=device)
        loaded.labels = tuple(description["labels"])
        prior = read_shares(description, where=where)
        scale = description.get("scale")
        if type(scale) is not float or not 0 < scale < math.inf:
            raise ArtifactError("not a scale", where=where, hint=REMAKE)
        inputs = Inputs.load(folder, prefix=prefix, unit=config.unit, tokenizer=tokenizer, max_length=config.max_length)
        with torch.device("meta"):  # shapes alone: nothing is drawn, and wrong ones cost no memory
            network = loaded.network(inputs.sizes, len(loaded.labels))
        network.to_empty(device="cpu")
        load_weights(folder / f"{prefix}{_WEIGHTS}", network)
        loaded._fitted = _Fitted(inputs, network.to(torch_device(device)), prior, scale)
        return loaded


class _Batches(Sequence[Batch]):
    """The batches of an epoch, each made when it is needed."""

    def __init__(
        self, units: Units, gold: npt.NDArray[np.int64], rows: list[npt.NDArray[np.int64]], least: int
    ) -> None:
        self.units, self.gold, self.rows, self.least = units, gold, rows, least

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        return _batch(self.units, self.rows[place], self.gold, self.least)


def _probabilities(fitted: _Fitted, decisions: Doubles, units: Units) -> npt.NDArray[np.float32]:
    found = Calibration(together=True, scale=fitted.scale).probabilities(decisions)
    found[~units.known] = fitted.prior
    return found


def _batch(units: Units, rows: npt.NDArray[np.int64], gold: npt.NDArray[np.int64] | None, least: int) -> Batch:
    ids, lengths = units.padded(rows, least=least)
    classes = None if gold is None else torch.from_numpy(gold[rows])
    return Batch([torch.from_numpy(part) for part in ids], torch.from_numpy(lengths), classes)


def _with_size(config: NeuralConfig, size: int) -> NeuralConfig:
    """The settings with the size of given vectors. Raises UsageError where another one was asked for."""
    if config.dim not in (size, type(config)().dim):
        raise UsageError(f"dim: the vectors that are given have {size} numbers, not {config.dim}", hint="leave out dim")
    return replace(config, dim=size)


def _batch_size(config: NeuralConfig, documents: int) -> int:
    return min(config.batch_size, max(documents // _STEPS_WANTED, _LEAST_BATCH))


def _note_cuts(units: Units, held: Units, most: int, log: TrainingLog) -> None:
    cut = units.cut + held.cut
    if cut:
        total = len(units.lengths) + len(held.lengths)
        log.note(
            f"{cut:,} of {total:,} texts are longer than {most:,} units: only their beginning is read (max_length)"
        )
        log.facts["cut"] = cut


def _digest(units: Units, gold: npt.NDArray[np.int64], held: Units, held_gold: npt.NDArray[np.int64]) -> str:
    """What data a state of training belongs to."""
    digest = hashlib.sha256()
    parts: list[Any] = [*units.channels, units.bounds, gold, *held.channels, held.bounds, held_gold]
    for part in parts:
        digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _told(trained: Trained) -> dict[str, object]:
    return {
        **trained.facts,
        "epochs": trained.epochs,
        "best_epoch": trained.best_epoch,
        "steps": trained.steps,
        "stopped": trained.stopped,
    }
