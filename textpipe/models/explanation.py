"""What carried a decision: which tokens of a text spoke for a label, and which against it.

Three ways. `exact`: the decision is a sum over the text, which is taken apart (linear models). `gradients`: integrated
gradients (Sundararajan et al. 2017), from a text of which nothing is read to the text, for networks. `occlusion`: what
the probability does as the text is uncovered, for everything else (see occlusion.py). In each, the parts sum to the
decision for the text less the one for nothing; the difference is computed for every text, and told as `check`.

>>> from textpipe import train_classifier
>>> from textpipe.models.explanation import explain
>>> texts = [("股市今天大涨", "财经"), ("银行下调利率", "财经"), ("球队赢了决赛", "体育"), ("教练称赞门将", "体育")]
>>> (found,) = explain(train_classifier(texts, arch="linear", C=1.0), ["门将赢了"])
>>> found.label, found.method, [token.text for token in found.tokens if token.value > 0]
('体育', 'exact', ['门将', '赢', '了'])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from textpipe.errors import UsageError, did_you_mean
from textpipe.models.explained import TOLERANCE as TOLERANCE
from textpipe.models.explained import Explanation as Explanation
from textpipe.models.explained import TokenValue as TokenValue
from textpipe.models.files import checked_texts
from textpipe.segment.tokenizer import Tokenizer

if TYPE_CHECKING:
    from textpipe.models import Classifier

Method = Literal["auto", "exact", "gradients", "occlusion"]
Unit = Literal["word", "char"]
METHODS: tuple[Method, ...] = get_args(Method)
UNITS: tuple[Unit, ...] = get_args(Unit)
Doubles = npt.NDArray[np.float64]


class Parts(NamedTuple):
    """A text's decision for a label, in parts that lie in the text: base + sum of values = score.

    spans: int32[parts, 2], code points of the text as given, in order, without overlap
    values: float64[parts], what each part adds to the score
    base: of a text without anything; score: of this text. Both are decisions before any softmax or calibration, but
        log-odds where an architecture has no others
    method: how they were found
    """

    spans: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    base: float
    score: float
    method: str = "exact"


def explain(
    classifier: Classifier,
    texts: Sequence[str],
    labels: str | Sequence[str] | None = None,
    *,
    against: str | None = None,
    method: Method = "auto",
    unit: Unit = "word",
) -> list[Explanation]:
    """Of each text, what its tokens add to the decision for a label.

    labels: of all texts one, or of each its own; None: the likeliest of each
    against: a label whose decision is taken off: what speaks for one rather than for the other
    method: `auto` is exact where that is possible, else by gradients, else by occlusion
    unit: of the tokens: `word`, as the classifier's tokenizer cuts, or `char`; a part that covers several is divided
        among them, character by character
    Raises UsageError for a label or a method that the classifier does not have.
    """
    if unit not in UNITS:
        raise UsageError(f"unknown unit {unit!r}", hint=f"one of: {', '.join(UNITS)}")
    texts = checked_texts(texts)
    probabilities = classifier.predict_proba(texts)
    wanted = _wanted(classifier, labels, probabilities)
    places = label_numbers(wanted, classifier.labels)
    found = _parts(classifier, texts, wanted, method)
    others: list[Parts] | list[None] = [None] * len(texts)
    if against is not None:
        label_numbers([against], classifier.labels)
        rivals = [against] * len(texts)
        found, others = _alike(classifier, texts, (wanted, found), (rivals, _parts(classifier, texts, rivals, method)))
    tokenizer = tokenizer_of(classifier)
    return [
        _explanation(text, label, against, float(row[place]), (own, other), _bounds(text, unit, tokenizer))
        for text, label, row, place, own, other in zip(texts, wanted, probabilities, places, found, others, strict=True)
    ]


def label_numbers(labels: Sequence[str], known: Sequence[str]) -> list[int]:
    """Where labels are among the `known` ones. Raises UsageError for one that is not."""
    places = {label: place for place, label in enumerate(known)}
    for label in labels:
        if label not in places:
            guess = did_you_mean(label, list(known))
            shown = f"{', '.join(known[:20])}{' …' if len(known) > 20 else ''}"
            raise UsageError(f"the classifier has no label {label!r}{guess}", hint=f"it has: {shown}")
    return [places[label] for label in labels]


def each_character(text: str) -> npt.NDArray[np.int32]:
    """int32[characters, 2]: the spans of parts that are one character each."""
    places = np.arange(len(text), dtype=np.int32)
    return np.stack([places, places + 1], axis=1)


def tokenizer_of(classifier: Classifier) -> Tokenizer:
    """How the classifier cuts texts, into tokens that do not overlap."""
    own: Any = getattr(classifier, "_tokenizer", None)
    if not isinstance(own, Tokenizer):
        return Tokenizer()
    if own.mode == "exact":
        return own
    return Tokenizer("exact", own.hmm, own.dictionary, protect=own.protect, traditional=own.traditional)


def is_multi_label(classifier: Classifier) -> bool:
    """Whether a text may have several labels, each with a probability of its own."""
    return bool(getattr(classifier.config, "label_sep", ""))


def _wanted(
    classifier: Classifier, labels: str | Sequence[str] | None, probabilities: npt.NDArray[np.float32]
) -> list[str]:
    if labels is None:
        return [classifier.labels[place] for place in probabilities.argmax(axis=1).tolist()]
    wanted = [labels] * len(probabilities) if isinstance(labels, str) else list(labels)
    if len(wanted) != len(probabilities):
        raise UsageError(f"{len(wanted):,} labels for {len(probabilities):,} texts", hint="a label a text, or one")
    return wanted


def _parts(classifier: Classifier, texts: Sequence[str], labels: Sequence[str], method: Method) -> list[Parts]:
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}", hint=f"one of: {', '.join(METHODS)}")
    own: Any = getattr(classifier, "explain", None)
    if method == "occlusion" or (own is None and method == "auto"):
        from textpipe.models.occlusion import occluded

        return occluded(classifier, texts, labels)
    found: list[Parts] = [] if own is None else own(texts, labels)
    methods = {one.method for one in found}
    if method != "auto" and (own is None or method not in methods) and texts:
        ways = sorted(methods)
        hint = f"--method {' or '.join(['auto', *ways, *(['occlusion'] if 'occlusion' not in ways else [])])}"
        raise UsageError(f"{type(classifier).__name__} has no explanation by the method {method!r}", hint=hint)
    return found


_Asked = tuple[Sequence[str], list[Parts]]  # labels, and the parts of the decision for them


def _alike(classifier: Classifier, texts: Sequence[str], one: _Asked, other: _Asked) -> tuple[list[Parts], list[Parts]]:
    """The parts of two decisions by the same method: where one is by occlusion, both are."""
    unlike = [
        place for place, pair in enumerate(zip(one[1], other[1], strict=True)) if pair[0].method != pair[1].method
    ]
    if unlike:
        from textpipe.models.occlusion import occluded

        for labels, parts in (one, other):
            again = occluded(classifier, [texts[place] for place in unlike], [labels[place] for place in unlike])
            for place, own in zip(unlike, again, strict=True):
                parts[place] = own
    return one[1], other[1]


def _explanation(
    text: str,
    label: str,
    against: str | None,
    probability: float,
    parts: tuple[Parts, Parts | None],
    bounds: npt.NDArray[np.int64],
) -> Explanation:
    own, other = parts
    values = _by_token(own, len(text), bounds)
    base, decision = own.base, own.score
    if other is not None:
        values, base, decision = values - _by_token(other, len(text), bounds), base - other.base, decision - other.score
    starts, ends = bounds[:-1].tolist(), bounds[1:].tolist()
    tokens = [
        TokenValue(text[start:end], start, end, value)
        for start, end, value in zip(starts, ends, values.tolist(), strict=True)
        if value or not text[start:end].isspace()
    ]
    check = abs(base + float(values.sum()) - decision)
    return Explanation(label, against, probability, decision, base, own.method, check, tokens)


def _bounds(text: str, unit: Unit, tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """int64[tokens + 1]: where each token begins, and the last one ends; they cover the text."""
    if unit == "char":
        return np.arange(len(text) + 1)
    return np.concatenate([[0], tokenizer.spans(text)[:, 1]]).astype(np.int64)


def _by_token(parts: Parts, length: int, bounds: npt.NDArray[np.int64]) -> Doubles:
    """float64[tokens]: what lies in each, parts divided equally among their characters."""
    spans = parts.spans.astype(np.int64)
    lengths = np.maximum(spans[:, 1] - spans[:, 0], 1)
    before = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    places = np.arange(lengths.sum()) + np.repeat(spans[:, 0] - before, lengths)
    characters = np.bincount(places, np.repeat(parts.values / lengths, lengths), minlength=length)
    return np.add.reduceat(characters, bounds[:-1]) if length else np.zeros(0)
