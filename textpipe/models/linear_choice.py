"""How strong the penalty of a linear model is to be, and how far its decisions can be trusted, on held-back rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.models.calibration import find_scale
from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from textpipe.models.linear_training import Teacher, Weights

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
TRIED = {  # values of C
    "svm": (0.1, 0.3, 1.0, 3.0),
    "logistic": (1.0, 3.0, 10.0, 30.0),
    "perceptron": (1.0,),
}
FEW = 2000  # rows; of fewer all are held back once, of more a tenth
_FOLDS = 5


class Split(NamedTuple):
    """Rows to learn from and rows to be judged on, each with the numbers of their labels."""

    rows: csr_matrix
    gold: Integers
    held: csr_matrix
    held_gold: Integers


class Chosen(NamedTuple):
    """C, the scale of decisions, the weights if there was one split, and the decisions and labels of what was held."""

    C: float
    scale: float
    weights: Weights | None
    decisions: Doubles
    gold: Integers


class Progress:
    """Parts of about the same length, one after the other, as one share of the whole."""

    def __init__(self, log: TrainingLog, parts: int) -> None:
        self._log, self._parts, self._done = log, parts, -1

    def part(self, name: str) -> Callable[[float], None]:
        """The next part begins; what is returned is told its share."""
        self._done += 1
        done = self._done

        def tell(share: float) -> None:
            self._log.share(min((done + share) / self._parts, 1.0), name)

        tell(0.0)
        return tell


def choose(
    teacher: Teacher, splits: list[Split], *, values: tuple[float, ...], scaled: bool, progress: Progress
) -> Chosen:
    """The value of C with most held-back rows right, of equal ones the first; `scaled`: whether a scale is needed."""
    best: Chosen | None = None
    most = -1
    gold = np.concatenate([split.held_gold for split in splits])
    for C in values:
        weights, parts = None, []
        for split in splits:
            weights = teacher.train(split.rows, split.gold, C=C, progress=progress.part(f"C={C:g}"))
            parts.append(weights.decisions(split.held))
        decisions = np.concatenate(parts)
        right = int((likeliest(decisions) == gold).sum())
        if right > most:
            most, best = right, Chosen(C, 1.0, weights if len(splits) == 1 else None, decisions, gold)
    assert best is not None
    return best._replace(scale=find_scale(best.decisions, gold)) if scaled else best


def likeliest(decisions: Doubles) -> Integers:
    """The label of each row, of equally likely ones the first."""
    if decisions.shape[1] == 1:
        return (decisions[:, 0] > 0).astype(np.int64)
    found: Integers = decisions.argmax(axis=1)
    return found


def splits_of(rows: int) -> int:
    """How many splits `held_back` makes of so many rows."""
    return min(rows, _FOLDS) if rows < FEW else 1


def held_back(rows: csr_matrix, gold: Integers, *, seed: int) -> Iterator[Split]:
    """Splits of the rows themselves: a tenth of them, or of few rows each fifth once; every label in proportion."""
    order = np.random.default_rng(seed).permutation(len(gold))
    order = order[np.argsort(gold[order], kind="stable")]
    part = np.zeros(len(gold), np.int64)
    part[order] = np.arange(len(gold)) % (_FOLDS if len(gold) < FEW else 10)
    for number in range(splits_of(len(gold))):
        held = part == number
        yield Split(rows[~held], gold[~held], rows[held], gold[held])
