"""How strong the penalty of a linear model is to be, and how far its decisions can be trusted, on held-back rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textpipe.models.calibration import Calibration
from textpipe.models.held_back import AnyCalibration, calibrate
from textpipe.models.label_sets import best_f1
from textpipe.models.labels import Gold
from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from textpipe.models.linear_training import Teacher, Weights

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
TRIED = {  # values of C, the usual one second
    "svm": (0.1, 0.3, 1.0, 3.0),
    "logistic": (1.0, 3.0, 10.0, 30.0),
    "perceptron": (1.0,),  # its penalty hardly matters
}
FEW = 2000  # rows; of fewer all are held back once, of more a tenth
_FOLDS = 5


class Split(NamedTuple):
    """Rows to learn from and rows to be judged on, each with their labels."""

    rows: csr_matrix
    gold: Gold
    held: csr_matrix
    held_gold: Gold


class Chosen(NamedTuple):
    """C, how decisions are calibrated, the weights if there was one split; decisions on what was held back, its labels,
    and how good they are: the number that are right, or of several labels a row the highest micro F1."""

    C: float
    calibration: AnyCalibration
    weights: Weights | None
    decisions: Doubles
    gold: Gold
    right: float


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
    teacher: Teacher, splits: list[Split], *, values: tuple[float, ...], together: bool, progress: Progress
) -> Chosen:
    """The value of C with most held-back rows right (of several labels a row: with the highest micro F1 at any one
    threshold), going up or down from the second while that helps.

    together: whether decisions are those of a softmax.
    """
    best = _judged(teacher, splits, values[min(1, len(values) - 1)], progress)
    for others in (values[2:], values[:1]):
        start = best
        for C in others:
            found = _judged(teacher, splits, C, progress)
            if found.right <= best.right:
                break
            best = found
        if best is not start:
            break
    return best._replace(calibration=calibrate(best.decisions, best.gold, together=together))


def _judged(teacher: Teacher, splits: list[Split], C: float, progress: Progress) -> Chosen:
    weights, parts = None, []
    for split in splits:
        weights = teacher.train(split.rows, split.gold, C=C, progress=progress.part(f"C={C:g}"))
        parts.append(weights.decisions(split.held))
    decisions, gold = np.concatenate(parts), np.concatenate([split.held_gold for split in splits])
    if gold.ndim == 2:
        right = best_f1(decisions.ravel(), gold.ravel())[0]
    else:
        right = float((likeliest(decisions) == gold).sum())
    return Chosen(C, Calibration(False), weights if len(splits) == 1 else None, decisions, gold, right)


def likeliest(decisions: Doubles) -> Integers:
    """The label of each row, of equally likely ones the first."""
    if decisions.shape[1] == 1:
        return (decisions[:, 0] > 0).astype(np.int64)
    found: Integers = decisions.argmax(axis=1)
    return found


def splits_of(rows: int) -> int:
    """How many splits `held_back` makes of so many rows."""
    return min(rows, _FOLDS) if rows < FEW else 1


def held_back(rows: csr_matrix, gold: Gold, texts: Sequence[str], *, seed: int) -> Iterator[Split]:
    """Splits of the rows themselves: a tenth of them, or of few rows each fifth once; every label in proportion, of
    several labels the rarest.

    A text that is among those to learn from as well is not judged by, unless there is no other.
    """
    order = np.random.default_rng(seed).permutation(len(gold))
    strata = gold if gold.ndim == 1 else _rarest(gold)
    order = order[np.argsort(strata[order], kind="stable")]
    part = np.zeros(len(gold), np.int64)
    part[order] = np.arange(len(gold)) % (_FOLDS if len(gold) < FEW else 10)
    for number in range(splits_of(len(gold))):
        held = part == number
        learned = {text for text, is_held in zip(texts, held.tolist(), strict=True) if not is_held}
        new = held & np.array([text not in learned for text in texts])
        judged = new if new.any() else held
        yield Split(rows[~held], gold[~held], rows[judged], gold[judged])


def _rarest(gold: Gold) -> Integers:
    """int64[rows]: the label of each that fewest rows have; one more than there are for rows without any."""
    counts = np.where(gold, gold.sum(axis=0), len(gold) + 1)
    found: Integers = np.where(gold.any(axis=1), counts.argmin(axis=1), gold.shape[1])
    return found
