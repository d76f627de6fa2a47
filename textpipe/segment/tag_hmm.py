"""Unknown words with tags: Viterbi over 256 states (place in the word, part of speech), as jieba.posseg does it.

A character that jieba's table of states lacks may be in any state, so one step of jieba's loop over such a run costs
256 x 256 sums. But -3.14e100, added for a missing emission, absorbs every ordinary term in double precision: the
value of a path with k > 0 missing emissions is exactly k times that. So a step is decided by whole numbers, except
between paths that miss nothing, and the decisions for one set of counts and one character are the same every time:
they are remembered. Paths with nothing missing (nearly all real text) carry their sums, made in jieba's order.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from textpipe.segment.jieba_tables import State, tag_model

_HAN_RUN = re.compile("([\u4e00-\u9fd5]+)")
_OTHER_RUN = re.compile(r"([\.0-9]+|[a-zA-Z0-9]+)")
_REMEMBERED_LENGTH = 12
_REMEMBERED_STEPS = 1 << 11

Counts = tuple[tuple[State, int], ...]  # a state and how many emissions its best path misses, at least
Choice = tuple[State, float, list[tuple[State, float]]]  # state, emission, candidates before it with transitions


class Step(NamedTuple):
    """What one character does to a set of counts, whatever the sums are."""

    counts: Counts
    before: dict[State, State]  # decided by whole numbers
    choices: list[Choice]  # to be decided by sums


def tag_unknown(run: str) -> list[tuple[str, str]]:
    """(word, tag) pairs of a run that the dictionary left as single characters."""
    pairs: list[tuple[str, str]] = []
    for part in _HAN_RUN.split(run):
        if not part:
            continue
        if "\u4e00" <= part[0] <= "\u9fd5":
            pairs.extend(_remembered(part) if len(part) <= _REMEMBERED_LENGTH else _tag_han(part))
        else:
            pairs.extend((piece, _tag_of_other(piece)) for piece in _OTHER_RUN.split(part) if piece)
    return pairs


def _tag_of_other(piece: str) -> str:
    if piece[0] in ".0123456789":
        return "m"
    return "eng" if piece[0].isascii() and piece[0].isalnum() else "x"


@functools.lru_cache(maxsize=1 << 16)
def _remembered(run: str) -> tuple[tuple[str, str], ...]:
    return tuple(_tag_han(run))


def _tag_han(run: str) -> list[tuple[str, str]]:
    """Cut at ends and singles; what is left when the path stops inside a word takes the tag where it began."""
    pairs: list[tuple[str, str]] = []
    path = _best_path(run)
    begin = 0
    for index, (place, tag) in enumerate(path):
        if place in "ES":
            pairs.append((run[begin : index + 1], tag))
            begin = index + 1
    if begin < len(run):
        pairs.append((run[begin:], path[begin][1]))
    return pairs


def _best_path(run: str) -> list[State]:
    counts, sums = _first(run[0])
    back: list[tuple[dict[State, State], dict[State, State]]] = []
    for character in run[1:]:
        step = _step(counts, character)
        decided, sums = _decide(step.choices, sums)
        back.append((decided, step.before))
        counts = step.counts
    state = _last(counts, sums)
    path = [state]
    for decided, before in reversed(back):
        state = decided[state] if state in decided else before[state]
        path.append(state)
    path.reverse()
    return path


def _first(character: str) -> tuple[Counts, dict[State, float]]:
    model = tag_model()
    counts: list[tuple[State, int]] = []
    sums: dict[State, float] = {}
    for state in model.states.get(character) or tuple(model.transition):
        start, emission = model.start[state], model.emission[state].get(character)
        missing = int(start < -1e99) + int(emission is None)
        counts.append((state, missing))
        if not missing and emission is not None:
            sums[state] = start + emission
    return tuple(sorted(counts)), sums


def _decide(choices: list[Choice], sums: dict[State, float]) -> tuple[dict[State, State], dict[State, float]]:
    """Between candidates that miss nothing the larger sum wins, and on a tie the larger state."""
    before: dict[State, State] = {}
    after: dict[State, float] = {}
    for state, emission, candidates in choices:
        after[state], before[state] = max(
            (sums[origin] + transition + emission, origin) for origin, transition in candidates
        )
    return before, after


def _last(counts: Counts, sums: dict[State, float]) -> State:
    if sums:
        return max((value, state) for state, value in sums.items())[1]
    fewest = min(missing for _, missing in counts)
    return max(state for state, missing in counts if missing == fewest)


@functools.lru_cache(maxsize=_REMEMBERED_STEPS)
def _step(counts: Counts, character: str) -> Step:
    model = tag_model()
    reached = {state: missing for state, missing in counts if model.transition[state]}
    expected = {following for state in reached for following in model.transition[state]}
    states = expected.intersection(model.states.get(character) or tuple(model.transition)) or expected
    after: list[tuple[State, int]] = []
    before: dict[State, State] = {}
    choices: list[Choice] = []
    for state in sorted(states):
        candidates = [
            (origin, model.transition[origin][state]) for origin in reached if state in model.transition[origin]
        ]
        fewest = min(reached[origin] for origin, _ in candidates)
        candidates = [item for item in candidates if reached[item[0]] == fewest]
        emission = model.emission[state].get(character)
        if fewest == 0 and emission is not None:
            choices.append((state, emission, candidates))
        else:
            before[state] = max(origin for origin, _ in candidates)
        after.append((state, fewest + (emission is None)))
    return Step(_relative(after), before, choices)


def _relative(after: list[tuple[State, int]]) -> Counts:
    """Only differences matter once every path misses something; without this no step would come twice."""
    fewest = min(missing for _, missing in after)
    surplus = max(0, fewest - 1)
    return tuple((state, missing - surplus) for state, missing in after)
