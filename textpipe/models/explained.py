"""What an explanation is, for those who read one and make none: nothing is loaded for it."""

from __future__ import annotations

from typing import NamedTuple

TOLERANCE = 1e-3  # of the difference that parts sum to, of 1 where that is less


class TokenValue(NamedTuple):
    """A token, from where to where it stands (code points), and what it adds to the decision."""

    text: str
    start: int
    end: int
    value: float


class Explanation(NamedTuple):
    """Why a text has, or has not, a label.

    probability: of the label; decision: what parts sum to with the `base`, the decision for a text without anything;
    against: the label whose decision is taken off; check: |base + sum of values - decision|
    tokens: all of the text, but white space that adds nothing
    """

    label: str
    against: str | None
    probability: float
    decision: float
    base: float
    method: str
    check: float
    tokens: list[TokenValue]

    @property
    def is_sound(self) -> bool:
        """Whether the parts sum to what they should, to a thousandth of it."""
        return self.check <= TOLERANCE * max(1.0, abs(self.decision - self.base))
