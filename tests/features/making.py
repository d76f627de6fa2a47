"""Texts, tokens and kernels that the tests of n-grams share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.conftest import DATA
from textpipe.corpus.document import Document
from textpipe.features.vectorizer import has_kernel

HOSTILE = [
    "",
    " ",
    "\t",
    "\n \n",
    "\0",
    "a\0\0b",
    "\ud800",
    "长\udc00\ud800江",
    "Ａｌｐｈａ　Ｇｏ　３",
    "ΣΑΣ  Σ\u3000\u3000Σ",
    "İstanbul İ",
    "e\u0301\u0302",
    "👨\u200d👩\u200d👧 \U0001d400",
    "\x85\xa0\x1f\x1c",
    "ẞ ß ﬁ",
    "长江" * 3000,
]
needs_kernel = pytest.mark.skipif(not has_kernel(), reason="needs the compiled n-grams: built with the package")


def news() -> list[Document]:
    """The labelled documents of data/news.tsv."""
    lines = (DATA / "news.tsv").read_text("utf-8").splitlines()[1:]
    return [Document(*(line.split("\t")[place] for place in (0, 2, 1))) for line in lines]


def pairs(text: str) -> npt.NDArray[np.int32]:
    """A simple cut: runs of letters, white space, or two other characters at most."""
    spans = [match.span() for match in re.finditer(r"[a-zA-Z]+|\s+|.{1,2}", text, re.DOTALL)]
    return np.array(spans, np.int32).reshape(-1, 2)


def same(some: Iterable[npt.NDArray[Any]], others: Iterable[npt.NDArray[Any]]) -> bool:
    """Whether arrays are equal, one by one."""
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))
