"""Words of a segmentation against gold ones, as the SIGHAN bakeoffs count them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from textpipe.errors import InputError

_SHOWN = 10  # characters of a line that differs


@dataclass(frozen=True)
class SegmentationScore:
    """Counts over the words of all lines, and the ratios of the SIGHAN bakeoff (Sproat & Emerson 2003).

    gold_words, words: of the gold segmentation and of the one that is scored
    correct: words that both have, at the same place
    lines: lines with words
    oov_words, oov_correct: gold words that the vocabulary lacks, and how many of them are correct; None without one
    """

    gold_words: int
    words: int
    correct: int
    lines: int
    oov_words: int | None = None
    oov_correct: int | None = None

    @property
    def precision(self) -> float | None:
        """The share of the words that are correct; None without words, as all ratios."""
        return _ratio(self.correct, self.words)

    @property
    def recall(self) -> float | None:
        """The share of the gold words that were found."""
        return _ratio(self.correct, self.gold_words)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _ratio(2 * self.correct, self.gold_words + self.words)

    @property
    def oov_rate(self) -> float | None:
        """The share of the gold words that the vocabulary lacks; None without a vocabulary."""
        return None if self.oov_words is None else _ratio(self.oov_words, self.gold_words)

    @property
    def oov_recall(self) -> float | None:
        """The share of the gold words outside the vocabulary that were found."""
        if self.oov_words is None or self.oov_correct is None:
            return None
        return _ratio(self.oov_correct, self.oov_words)

    @property
    def iv_recall(self) -> float | None:
        """The share of the gold words in the vocabulary that were found."""
        if self.oov_words is None or self.oov_correct is None:
            return None
        return _ratio(self.correct - self.oov_correct, self.gold_words - self.oov_words)


def score_segmentation(
    lines: Iterable[tuple[Sequence[str], Sequence[str]]],
    *,
    vocabulary: Container[str] | None = None,
    where: str | None = None,
) -> SegmentationScore:
    """Score (gold words, words) pairs, one a line; `vocabulary` holds the words of the training data.

    A word is correct when the gold line has one that begins and ends at the same characters. The scorer of the
    bakeoff aligns the two lists of words by diff instead, which moves the count of correct words of its PKU test set
    by 2 in 82,099. Raises InputError, at the line of `where`, when the two are not the same characters.
    """
    gold_words = words = correct = with_words = oov_words = oov_correct = 0
    for number, (gold, found) in enumerate(lines, start=1):
        _check_characters("".join(gold), "".join(found), where=where, line=number)
        spans = set(_spans(found))
        hits = [span in spans for span in _spans(gold)]
        gold_words += len(gold)
        words += len(found)
        correct += sum(hits)
        with_words += bool(gold)
        if vocabulary is not None:
            unknown = [hit for word, hit in zip(gold, hits, strict=True) if word not in vocabulary]
            oov_words += len(unknown)
            oov_correct += sum(unknown)
    if vocabulary is None:
        return SegmentationScore(gold_words, words, correct, with_words)
    return SegmentationScore(gold_words, words, correct, with_words, oov_words, oov_correct)


def _spans(words: Sequence[str]) -> Iterable[tuple[int, int]]:
    """(start, end) of each word in the words joined."""
    return pairwise(accumulate(map(len, words), initial=0))


def _check_characters(gold: str, found: str, *, where: str | None, line: int) -> None:
    if gold != found:
        shorter = min(len(gold), len(found))
        start = next((place for place in range(shorter) if gold[place] != found[place]), shorter)
        here, there = found[start : start + _SHOWN], gold[start : start + _SHOWN]
        raise InputError(
            f"not the text of the gold line: {here!r} in place of {there!r}, from character {start + 1} on",
            where=where,
            line=line,
            hint="the same lines in the same order are needed, only cut differently",
        )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
