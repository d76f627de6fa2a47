"""The weights of linear models, by scikit-learn: one label against all others, or all at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.errors import ResourceError
from textpipe.models.labels import Gold

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from textpipe.models.linear import LinearConfig

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
_AT_ONCE = 1 << 28  # bytes of weights that scikit-learn may hold
_MOST = 1 << 36  # bytes of weights of a model
_STEPS = 1000  # of scikit-learn's own count


class Weights(NamedTuple):
    """matrix: float32[features, columns]; bias: float64[columns]. Columns: see `columns_of`."""

    matrix: npt.NDArray[np.float32]
    bias: Doubles

    def decisions(self, rows: csr_matrix) -> Doubles:
        """float64[rows, columns]"""
        found: Doubles = np.asarray(rows @ self.matrix, np.float64) + self.bias
        return found


def columns_of(labels: int, *, several: bool) -> int:
    """A column a label; for two of which a row has one, that of the second alone."""
    return 1 if labels == 2 and not several else labels


class Teacher:
    """Trains on rows and their labels (numbers, of `labels` ones); what scikit-learn warns of is told once."""

    def __init__(self, config: LinearConfig, labels: int, *, note: Callable[[str], None]) -> None:
        self._config = config
        self._labels = labels
        self._note = note
        self._told: set[str] = set()

    def train(
        self, rows: csr_matrix, gold: Gold, *, C: float, progress: Callable[[float], None] = lambda _share: None
    ) -> Weights:
        """The weights; labels without a row are never the likeliest. Raises ResourceError when they are too many.

        gold: int64[rows], the number of each one's label, or bool[rows, labels]
        """
        columns = columns_of(self._labels, several=gold.ndim == 2)
        size = rows.shape[1] * columns * 4
        if size > _MOST:
            message = f"{rows.shape[1]:,} features of {self._labels:,} labels: weights of {size >> 30:,} GiB"
            raise ResourceError(
                message, hint="fewer features: --set char_min_count=5 --set word_min_count=5, or max_features"
            )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            weights = self._all_at_once(rows, gold, C) if columns > 1 and gold.ndim == 1 else None
            weights = weights or self._one_by_one(rows, gold, C, columns, progress)
        self._tell(caught)
        return weights

    def _tell(self, caught: list[warnings.WarningMessage]) -> None:
        for warning in caught:
            message = f"{warning.category.__name__}: {str(warning.message).splitlines()[0]}"
            if message not in self._told:
                self._told.add(message)
                self._note(message)

    def _all_at_once(self, rows: csr_matrix, gold: Integers, C: float) -> Weights | None:
        """All labels in one call, where that is possible: softmax, and a plain SVM of few labels."""
        config = self._config
        softmax = config.model == "logistic" and config.multiclass == "softmax"
        plain = config.model == "svm" and not config.nb and rows.shape[1] * self._labels * 8 <= _AT_ONCE
        present = np.unique(gold)
        if len(present) < 3 or not (softmax or plain):
            return None
        scale = self._scale_of_all(rows, gold) if softmax and config.nb else None
        estimator = self._softmax(C) if softmax else self._svm(C)
        estimator.fit(_scaled(rows, scale), gold, sample_weight=self._sample_weights(gold))
        matrix = np.zeros((rows.shape[1], self._labels), np.float32)
        bias = np.full(self._labels, estimator.intercept_.min() - self._certain)
        matrix[:, present] = (estimator.coef_ if scale is None else estimator.coef_ * scale).T
        bias[present] = estimator.intercept_
        return Weights(matrix, bias)

    def _one_by_one(
        self, rows: csr_matrix, gold: Gold, C: float, columns: int, progress: Callable[[float], None]
    ) -> Weights:
        matrix = np.zeros((rows.shape[1], columns), np.float32)
        bias = np.zeros(columns)
        counts = _documents_with(rows) if self._config.nb else None
        sample_weights = self._sample_weights(gold) if gold.ndim == 1 else None
        for column in range(columns):
            own = gold[:, column] if gold.ndim == 2 else gold == (1 if columns == 1 else column)
            if own.all() or not own.any():
                bias[column] = self._certain if own.all() else -self._certain
                continue
            scale = None if counts is None else log_count_ratio(rows[own], counts) ** self._config.nb
            if gold.ndim == 2:
                sample_weights = self._sample_weights(own.astype(np.int64))
            estimator = self._binary(C).fit(_scaled(rows, scale), own, sample_weight=sample_weights)
            matrix[:, column] = estimator.coef_[0] if scale is None else estimator.coef_[0] * scale
            bias[column] = estimator.intercept_[0]
            progress((column + 1) / columns)
        return Weights(matrix, bias)

    def _scale_of_all(self, rows: csr_matrix, gold: Integers) -> Doubles:
        """Softmax has one weighting of features for all labels: that of the label that each tells most of."""
        counts = _documents_with(rows)
        scale = np.zeros(rows.shape[1])
        for label in np.unique(gold):
            np.maximum(scale, log_count_ratio(rows[gold == label], counts), out=scale)
        raised: Doubles = scale**self._config.nb
        return raised

    def _sample_weights(self, gold: Integers) -> Doubles | None:
        if self._config.class_weights == "none":
            return None
        counts = np.bincount(gold)
        weights: Doubles = (len(gold) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[gold]
        return weights

    # ---------------------------------------------------------------------------------------- scikit-learn's

    @property
    def _certain(self) -> float:
        """The decision that takes for sure what all rows of the training say."""
        return 10.0 if self._config.model == "logistic" else 1.0

    def _binary(self, C: float) -> Any:
        makers = {"svm": self._svm, "logistic": self._logistic, "perceptron": self._perceptron}
        return makers[self._config.model](C)

    def _svm(self, C: float) -> Any:
        from sklearn.svm import LinearSVC

        config = self._config
        return LinearSVC(
            C=C, penalty=config.penalty, dual=config.penalty == "l2", max_iter=_STEPS, random_state=_state(config.seed)
        )

    def _logistic(self, C: float) -> Any:
        from sklearn.linear_model import LogisticRegression

        penalty = _penalty(self._config.penalty)
        return LogisticRegression(
            C=C, solver="liblinear", max_iter=_STEPS, random_state=_state(self._config.seed), **penalty
        )

    def _softmax(self, C: float) -> Any:
        from sklearn.linear_model import LogisticRegression

        solver = "lbfgs" if self._config.penalty == "l2" else "saga"
        penalty = _penalty(self._config.penalty)
        return LogisticRegression(
            C=C, solver=solver, max_iter=_STEPS, random_state=_state(self._config.seed), **penalty
        )

    def _perceptron(self, C: float) -> Any:
        """C is the penalty's, by its reciprocal over all rows, as with the others."""
        from sklearn.linear_model import Perceptron

        config = self._config
        return Perceptron(penalty=config.penalty, alpha=1e-6 / C, random_state=_state(config.seed))


def _state(seed: int) -> int:
    return seed % (1 << 31)


def _penalty(name: str) -> dict[str, Any]:
    """Logistic regression takes the name of its penalty in scikit-learn before 1.8 alone."""
    import sklearn

    if name == "l2":
        return {}
    version = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
    return {"l1_ratio": 1.0} if version >= (1, 8) else {"penalty": "l1"}


def _documents_with(rows: csr_matrix) -> Integers:
    """int64[features]: in how many rows each is."""
    counts: Integers = np.bincount(rows.indices, minlength=rows.shape[1])
    return counts


def log_count_ratio(own: csr_matrix, counts: Integers) -> Doubles:
    """float64[features]: how much more or less often each is in `own` rows than in the others, |ln(p / q)|.

    Wang and Manning 2012: p and q are shares of all features of the class and of the rest, with one added to
    each count.
    """
    inside = _documents_with(own) + 1.0
    outside = counts - inside + 2.0
    ratio: Doubles = np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
    return ratio


def _scaled(rows: csr_matrix, scale: Doubles | None) -> csr_matrix:
    from scipy.sparse import csr_matrix

    if scale is None:
        return rows
    return csr_matrix((rows.data * scale[rows.indices], rows.indices, rows.indptr), shape=rows.shape)
