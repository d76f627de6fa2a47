"""TextGCN (Yao et al. 2019): two graph convolutions over one graph of all documents and their words.

It is transductive: a document is classified at its node, which was there in training. Two readings of that are offered.
A new text is joined to the words it knows as a document of the graph is, by TF-IDF, and what words have learned is
passed on to it; it has no row of its own, and nothing changes for others (the inductive reading). Texts that are known
beforehand can be in the graph without labels (`fit(..., unlabelled=texts)`); their own nodes answer for them.

{prefix}classifier.json    also "prior" (shares of labels in training), "scale", "offset" and "thresholds", as networks
{prefix}words.txt          or characters.txt: the words of the graph
{prefix}edges.npy          float64[words, 2]: inverse document frequency and degree of each
{prefix}rows.npy           float32[words, dim]: what each adds to a document in the first layer
{prefix}passed.npy         float32[words, labels]: what each passes on in the second
{prefix}last.npy           float32[dim, labels]: the second layer
{prefix}nodes.npy          [texts without labels]: {"text", uint64 hash; "decisions", float32[labels]}, by hash
{prefix}steps.jsonl        the figures of all steps

A prediction needs NumPy and SciPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.split import text_hash
from textpipe.errors import REMAKE, ArtifactError, InputError, UsageError
from textpipe.features.files import read_array, write_array
from textpipe.features.graph import document_words, joined_documents
from textpipe.models.files import (
    best_labels,
    checked_texts,
    read_config,
    read_description,
    read_shares,
    write_description,
)
from textpipe.models.held_back import (
    AnyCalibration,
    calibrate,
    calibration_facts,
    held_back_scores,
    read_calibration,
    read_thresholds,
    thresholds_of,
)
from textpipe.models.inputs import FIRST, Inputs, Units
from textpipe.models.label_sets import predicted_sets
from textpipe.models.labels import check_label_settings, counted_labels, gold_counts, gold_of, judged_by
from textpipe.models.learned_texts import known_places
from textpipe.segment.tokenizer import Tokenizer
from textpipe.settings import check_numbers
from textpipe.training.config import Metric, TrainingConfig
from textpipe.training.log import TrainingLog
from textpipe.training.steps import History, write_steps

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from textpipe.embeddings.vectors import Vectors

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
StopWords = Literal["none", "en", "zh", "both"]
_FEW = 1_000  # documents below which a word that occurs once is worth a node
_STEPS = "steps.jsonl"


@dataclass(frozen=True, kw_only=True)
class TextGCNConfig(TrainingConfig):
    """Those of training, whose one batch is the whole graph (batch_size is of no use), and:

    unit: what words are: `word`, or `char`
    stop_words: lists of words that are no nodes: `en`, `zh`, `both`; the paper's preprocessing leaves out English ones
    min_count: occurrences that a word needs, 0 for 2 (of fewer than 1,000 documents 1), in the paper 5; max_size: words
        at most; max_length: words of a text that are read
    window: words that are near each other; min_pmi: the least mutual information that joins two words, in the paper 0
    sublinear: a word that occurs n times in a document counts 1 + ln n instead of n
    dim: numbers between the layers; dropout: of these
    relearn: whether, once held-back documents have been judged, all is learned anew from these as well, to the epoch
        that was best
    label_sep: what stands between several labels of a text, each of which is a decision of its own; empty: it has one
    """

    epochs: int = 80
    lr: float = 0.1
    weight_decay: float = 0.0
    label_smoothing: float = 0.1
    patience: int = 15
    metric: Metric = "loss"
    unit: Literal["word", "char"] = "word"
    stop_words: StopWords = "none"
    min_count: int = 0
    max_size: int = 30_000
    max_length: int = 10_000
    window: int = 20
    min_pmi: float = 1.0
    sublinear: bool = True
    dim: int = 200
    dropout: float = 0.5
    relearn: bool = True
    label_sep: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_label_settings(self)
        check_numbers(
            self,
            min_count=(0, 1_000_000),
            max_size=(1, 1_000_000),
            max_length=(1, 1_000_000),
            window=(1, 1_000),
            min_pmi=(0.0, 100.0),
            dim=(1, 4_096),
            dropout=(0.0, 0.9),
        )


class Words(NamedTuple):
    """What the words of a graph are to its documents: idf, degrees: float64[words]; rows: float32[words, dim]; passed:
    float32[words, labels]; last: float32[dim, labels]"""

    idf: Doubles
    degrees: Doubles
    rows: Floats
    passed: Floats
    last: Floats

    def edges(self, units: Units, *, sublinear: bool) -> csr_matrix:
        """float64[texts, words]: TF-IDF of the words of texts."""
        return document_words(*known_words(units), self.idf, sublinear=sublinear)

    def decisions(self, edges: csr_matrix) -> Doubles:
        """float64[texts, labels] of texts that are joined to words by these edges, and have no rows of their own."""
        joined, own = joined_documents(edges, self.degrees)
        hidden = np.maximum(joined @ self.rows, 0)
        found: Doubles = (joined @ self.passed + own[:, None] * (hidden @ self.last)).astype(np.float64)
        return found


class _Fitted(NamedTuple):
    inputs: Inputs
    words: Words
    prior: Doubles
    calibration: AnyCalibration
    nodes: npt.NDArray[np.void]
    history: History | None = None


class TextGCN:
    """See textpipe.models.Classifier. Vectors are of no use to it."""

    Config: ClassVar[type] = TextGCNConfig

    def __init__(
        self,
        config: TextGCNConfig | None = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,  # noqa: ARG002
        workers: int | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config or TextGCNConfig()
        self.labels: tuple[str, ...] = ()
        self.held_back: Floats | None = None
        self.thresholds: tuple[float, ...] | None = None
        self._tokenizer = tokenizer or Tokenizer()
        self._machine: dict[str, Any] = {"workers": workers, "device": device}
        self._fitted: _Fitted | None = None

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self,
        documents: Sequence[Document],
        *,
        valid: Sequence[Document] = (),
        refit: bool = False,
        unlabelled: Sequence[str] = (),
        log: TrainingLog,
    ) -> TextGCN:
        """See textpipe.models.Classifier. Held-back documents are no part of the graph: they are judged as new texts.

        unlabelled: texts that are in the graph without labels; `predict_proba` answers for these texts, word for word,
        by their own nodes
        """
        if find_spec("torch") is None:
            raise UsageError("textgcn needs torch to train", hint="pip install 'textpipe-zh[torch]'")
        documents = [document for document in documents if document.label is not None]
        self.labels = tuple(counted_labels(documents, self.config.label_sep))
        valid = judged_by(valid, self.labels, self.config.label_sep)
        texts = checked_texts(unlabelled)
        self._fitted = self._learn(documents, valid, texts, log)
        again = bool(self.config.relearn and refit and valid)
        if again:
            everything = [*documents, *valid]
            best: Any = log.facts["best_epoch"]
            log.note(f"learns anew from all {len(everything):,} texts, {best} epochs")
            work = None if log.work is None else log.work / "all"
            thresholds = self.thresholds
            last = self._learn(everything, [], texts, replace(log, work=work, facts={}), until=best)
            self._fitted = last._replace(calibration=self._fitted.calibration, history=self._fitted.history)
            self.thresholds = thresholds
        log.facts["refit"] = again
        return self

    def _learn(
        self,
        documents: Sequence[Document],
        valid: Sequence[Document],
        unlabelled: Sequence[str],
        log: TrainingLog,
        until: int | None = None,
    ) -> _Fitted:
        config = self.config
        from textpipe.models.textgcn_training import Held, learn

        texts = [*(document.text for document in documents), *unlabelled]
        inputs = self._inputs(texts)
        log.share(0.0, "texts as ids")
        units, held = inputs.encode(texts), inputs.encode([document.text for document in valid])
        if units.cut or held.cut:
            log.note(
                f"{units.cut + held.cut:,} texts are longer than {config.max_length:,} words: the rest is not read"
            )
        gold, held_gold = (gold_of(part, self.labels, config.label_sep) for part in (documents, valid))
        learned = learn(
            known_words(units),
            gold,
            Held(held, held_gold, self.labels),
            size=len(inputs.vocabularies[0]),
            config=config,
            log=log,
            until=until,
            **self._machine,
        )
        decisions = learned.words.decisions(learned.words.edges(held, sublinear=config.sublinear))
        calibration = calibrate(decisions, held_gold, together=True)
        prior = gold_counts(gold, len(self.labels)) / len(gold)
        nodes = _nodes(unlabelled, learned.decisions, len(self.labels))
        fitted = _Fitted(inputs, learned.words, prior, calibration, nodes, learned.history)
        probabilities = self._probabilities(fitted, [document.text for document in valid])
        self.thresholds = thresholds_of(probabilities, held_gold)
        if valid:
            self.held_back = probabilities
            log.facts["valid"] = held_back_scores(probabilities, held_gold, self.labels)
            log.facts["calibration"] = calibration_facts(decisions, probabilities, held_gold, together=True)
        log.facts.update(learned.facts, **calibration.numbers())
        return fitted

    def _inputs(self, texts: Sequence[str]) -> Inputs:
        config = self.config
        try:
            inputs = Inputs.learn(
                texts,
                unit=config.unit,
                tokenizer=self._tokenizer,
                min_count=config.min_count or (1 if len(texts) < _FEW else 2),
                max_size=config.max_size,
                max_length=config.max_length,
            )
        except InputError as error:
            hint = "documents need text; a smaller --set min_count=1"
            raise InputError(f"{error.message} in these documents", hint=hint) from None
        return _without_stop_words(inputs, config.stop_words)

    # ------------------------------------------------------------------------------------------ predicting

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """See textpipe.models.Classifier."""
        return self._probabilities(self.learned, checked_texts(texts))

    def _probabilities(self, fitted: _Fitted, texts: Sequence[str]) -> Floats:
        edges = fitted.words.edges(fitted.inputs.encode(texts), sublinear=self.config.sublinear)
        decisions = fitted.words.decisions(edges)
        known = np.diff(edges.indptr) > 0
        if len(fitted.nodes):
            own, places = known_places(texts, fitted.nodes["text"])
            own &= known
            decisions[own] = fitted.nodes["decisions"][places[own]]
        found = fitted.calibration.probabilities(decisions)
        found[~known] = fitted.prior
        return found

    def predict(self, texts: Sequence[str]) -> list[str]:
        """See textpipe.models.Classifier."""
        return best_labels(self.labels, self.predict_proba(texts))

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """See textpipe.models.Classifier."""
        return predicted_sets(self, texts)

    @property
    def learned(self) -> _Fitted:
        """What `fit` found. Raises UsageError before it did."""
        if self._fitted is None:
            hint = "TextGCN(...).fit(documents, log=TrainingLog())"
            raise UsageError("a classifier that was not trained", hint=hint)
        return self._fitted

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        numbers = {"prior": fitted.prior.tolist(), **fitted.calibration.numbers()}
        if self.thresholds is not None:
            numbers["thresholds"] = self.thresholds
        write_description(folder, prefix=prefix, arch="textgcn", labels=self.labels, config=self.config, **numbers)
        fitted.inputs.save(folder, prefix=prefix)
        words = fitted.words
        write_array(folder / f"{prefix}edges.npy", np.stack([words.idf, words.degrees], axis=1))
        for name in ("rows", "passed", "last"):
            write_array(folder / f"{prefix}{name}.npy", getattr(words, name))
        write_array(folder / f"{prefix}nodes.npy", fitted.nodes)
        if fitted.history is not None:
            write_steps(folder / f"{prefix}{_STEPS}", fitted.history)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> TextGCN:
        """See textpipe.models.Classifier."""
        where = folder / f"{prefix}classifier.json"
        description = read_description(folder, prefix=prefix, arch="textgcn")
        config = read_config(TextGCNConfig, description["config"], where=where)
        loaded = cls(config, tokenizer=tokenizer, device=device)
        loaded.labels = tuple(description["labels"])
        inputs = Inputs.load(folder, prefix=prefix, unit=config.unit, tokenizer=tokenizer, max_length=config.max_length)
        words, labels = len(inputs.vocabularies[0]), len(loaded.labels)
        edges = _read(folder / f"{prefix}edges.npy", (words, 2), np.float64)
        if (edges[:, 0] < 0).any() or (edges[:, 1] < 1).any():
            raise ArtifactError("not the edges of a graph", where=folder / f"{prefix}edges.npy", hint=REMAKE)
        shapes = {"rows": (words, config.dim), "passed": (words, labels), "last": (config.dim, labels)}
        arrays = {name: _read(folder / f"{prefix}{name}.npy", shape, np.float32) for name, shape in shapes.items()}
        found = Words(edges[:, 0], edges[:, 1], **arrays)
        nodes = _read_nodes(folder / f"{prefix}nodes.npy", labels)
        several = bool(config.label_sep)
        prior = read_shares(description, where=where, several=several)
        calibration = read_calibration(description, together=True, several=several, where=where)
        loaded.thresholds = read_thresholds(description, config, where=where)
        loaded._fitted = _Fitted(inputs, found, prior, calibration, nodes)
        return loaded


def known_words(units: Units) -> tuple[Integers, Integers]:
    """(ids of the words that are in the vocabulary, from 0, one text after the other; int64[texts + 1] bounds)"""
    known = units.channels[0] >= FIRST
    before = np.concatenate([[0], np.cumsum(known)]).astype(np.int64)
    return units.channels[0][known].astype(np.int64) - FIRST, before[units.bounds]


def _without_stop_words(inputs: Inputs, lists: StopWords) -> Inputs:
    """Raises InputError when nothing else is left."""
    if lists == "none":
        return inputs
    from textpipe.keywords.candidates import shipped_stopwords
    from textpipe.vocabulary import Vocabulary

    stop = frozenset().union(*(shipped_stopwords(name) for name in ("en", "zh") if lists in (name, "both")))
    (found,) = inputs.vocabularies
    kept = [(token, count) for token, count in zip(found.tokens, found.counts, strict=True) if token not in stop]
    if not kept:
        raise InputError("these documents have nothing but stop words", hint="--set stop_words=none")
    return replace(inputs, vocabularies=(Vocabulary(*map(tuple, zip(*kept, strict=True))),))


def _node_type(labels: int) -> np.dtype[np.void]:
    return np.dtype([("text", "<u8"), ("decisions", "<f4", (labels,))])


def _nodes(texts: Sequence[str], decisions: Floats, labels: int) -> npt.NDArray[np.void]:
    """The decisions of texts that are in the graph without labels, each text once, by its hash."""
    nodes = np.zeros(len(texts), _node_type(labels))
    nodes["text"] = [text_hash(text) for text in texts]
    nodes["decisions"] = decisions
    return nodes[np.unique(nodes["text"], return_index=True)[1]]


def _read_nodes(path: Path, labels: int) -> npt.NDArray[np.void]:
    nodes = read_array(path, _node_type(labels), dimensions=1)
    if (np.diff(nodes["text"]) == 0).any() or not (np.sort(nodes["text"]) == nodes["text"]).all():
        raise ArtifactError("not the texts of a graph", where=path, hint=REMAKE)
    if not np.isfinite(nodes["decisions"]).all():
        raise ArtifactError("not the decisions of texts", where=path, hint=REMAKE)
    return nodes


def _read(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    array = read_array(path, dtype, dimensions=2)
    if array.shape != shape or not np.isfinite(array).all():
        raise ArtifactError("not the numbers of these words and labels", where=path, hint=REMAKE)
    return array
