"""fastText's classifier (Joulin et al. 2017): the mean of the embeddings of a text's n-grams, and one layer on top.

{prefix}classifier.json    also "bias", "prior", "scale" and "offset" (lists where a text has several labels), and of
                           several labels "thresholds"
{prefix}features.json, {prefix}table.npy, {prefix}ngrams.jsonl     see features/files.py
{prefix}weights.npy        float32[n-grams, columns + 1], the last column 1, which counts: a column a label; or one a
                           number of the embeddings where these are fewer than the labels, and then
{prefix}output.npy         float32[embedding, labels], the layer on top
{prefix}steps.jsonl        the figures of all steps

Embeddings and the layer on top do not change any more after training, so their product is kept: a row of scores an
n-gram. A text's decisions are the mean of its n-grams' rows, and the bias: a prediction needs NumPy alone. Training is
torch's (fasttext_training.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.errors import REMAKE, ArtifactError, InputError, UsageError
from textpipe.features.config import FeatureConfig
from textpipe.features.files import read_array, read_vectorizer, write_array, write_vectorizer
from textpipe.features.vectorizer import Vectorizer
from textpipe.models.files import (
    best_labels,
    checked_texts,
    read_config,
    read_description,
    read_numbers,
    read_shares,
    write_description,
)
from textpipe.models.held_back import AnyCalibration, read_calibration, read_thresholds
from textpipe.models.label_sets import predicted_sets
from textpipe.models.labels import check_label_settings, counted_labels, judged_by
from textpipe.segment.tokenizer import Tokenizer
from textpipe.settings import check_numbers
from textpipe.training.config import TrainingConfig
from textpipe.training.log import TrainingLog
from textpipe.training.steps import History, write_steps

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.models.explanation import Parts

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
_WEIGHTS, _OUTPUT, _STEPS = "weights.npy", "output.npy", "steps.jsonl"


@dataclass(frozen=True, kw_only=True)
class FastTextConfig(FeatureConfig, TrainingConfig):
    """Those of the n-grams and of training; of few documents batches are smaller, 256 an epoch, but of 8 at least; and:

    dim: of embeddings; deviation: of their numbers as they begin
    buckets: embeddings at most; n-grams that are more share them, by their hash
    ngram_dropout: share of n-grams that are not heard in training; dropout: of the numbers of their mean
    relearn: whether, once the epoch to end with is known, all is learned anew from the held-back documents as well
        (where they are no others' judge: `--valid 0.1`)
    label_sep: what stands between several labels of a text, each of which is a decision of its own; empty: it has one
    """

    word_min_count: int = 2
    sublinear: bool = False
    epochs: int = 8
    batch_size: int = 256
    lr: float = 0.01
    patience: int = 0
    dim: int = 64
    deviation: float = 0.1
    buckets: int = 2_000_000
    ngram_dropout: float = 0.5
    dropout: float = 0.7
    relearn: bool = True
    label_sep: str = ""

    def __post_init__(self) -> None:
        FeatureConfig.__post_init__(self)
        TrainingConfig.__post_init__(self)
        check_label_settings(self)
        check_numbers(
            self,
            dim=(1, 4_096),
            deviation=(0.0, 100.0),
            buckets=(1, 1 << 30),
            ngram_dropout=(0.0, 0.9),
            dropout=(0.0, 0.9),
        )


class Fitted(NamedTuple):
    """weights: float32[n-grams, columns + 1]; output: float32[embedding, labels], None where the columns are labels;
    prior: of labels, in training; calibration: from decisions to probabilities; thresholds: of several labels a text
    """

    vectorizer: Vectorizer
    weights: Floats
    output: Floats | None
    bias: Doubles
    prior: Doubles
    calibration: AnyCalibration
    thresholds: tuple[float, ...] | None = None
    history: History | None = None

    def decisions(self, texts: Sequence[str]) -> tuple[Doubles, npt.NDArray[np.bool_]]:
        """(float64[texts, labels] before any softmax; whether any n-gram of a text is known)"""
        sums, known = self.vectorizer.score(texts, self.weights)
        found = sums[:, :-1].astype(np.float64) / np.where(known, sums[:, -1], 1)[:, None]
        return (found if self.output is None else found @ self.output) + self.bias, known

    def scores(self, labels: npt.NDArray[np.int64]) -> Floats:
        """float32[n-grams, labels]: what n-grams have for these labels, the bias aside."""
        return self.weights[:, labels] if self.output is None else self.weights[:, :-1] @ self.output[:, labels]

    def probabilities(self, decisions: Doubles, known: npt.NDArray[np.bool_]) -> Floats:
        """float32[texts, labels]"""
        found = self.calibration.probabilities(decisions)
        found[~known] = self.prior
        return found


class FastText:
    """See textpipe.models.Classifier. Vectors are of no use to it."""

    Config: ClassVar[type] = FastTextConfig

    def __init__(
        self,
        config: FastTextConfig | None = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,  # noqa: ARG002
        workers: int | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config or FastTextConfig()
        self.labels: tuple[str, ...] = ()
        self.held_back: Floats | None = None
        self.thresholds: tuple[float, ...] | None = None
        self._tokenizer = tokenizer or Tokenizer()
        self._workers, self._device = workers, device
        self._fitted: Fitted | None = None

    # ------------------------------------------------------------------------------------------ learning

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> FastText:
        """See textpipe.models.Classifier. Raises UsageError without torch, and when training comes to nothing."""
        if find_spec("torch") is None:
            hint = "pip install 'textpipe-zh[torch]'; to predict it is not needed"
            raise UsageError("fasttext needs torch to learn, which is not installed", hint=hint)
        from textpipe.models.fasttext_training import learned

        documents = [document for document in documents if document.label is not None]
        self.labels = tuple(counted_labels(documents, self.config.label_sep))
        self._fitted, self.held_back = learned(
            documents,
            judged_by(valid, self.labels, self.config.label_sep),
            refit=refit,
            labels=self.labels,
            config=self.config,
            vectorizer_of=self._vectorizer,
            workers=self._workers,
            device=self._device,
            log=log,
        )
        self.thresholds = self._fitted.thresholds
        return self

    def _vectorizer(self, texts: Sequence[str], log: TrainingLog) -> Vectorizer:
        """The n-grams of these texts."""

        def progress(share: float) -> None:
            log.share(share, "n-grams")

        found = Vectorizer.fit(texts, self.config, spans=self._tokenizer.spans, counts=True, progress=progress)
        if not found.features:
            hint = "--set char_min_count=1 --set word_min_count=1, or other n-grams"
            raise InputError("no n-gram is in enough documents", hint=hint)
        return found

    # ------------------------------------------------------------------------------------------ predicting

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        return fitted.probabilities(*fitted.decisions(checked_texts(texts)))

    def predict(self, texts: Sequence[str]) -> list[str]:
        """See textpipe.models.Classifier."""
        return best_labels(self.labels, self.predict_proba(texts))

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """See textpipe.models.Classifier."""
        return predicted_sets(self, texts)

    def explain(self, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
        """What each character of a text adds to the decision for a label, exactly; base: the bias.

        The share of an n-gram in the mean, times its score, goes in equal parts to its characters (see
        features/contributions.py). Raises UsageError for a label that it does not have.
        """
        from textpipe.models.fasttext_explanation import explained

        fitted, texts = self.learned, checked_texts(texts)
        places = {label: place for place, label in enumerate(self.labels)}
        unknown = [label for label in labels if label not in places]
        if unknown:
            raise UsageError(f"no label {unknown[0]!r}", hint=f"one of: {', '.join(self.labels)}"[:500])
        return explained(fitted, texts, np.array([places[label] for label in labels], np.int64))

    @property
    def learned(self) -> Fitted:
        """What `fit` found. Raises UsageError before it did."""
        if self._fitted is None:
            hint = "FastText(...).fit(documents, log=TrainingLog())"
            raise UsageError("a classifier that was not trained", hint=hint)
        return self._fitted

    # ------------------------------------------------------------------------------------------ files

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """See textpipe.models.Classifier."""
        fitted = self.learned
        numbers = {"bias": fitted.bias.tolist(), "prior": fitted.prior.tolist(), **fitted.calibration.numbers()}
        if fitted.thresholds is not None:
            numbers["thresholds"] = fitted.thresholds
        write_description(folder, prefix=prefix, arch="fasttext", labels=self.labels, config=self.config, **numbers)
        write_vectorizer(folder, fitted.vectorizer, prefix=prefix)
        write_array(folder / f"{prefix}{_WEIGHTS}", fitted.weights)
        if fitted.output is not None:
            write_array(folder / f"{prefix}{_OUTPUT}", fitted.output)
        if fitted.history is not None:
            write_steps(folder / f"{prefix}{_STEPS}", fitted.history)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> FastText:
        """See textpipe.models.Classifier."""
        where = folder / f"{prefix}classifier.json"
        description = read_description(folder, prefix=prefix, arch="fasttext")
        loaded = cls(read_config(FastTextConfig, description["config"], where=where), tokenizer=tokenizer)
        loaded._device = device
        loaded.labels = tuple(description["labels"])
        bias = read_numbers(description.get("bias"), len(loaded.labels), where=where)
        several = bool(loaded.config.label_sep)
        prior = read_shares(description, where=where, several=several)
        calibration = read_calibration(description, together=True, several=several, where=where)
        loaded.thresholds = read_thresholds(description, loaded.config, where=where)
        vectorizer = read_vectorizer(folder, prefix=prefix, spans=tokenizer.spans, counts=True)
        weights, output = _read_weights(folder, prefix, vectorizer.features, len(loaded.labels), loaded.config.dim)
        loaded._fitted = Fitted(vectorizer, weights, output, bias, prior, calibration, loaded.thresholds)
        return loaded


def _read_weights(folder: Path, prefix: str, ngrams: int, labels: int, dim: int) -> tuple[Floats, Floats | None]:
    path = folder / f"{prefix}{_WEIGHTS}"
    weights = read_array(path, np.float32, dimensions=2)
    sound = weights.shape == (ngrams, min(labels, dim) + 1) and bool((weights[:, -1] == 1).all())
    if not sound or not np.isfinite(weights.sum(dtype=np.float64)):
        raise ArtifactError("not the weights of these n-grams and labels", where=path, hint=REMAKE)
    if labels <= dim:
        return weights, None
    path = folder / f"{prefix}{_OUTPUT}"
    output = read_array(path, np.float32, dimensions=2)
    if output.shape != (dim, labels) or not np.isfinite(output).all():
        raise ArtifactError("not the weights of these labels", where=path, hint=REMAKE)
    return weights, output
