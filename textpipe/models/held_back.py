"""What held-back texts say of a classifier, of one label a text or of several: how far its decisions can be trusted,
from which probability on a label is given, how good it is; and the numbers of that in classifier.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.errors import REMAKE, ArtifactError
from textpipe.metrics.classification import scores
from textpipe.metrics.label_sets import decision_error, set_scores
from textpipe.models.calibration import Calibration, calibrated
from textpipe.models.files import read_numbers
from textpipe.models.label_sets import (
    USUAL,
    LabelCalibration,
    calibrated_labels,
    chosen,
    tuned_thresholds,
    usual_thresholds,
)
from textpipe.models.labels import Gold

AnyCalibration = Calibration | LabelCalibration
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
_FOLDS = 5


def calibrate(decisions: Doubles, gold: Gold, *, together: bool) -> AnyCalibration:
    """How decisions on held-back texts are best taken for probabilities. together: see Calibration."""
    if gold.ndim == 2:
        return calibrated_labels(decisions, gold)
    return calibrated(decisions, gold, together=together)


def uncalibrated(gold: Gold, labels: int, *, together: bool) -> AnyCalibration:
    """Decisions taken for probabilities as they are."""
    return LabelCalibration.none(labels) if gold.ndim == 2 else Calibration(together)


def thresholds_of(probabilities: Floats, gold: Gold) -> tuple[float, ...] | None:
    """The thresholds of several labels a text, 0.5 where nothing was held back; None of one label a text."""
    if gold.ndim == 1:
        return None
    return tuned_thresholds(probabilities, gold) if len(gold) else usual_thresholds(gold.shape[1])


def held_back_scores(
    probabilities: Floats, gold: Gold, labels: Sequence[str], *, tuned: bool = True
) -> dict[str, float]:
    """`textpipe.metrics.classification.scores`, of several labels a text `textpipe.metrics.label_sets.set_scores`: each
    fifth of the texts by the thresholds that the other four choose, or all by the usual one."""
    if gold.ndim == 1:
        return scores([labels[place] for place in gold.tolist()], labels, probabilities)
    given = chosen(probabilities, USUAL)
    part = np.arange(len(gold)) % _FOLDS
    for own in (part == number for number in range(_FOLDS) if tuned):
        given[own] = chosen(probabilities[own], tuned_thresholds(probabilities[~own], gold[~own]))
    return set_scores(gold, labels, probabilities, given)


def calibration_facts(decisions: Doubles, probabilities: Floats, gold: Gold, *, together: bool) -> dict[str, float]:
    """ece_before, ece_after: the expected calibration error of decisions as they are, and of the probabilities that
    were made of them; on the texts that these were fitted on, which flatters the second a little."""
    labels = probabilities.shape[1]
    before = uncalibrated(gold, labels, together=together).probabilities(decisions)
    pair = {"ece_before": before, "ece_after": probabilities}
    return {name: round(calibration_error_of(found, gold), 6) for name, found in pair.items()}


def calibration_error_of(probabilities: Floats, gold: Gold) -> float:
    """The expected calibration error, of the likeliest labels or of all decisions."""
    if gold.ndim == 2:
        return decision_error(gold, probabilities)
    names = [str(place) for place in range(probabilities.shape[1])]
    return scores([str(place) for place in gold.tolist()], names, probabilities)["ece"]


# ---------------------------------------------------------------------------------------------- files


def read_thresholds(description: Mapping[str, Any], config: Any, *, where: Path) -> tuple[float, ...] | None:
    """Those of classifier.json, None of a classifier of one label a text. Raises ArtifactError for anything else."""
    if not config.label_sep:
        if description.get("thresholds") is not None:
            raise ArtifactError("thresholds of a classifier of one label a text", where=where, hint=REMAKE)
        return None
    found = read_numbers(description.get("thresholds"), len(description["labels"]), where=where)
    if not ((found > 0) & (found < 1)).all():
        raise ArtifactError("not the thresholds of labels", where=where, hint=REMAKE)
    return tuple(found.tolist())


def read_calibration(description: Mapping[str, Any], *, together: bool, several: bool, where: Path) -> AnyCalibration:
    """Of classifier.json: a scale and an offset, or those of each label. Raises ArtifactError for anything else."""
    given = [description.get("scale"), description.get("offset", 0.0)]
    if several:
        scale, offset = (read_numbers(one, len(description["labels"]), where=where) for one in given)
    else:
        scale, offset = read_numbers(given, 2, where=where)[:, None]
    if not (scale > 0).all():
        raise ArtifactError("not a scale", where=where, hint=REMAKE)
    return LabelCalibration(scale, offset) if several else Calibration(together, float(scale[0]), float(offset[0]))
