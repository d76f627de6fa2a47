"""A classifier that gives a text several labels against documents with gold ones: the parts of the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import labels_of
from textpipe.metrics.label_sets import (
    JudgedSets,
    joined_sets,
    judge_sets,
    overall_of_sets,
    per_label,
    set_calibration,
    set_intervals,
    worst_sets,
)
from textpipe.models import Classifier
from textpipe.models.label_sets import chosen


class SetsOf:
    """What `ClassifierScorer` asks of judged texts, where each may have several labels."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._separator: str = classifier.config.label_sep

    def judged(self, documents: Sequence[Document]) -> JudgedSets:
        """Predictions beside gold labels."""
        classifier = self._classifier
        assert classifier.thresholds is not None  # else it gives one label
        probabilities = classifier.predict_proba([one.text for one in documents])
        gold = [labels_of(one, self._separator) for one in documents]
        return judge_sets(gold, classifier.labels, probabilities, chosen(probabilities, classifier.thresholds))

    def joined(self, parts: Sequence[JudgedSets]) -> JudgedSets:
        """Those of all documents."""
        return joined_sets(parts)

    def worst(self, judged: JudgedSets, *, most: int) -> list[int]:
        """The texts with the worst errors, by number, the worst first."""
        return [error.text for error in worst_sets(judged, most=most)]

    def nothing_known(self, judged: JudgedSets) -> str | None:
        """A gold label, where there are some and the classifier knows none of them."""
        if judged.gold[:, : judged.known].any() or len(judged.classes) == judged.known:
            return None
        return judged.classes[judged.known]

    def overall(self, judged: JudgedSets) -> dict[str, float]:
        """The scores."""
        return overall_of_sets(judged)

    def unknown(self, judged: JudgedSets) -> dict[str, int]:
        """label that the classifier does not know → texts, the most frequent first"""
        counts = judged.gold[:, judged.known :].sum(axis=0).tolist()
        return dict(Counter(dict(zip(judged.classes[judged.known :], counts, strict=True))).most_common())

    def only(self, judged: JudgedSets, which: npt.NDArray[np.bool_]) -> JudgedSets:
        """Those of the texts alone."""
        return judged.only(which)

    def details(self, judged: JudgedSets, *, resamples: int, seed: int) -> dict[str, Any]:
        """intervals, classes, confusions, calibration"""
        limits = dict(zip(self._classifier.labels, self._classifier.thresholds or (), strict=True))
        classes = [{**one._asdict(), "threshold": limits.get(one.label)} for one in per_label(judged)]
        return {
            "intervals": set_intervals(judged, resamples=resamples, seed=seed),
            "classes": classes,
            "confusions": [],
            "calibration": [one._asdict() for one in set_calibration(judged)],
        }

    def error(self, judged: JudgedSets, place: int) -> dict[str, Any]:
        """gold, label: as training data has them; wrong: the label that was decided wrongly; score: how probably"""
        (error,) = worst_sets(judged.only(np.arange(len(judged.gold)) == place), most=1)
        named = [
            [name for name, has in zip(judged.classes, row, strict=True) if has]
            for row in (judged.gold[place], judged.given[place])
        ]
        gold, label = (self._separator.join(names) for names in named)
        return {"gold": gold, "label": label, "wrong": error.label, "score": error.confidence}
