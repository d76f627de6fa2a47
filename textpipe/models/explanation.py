"""What carried a decision: the shape in which every architecture answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Parts(NamedTuple):
    """A text's decision for a label, in parts that lie in the text: base + sum of values = score.

    spans: int32[parts, 2], code points of the text as given, in order, without overlap
    values: float64[parts], what each part adds to the score
    base: of a text without anything; score: of this text. Both are decisions before any softmax or calibration, but
        log-probabilities where an architecture has no others
    """

    spans: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    base: float
    score: float
