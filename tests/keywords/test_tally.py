"""Counting documents by word in little memory gives what sets and a counter give."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textpipe.keywords.tally import DocumentTally
from textpipe.text import has_han

TOKENS = st.lists(
    st.sampled_from(["中文", "文", "GPU", "gpu", "Gpu", "a", "\r\n", " ", "模型", "UTF-8", "\n"]), max_size=9
)


def naive(documents: list[list[str]]) -> dict[str, int]:
    counter: Counter[str] = Counter()
    for tokens in documents:
        chinese = has_han("".join(tokens))
        counter.update({t if chinese else t.lower() for t in tokens if len(t.strip()) > 1})
    return dict(counter)


def counted(documents: list[list[str]], *, memory: int, piece: int) -> DocumentTally:
    tally = DocumentTally(memory=memory)
    for tokens in documents:
        for start in range(0, len(tokens), piece):
            part = tokens[start : start + piece]
            tally.add(part, text="".join(part))
        tally.end()
    return tally


@given(st.lists(TOKENS, max_size=12), st.sampled_from([1, 400, 1 << 20]), st.integers(1, 9))
@settings(deadline=None)
def test_like_a_counter(documents: list[list[str]], memory: int, piece: int) -> None:
    tally = counted(documents, memory=memory, piece=piece)
    assert tally.documents == len(documents)
    found = [(word.decode(), count) for word, count in tally.merged()]
    assert dict(found) == naive(documents)
    assert all(one[0] < other[0] for one, other in pairwise(found))


@pytest.mark.parametrize("last", ["Zz", "文字"])
def test_the_last_token_of_a_large_document_decides_its_case(last: str) -> None:
    document = [f"Word{number:04}" for number in range(2000)] * 2 + [last]
    tally = counted([document, ["word0001"]], memory=4000, piece=100)
    found = {word.decode(): count for word, count in tally.merged()}
    assert found == naive([document, ["word0001"]])
    assert found["word0001"] == (1 if last == "文字" else 2)
