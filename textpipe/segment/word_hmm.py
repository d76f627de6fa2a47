"""Unknown words without tags: Viterbi over begin, middle, end, single, as jieba.finalseg does it but in linear time.

jieba copies the whole best path at every character, which makes a run of n characters cost n squared (one megabyte
of 的 takes it 193 s). Back pointers give the same path. Ties go to the larger letter, as `max` over
`(probability, letter)` tuples decides in jieba; sums are made in its order, so that they round alike.
"""

from __future__ import annotations

import functools
import re

from textpipe.segment.jieba_tables import word_model

MISSING = -3.14e100  # what jieba adds for an emission that its table lacks

_HAN_RUN = re.compile("([\u4e00-\u9fd5]+)")
_OTHER_RUN = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")
_REMEMBERED_LENGTH = 12  # most unknown runs are short and come again
_B_FROM_S, _M_FROM_M, _S_FROM_S, _E_FROM_M = 1, 2, 4, 8


def split_unknown(run: str) -> list[str]:
    """The words of a run that the dictionary left as single characters."""
    words: list[str] = []
    for part in _HAN_RUN.split(run):
        if not part:
            continue
        if "\u4e00" <= part[0] <= "\u9fd5":
            words.extend(_remembered(part) if len(part) <= _REMEMBERED_LENGTH else _split_han(part))
        else:
            words.extend(piece for piece in _OTHER_RUN.split(part) if piece)
    return words


@functools.lru_cache(maxsize=1 << 16)
def _remembered(run: str) -> tuple[str, ...]:
    return tuple(_split_han(run))


def _split_han(run: str) -> list[str]:
    """Cut at the ends (E) and singles (S) of the most probable path."""
    words: list[str] = []
    begin = 0
    for index, state in enumerate(_best_path(run), start=1):
        if state in "ES":
            words.append(run[begin:index])
            begin = index
    return words


def _best_path(run: str) -> list[str]:
    start, transition, emission = word_model()
    emit_b, emit_m, emit_e, emit_s = (emission[state].get for state in "BMES")
    es, eb, ss, sb = transition["E"]["S"], transition["E"]["B"], transition["S"]["S"], transition["S"]["B"]
    be, bm, me, mm = transition["B"]["E"], transition["B"]["M"], transition["M"]["E"], transition["M"]["M"]
    first = run[0]
    b = start["B"] + emit_b(first, MISSING)
    m = start["M"] + emit_m(first, MISSING)
    e = start["E"] + emit_e(first, MISSING)
    s = start["S"] + emit_s(first, MISSING)
    back = bytearray(len(run))
    for index in range(1, len(run)):
        character = run[index]
        add = emit_b(character, MISSING)
        from_s, from_e = s + sb + add, e + eb + add
        add = emit_m(character, MISSING)
        m_from_m, m_from_b = m + mm + add, b + bm + add
        add = emit_s(character, MISSING)
        s_from_s, s_from_e = s + ss + add, e + es + add
        add = emit_e(character, MISSING)
        e_from_m, e_from_b = m + me + add, b + be + add
        flags = 0
        if from_s >= from_e:
            flags, b = _B_FROM_S, from_s
        else:
            b = from_e
        if m_from_m >= m_from_b:
            flags, m = flags | _M_FROM_M, m_from_m
        else:
            m = m_from_b
        if s_from_s >= s_from_e:
            flags, s = flags | _S_FROM_S, s_from_s
        else:
            s = s_from_e
        if e_from_m >= e_from_b:
            flags, e = flags | _E_FROM_M, e_from_m
        else:
            e = e_from_b
        back[index] = flags
    return _follow(back, "S" if s >= e else "E")


_BEFORE = {
    "B": (_B_FROM_S, "S", "E"),
    "M": (_M_FROM_M, "M", "B"),
    "S": (_S_FROM_S, "S", "E"),
    "E": (_E_FROM_M, "M", "B"),
}


def _follow(back: bytearray, last: str) -> list[str]:
    states = [last]
    for flags in reversed(back[1:]):
        bit, marked, otherwise = _BEFORE[states[-1]]
        states.append(marked if flags & bit else otherwise)
    states.reverse()
    return states
