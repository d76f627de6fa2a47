"""A linear model over TF-IDF weights of n-grams: support vector machine, logistic regression or perceptron.

{prefix}classifier.json    also "bias", "prior", "scale" and "offset"; of several labels a text these two are
                           lists, and there are "thresholds"
{prefix}features.json, {prefix}table.npy, {prefix}ngrams.jsonl     see features/files.py
{prefix}weights.npy        float32[features, columns]: a column a label, of two labels that exclude each other one

Each label's weights are learned against all others' rows, each feature scaled by how much it tells of the label (Wang
and Manning 2012; `nb` is the exponent). Training is scikit-learn's; a prediction needs NumPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import check_separator
from textpipe.errors import REMAKE, ArtifactError, InputError, ResourceError, UsageError
from textpipe.features.config import FeatureConfig
from textpipe.features.contributions import character_values
from textpipe.features.files import read_array, read_vectorizer, write_array, write_vectorizer
from textpipe.features.vectorizer import Vectorizer
from textpipe.models.calibration import Calibration
from textpipe.models.explanation import Parts, each_character, label_numbers
from textpipe.models.files import (
    best_labels,
    checked_texts,
    read_config,
    read_description,
    read_numbers,
    read_shares,
    write_description,
)
from textpipe.models.held_back import (
    AnyCalibration,
    calibration_facts,
    held_back_scores,
    read_calibration,
    read_thresholds,
    thresholds_of,
)
from textpipe.models.label_sets import predicted_sets
from textpipe.models.labels import Gold, counted_labels, gold_counts, gold_of, judged_by
from textpipe.segment.tokenizer import Tokenizer
from textpipe.settings import check_numbers
from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from textpipe.embeddings.vectors import Vectors
    from textpipe.models.linear_choice import Chosen, Progress
    from textpipe.models.linear_training import Teacher, Weights

Doubles = npt.NDArray[np.float64]
_WEIGHTS = "weights.npy"


@dataclass(frozen=True, kw_only=True)
class LinearConfig(FeatureConfig):
    """Those of the features, and:

    model: `svm` (squared hinge loss), `logistic` regression, or `perceptron`
    penalty: of weights, their squares (l2) or absolute values (l1)
    multiclass: of logistic regression: each label against the others (ovr), or all at once (softmax)
    C: how much errors weigh against the penalty; 0: the best of a few on held-back rows
    class_weights: `balanced` weighs a document by the rarity of its label
    nb: exponent of the log-count ratio that features are scaled by, 0 for no scaling
    seed: of what is held back where there is no `valid`, and of the order in which rows are looked at
    label_sep: what stands between several labels of a text, which are learned each for itself; empty: it has one
    """

    model: Literal["svm", "logistic", "perceptron"] = "svm"
    penalty: Literal["l2", "l1"] = "l2"
    multiclass: Literal["ovr", "softmax"] = "ovr"
    C: float = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    nb: float = 0.5
    seed: int = 0
    label_sep: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, C=(0.0, 1e6), nb=(0.0, 4.0), seed=(0, (1 << 63) - 1))
        check_separator(self.label_sep)
        if self.label_sep and self.multiclass == "softmax":
            hint = "multiclass=ovr learns each label for itself"
            raise UsageError("multiclass: softmax gives a text one label, not several", hint=hint)


class _Fitted(NamedTuple):
    vectorizer: Vectorizer
    weights: npt.NDArray[np.float32]
    bias: Doubles
    prior: Doubles  # of labels, in training
    calibration: AnyCalibration  # from decisions to probabilities


class Linear:
    """See textpipe.models.Classifier. Vectors, workers and device are of no use to it."""

    Config: ClassVar[type] = LinearConfig

    def __init__(
        self,
        config: LinearConfig | None = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,  # noqa: ARG002
        workers: int | None = None,  # noqa: ARG002
        device: str | None = None,  # noqa: ARG002
    ) -> None:
        self.config = config or LinearConfig()
        self.labels: tuple[str, ...] = ()
        self._tokenizer = tokenizer or Tokenizer()
        self.held_back: npt.NDArray[np.float32] | None = None
        self.thresholds: tuple[float, ...] | None = None
        self._fitted: _Fitted | None = None

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> Linear:
        """See textpipe.models.Classifier. Without `valid`, C, the calibration and thresholds are found on held-back
        documents: on a tenth of them, or (of fewer than 2,000) on each fifth by weights of the other four."""
        documents = [document for document in documents if document.label is not None]
        self.labels = tuple(counted_labels(documents, self.config.label_sep))
        try:
            self._learn(documents, judged_by(valid, self.labels, self.config.label_sep), refit, log)
        except MemoryError:
            hint = "fewer features: --set char_min_count=5 --set word_min_count=5, or max_features"
            raise ResourceError("not enough memory for these texts and labels", hint=hint) from None
        return self

    def _learn(self, documents: Sequence[Document], valid: Sequence[Document], refit: bool, log: TrainingLog) -> None:
        from textpipe.models.linear_choice import Progress
        from textpipe.models.linear_training import Teacher

        teacher = Teacher(self.config, len(self.labels), note=log.note)
        progress = Progress(log, self._parts(len(documents), bool(valid), refit))
        vectorizer, rows, gold = self._features(documents, progress)
        chosen = self._choose(teacher, vectorizer, rows, documents, valid, progress)
        if len(chosen.gold):
            probabilities = chosen.calibration.probabilities(chosen.decisions)
            self.thresholds = thresholds_of(probabilities, chosen.gold)
            log.facts["calibration"] = calibration_facts(
                chosen.decisions, probabilities, chosen.gold, together=self._together
            )
        if chosen.weights is not None and valid:
            self._keep(vectorizer, chosen.weights, gold, chosen.calibration)
            self.held_back = self.predict_proba([document.text for document in valid])
            log.facts["valid"] = held_back_scores(self.held_back, chosen.gold, self.labels)
        if refit and valid:
            vectorizer, rows, gold = self._features([*documents, *valid], progress)
        if refit or not valid:
            told = progress.part(f"C={chosen.C:g}, all documents")
            weights = teacher.train(rows, gold, C=chosen.C, progress=told)
            self._keep(vectorizer, weights, gold, chosen.calibration)
        log.facts.update(features=vectorizer.features, C=chosen.C)
        log.share(1.0, "done")

    def _keep(self, vectorizer: Vectorizer, weights: Weights, gold: Gold, calibration: AnyCalibration) -> None:
        prior = gold_counts(gold, len(self.labels)) / len(gold)
        self._fitted = _Fitted(vectorizer, weights.matrix, weights.bias, prior, calibration)

    def _features(self, documents: Sequence[Document], progress: Progress) -> tuple[Vectorizer, csr_matrix, Gold]:
        """What n-grams there are, the documents as rows of them, and the numbers of their labels."""
        texts = [document.text for document in documents]
        told = progress.part("features")
        vectorizer = Vectorizer.fit(texts, self.config, spans=self._tokenizer.spans, progress=told)
        if not vectorizer.features:
            hint = "--set char_min_count=1 --set word_min_count=1, or other n-grams"
            raise InputError("no n-gram is in enough documents", hint=hint)
        return vectorizer, _matrix(vectorizer, texts), gold_of(documents, self.labels, self.config.label_sep)

    # What is tried: values of C, and splits of the documents where no others are given.

    @property
    def _values(self) -> tuple[float, ...]:
        from textpipe.models.linear_choice import TRIED

        return (self.config.C,) if self.config.C else TRIED[self.config.model]

    @property
    def _needs_splits(self) -> bool:
        """Whether something is to be found out: C, what decisions say of probabilities, or thresholds."""
        return self.config.model != "logistic" or not self.config.C or bool(self.config.label_sep)

    @property
    def _together(self) -> bool:
        return self.config.model == "logistic" and self.config.multiclass == "softmax"

    def _parts(self, documents: int, valid: bool, refit: bool) -> int:
        """About how many trainings there will be, and findings of features."""
        from textpipe.models.linear_choice import splits_of

        tried = min(3, len(self._values))
        if valid:
            return 1 + tried + 2 * refit
        return 2 + self._needs_splits * tried * splits_of(documents)

    def _choose(
        self,
        teacher: Teacher,
        vectorizer: Vectorizer,
        rows: csr_matrix,
        documents: Sequence[Document],
        valid: Sequence[Document],
        progress: Progress,
    ) -> Chosen:
        from textpipe.models.linear_choice import Chosen, Split, choose, held_back

        gold, held_gold = (gold_of(part, self.labels, self.config.label_sep) for part in (documents, valid))
        if valid:
            held = _matrix(vectorizer, [document.text for document in valid])
            splits = [Split(rows, gold, held, held_gold)]
        elif self._needs_splits:
            texts = [document.text for document in documents]
            splits = list(held_back(rows, gold, texts, seed=self.config.seed))
        else:
            return Chosen(self.config.C, Calibration(self._together), None, np.zeros((0, 1)), gold[:0], 0.0)
        return choose(teacher, splits, values=self._values, together=self._together, progress=progress)

    # ------------------------------------------------------------------------------------------ predicting

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        sums, known = fitted.vectorizer.score(checked_texts(texts), fitted.weights)
        probabilities = fitted.calibration.probabilities(sums + fitted.bias)
        if not known.all():
            probabilities[~known] = fitted.prior
        return probabilities

    def predict(self, texts: Sequence[str]) -> list[str]:
        """See textpipe.models.Classifier."""
        return best_labels(self.labels, self.predict_proba(texts))

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """See textpipe.models.Classifier."""
        return predicted_sets(self, texts)

    def explain(self, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
        """What each character adds to the decision for a label (see features/contributions.py); base: the intercept.

        Raises UsageError for a label that it does not have.
        """
        fitted, texts = self.learned, checked_texts(texts)
        places = np.array(label_numbers(labels, self.labels), np.int64)
        alone = fitted.weights.shape[1] == 1  # the decision for the second of two labels is that against the first
        columns, signs = (np.zeros_like(places), np.where(places, 1, -1)) if alone else (places, np.ones_like(places))
        sums, _ = fitted.vectorizer.score(texts, fitted.weights)
        bases = signs * fitted.bias[columns]
        decisions = bases + signs * sums[np.arange(len(texts)), columns]
        values = character_values(fitted.vectorizer, texts, fitted.weights, columns)
        return [
            Parts(each_character(text), sign * value, base, decision)
            for text, sign, value, base, decision in zip(
                texts, signs.tolist(), values, bases.tolist(), decisions.tolist(), strict=True
            )
        ]

    @property
    def learned(self) -> _Fitted:
        """What `fit` found: vectorizer, weights, bias, prior and calibration. Raises UsageError before it did."""
        if self._fitted is None:
            raise UsageError("a classifier that was not trained", hint="Linear(...).fit(documents, log=TrainingLog())")
        return self._fitted

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        numbers = {"bias": fitted.bias.tolist(), "prior": fitted.prior.tolist(), **fitted.calibration.numbers()}
        if self.thresholds is not None:
            numbers["thresholds"] = self.thresholds
        write_description(folder, prefix=prefix, arch="linear", labels=self.labels, config=self.config, **numbers)
        write_vectorizer(folder, fitted.vectorizer, prefix=prefix)
        write_array(folder / f"{prefix}{_WEIGHTS}", fitted.weights)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Linear:
        """See textpipe.models.Classifier."""
        where = folder / f"{prefix}classifier.json"
        description = read_description(folder, prefix=prefix, arch="linear")
        loaded = cls(read_config(LinearConfig, description["config"], where=where), tokenizer=tokenizer, device=device)
        loaded.labels = tuple(description["labels"])
        from textpipe.models.linear_training import columns_of

        several = bool(loaded.config.label_sep)
        columns = columns_of(len(loaded.labels), several=several)
        bias = read_numbers(description.get("bias"), columns, where=where)
        prior = read_shares(description, where=where, several=several)
        loaded.thresholds = read_thresholds(description, loaded.config, where=where)
        calibration = read_calibration(description, together=loaded._together, several=several, where=where)
        vectorizer = read_vectorizer(folder, prefix=prefix, spans=tokenizer.spans)
        path = folder / f"{prefix}{_WEIGHTS}"
        weights = read_array(path, np.float32, dimensions=2)
        if weights.shape != (vectorizer.features, columns) or not np.isfinite(weights.sum(dtype=np.float64)):
            raise ArtifactError("not the weights of these n-grams and labels", where=path, hint=REMAKE)
        loaded._fitted = _Fitted(vectorizer, weights, bias, prior, calibration)
        return loaded


def _matrix(vectorizer: Vectorizer, texts: Sequence[str]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    bounds, columns, values = vectorizer.rows(texts)
    small = len(columns) < 1 << 31  # scikit-learn's solvers take no others
    found = csr_matrix(
        (values, columns, bounds.astype(np.int32) if small else bounds), (len(texts), vectorizer.features)
    )
    found.sort_indices()
    return found
