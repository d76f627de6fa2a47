"""What n-grams of a text are looked at, and what they weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from textpipe.errors import UsageError
from textpipe.settings import check_choices, check_numbers

Unit = Literal["word", "char", "both"]
LONGEST = 16  # characters or words of an n-gram


@dataclass(frozen=True, kw_only=True)
class FeatureConfig:
    """How texts become rows of n-grams.

    unit: of what n-grams are: words, characters, or a block of each
    char_ngrams, word_ngrams: the shortest and the longest
    char_min_count, word_min_count: the least number of documents with an n-gram that is a feature
    max_features: of each block, those in most documents; 0 for all
    sublinear: the weight of an n-gram that occurs n times is 1 + ln n instead of n
    fold: full-width letters and digits are their ASCII ones

    Raises UsageError for settings that make no sense.
    """

    unit: Unit = "both"
    char_ngrams: tuple[int, int] = (1, 3)
    word_ngrams: tuple[int, int] = (1, 2)
    char_min_count: int = 2
    word_min_count: int = 1
    max_features: int = 0
    sublinear: bool = True
    fold: bool = True

    def __post_init__(self) -> None:
        check_choices(self)
        most = (1 << 31) - 1
        check_numbers(self, char_min_count=(1, most), word_min_count=(1, most), max_features=(0, most))
        _check_lengths("char_ngrams", self.char_ngrams)
        _check_lengths("word_ngrams", self.word_ngrams)
        for name in ("sublinear", "fold"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name}: true or false is needed, not {getattr(self, name)!r}")

    @property
    def chars(self) -> bool:
        """Whether there is a block of n-grams of characters."""
        return self.unit != "word"

    @property
    def words(self) -> bool:
        """Whether there is a block of n-grams of words."""
        return self.unit != "char"


def _check_lengths(name: str, value: Any) -> None:
    whole = isinstance(value, tuple) and len(value) == 2 and all(type(number) is int for number in value)
    if not whole or not 1 <= value[0] <= value[1] <= LONGEST:
        raise UsageError(f"{name}: two whole numbers from 1 to {LONGEST} are needed, the lesser first, not {value!r}")
