"""Lower case, folding, white space: in arrays as in strings."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.features.making import HOSTILE
from textpipe.features.characters import Characters, characters_of, is_space, lowered, normalized, without_runs

TEXT = st.text(st.one_of(st.characters(exclude_categories=[]), st.sampled_from(" \t\u3000ΣİＡａ９长a")), max_size=20)


def split(characters: Characters) -> list[str]:
    codes, starts = characters
    return ["".join(map(chr, codes[first:last].tolist())) for first, last in pairwise(starts.tolist())]


def test_lower_case_is_pythons_and_as_long() -> None:
    """But for a sigma at the end of a word, and the one letter whose lower case is two."""
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        assert lowered(letter) == ("i" if letter == "İ" else letter.lower())
    assert lowered("ΟΔΟΣ") == "οδοσ"


def test_white_space_is_pythons() -> None:
    codes = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    assert is_space(codes).tolist() == [chr(code).isspace() for code in codes.tolist()]


@given(st.lists(TEXT, max_size=6))
def test_arrays_are_as_strings(texts: list[str]) -> None:
    for folding in (True, False):
        found = split(without_runs(characters_of(texts, folding=folding)))
        assert found == [normalized(text, folding=folding) for text in texts]


def test_hostile_texts() -> None:
    found = split(without_runs(characters_of(HOSTILE, folding=True)))
    assert found == [normalized(text, folding=True) for text in HOSTILE]


def test_a_run_becomes_a_space_and_a_lone_tab_stays() -> None:
    assert normalized("Ａ\t b　C\td", folding=True) == "a b c\td"
    assert normalized("Ａ\t", folding=False) == "ａ\t"
