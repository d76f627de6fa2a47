"""What the probability of a label does as a text is uncovered: for whatever predicts, for it is only asked.

The text is uncovered token by token from its beginning, and once more from its end; what the log-odds of the label gain
with a token is averaged over both. These two orders are a permutation and its reverse, the pair that Mitchell et al.
2022 ("Sampling permutations for Shapley value estimation") begin with; whatever the model does, the parts
sum to the log-odds for the whole text less those for none. Leaving out each token alone has no such sum, and says of
two words with the same message that neither mattered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from textpipe.models.explanation import Parts, is_multi_label, label_numbers, tokenizer_of

if TYPE_CHECKING:
    from textpipe.models import Classifier
    from textpipe.segment.tokenizer import Tokenizer

Doubles = npt.NDArray[np.float64]
_MOST = 100  # parts of a text; of a longer one each is several tokens
_LEAST = 1e-7  # what probabilities are at least: log-odds lie between -16 and 16
_AT_ONCE = 1 << 12  # texts that are predicted together
_CHARACTERS = 1 << 20  # and how many these have together


def occluded(classifier: Classifier, texts: Sequence[str], labels: Sequence[str]) -> list[Parts]:
    """The parts of the log-odds of each text's label.

    Time: that of predicting twice as many texts as there are tokens, half as long as the text on average. A text of
    more than 100 tokens has 100 parts, runs of tokens of about the same number.
    """
    places = label_numbers(labels, classifier.labels)
    tokenizer = tokenizer_of(classifier)
    spans = [_runs(text, tokenizer) for text in texts]
    asked = (cut for text, runs in zip(texts, spans, strict=True) for cut in _uncovered(text, runs))
    rows = _predicted(classifier, asked)
    multi = is_multi_label(classifier)
    nothing = next(_predicted(classifier, iter([""])))
    found = []
    for runs, place in zip(spans, places, strict=True):
        base = _log_odds(nothing, place, multi)
        if not len(runs):
            found.append(Parts(runs, np.zeros(0), base, base, "occlusion"))
            continue
        odds = np.array([_log_odds(next(rows), place, multi) for _ in range(2 * len(runs) - 1)])
        ahead = np.concatenate([[base], odds[: len(runs)]])
        back = np.concatenate([odds[len(runs) - 1 :], [base]])  # the whole text comes first
        values = (np.diff(ahead) - np.diff(back)) / 2
        found.append(Parts(runs, values, base, float(odds[len(runs) - 1]), "occlusion"))
    return found


def _runs(text: str, tokenizer: Tokenizer) -> npt.NDArray[np.int32]:
    """int32[parts, 2]: tokens that are no white space, or runs of them."""
    spans = tokenizer.spans(text)
    spans = spans[[not text[start:end].isspace() for start, end in spans.tolist()]]
    if len(spans) <= _MOST:
        return spans
    begins = np.arange(_MOST) * len(spans) // _MOST
    ends = np.append(begins[1:], len(spans)) - 1
    return np.stack([spans[begins, 0], spans[ends, 1]], axis=1)


def _uncovered(text: str, runs: npt.NDArray[np.int32]) -> Iterator[str]:
    """The beginnings of a text up to each part, the last one the whole; then what is left from the second part on."""
    for _, start in pairwise(runs[:, 0].tolist()):
        yield text[:start]
    if len(runs):
        yield text
    for start in runs[1:, 0].tolist():
        yield text[start:]


def _predicted(classifier: Classifier, texts: Iterator[str]) -> Iterator[Doubles]:
    """The probabilities of each text, in order."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(text)
        characters += len(text)
        if len(batch) >= _AT_ONCE or characters >= _CHARACTERS:
            yield from classifier.predict_proba(batch).astype(np.float64)
            batch, characters = [], 0
    if batch:
        yield from classifier.predict_proba(batch).astype(np.float64)


def _log_odds(row: Doubles, place: int, multi: bool) -> float:
    """Of labels of which one is right the others' probabilities are added up: 1 - p would be rounded."""
    own = float(row[place])
    rest = 1 - own if multi else float(row[:place].sum() + row[place + 1 :].sum())
    return float(np.log(max(own, _LEAST)) - np.log(max(rest, _LEAST)))
