"""Where the units that a network reads lie in a text as it was given."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from textpipe.models.inputs import Inputs
from textpipe.text import fold

Spans = npt.NDArray[np.int32]
_WRITTEN = re.compile(r"\S+")


def unit_spans(inputs: Inputs, text: str) -> Spans:
    """int32[positions, 2]: start and end of each position of `inputs.encode`, in code points of the text as given.

    What is read as one space is a whole run of white space. Words of a tokenizer in search mode may overlap.
    """
    folded = fold(text)
    characters = _characters(folded)
    if inputs.unit == "word":
        normal = "".join(" " if folded[start].isspace() else folded[start] for start in characters[:, 0].tolist())
        words = [(a, b) for a, b in inputs.tokenizer.spans(normal).tolist() if normal[a:b].strip()]
        at = np.array(words, np.int64).reshape(-1, 2)
        last = np.minimum(at[:, 1], len(characters)) - 1
        characters = np.stack([characters[at[:, 0], 0], characters[last, 1]], axis=1)
    return characters[: inputs.max_length]


def _characters(text: str) -> Spans:
    """Of each character that is left when runs of white space are one space, and none are at the ends."""
    runs = [match.span() for match in _WRITTEN.finditer(text)]
    if not runs:
        return np.zeros((0, 2), np.int32)
    starts = [np.arange(start, end) for start, end in runs]
    gaps = [*(np.array([[end, start]]) for (_, end), (start, _) in pairwise(runs)), np.zeros((0, 2), np.int64)]
    parts = [part for own, gap in zip(starts, gaps, strict=True) for part in (np.stack([own, own + 1], axis=1), gap)]
    return np.concatenate(parts).astype(np.int32)
