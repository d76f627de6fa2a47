"""Texts → what the inputs of an exported graph take, as its own description says: what its users do with jieba."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.models.inputs import PADDING, UNKNOWN
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import fold

Ids = npt.NDArray[np.int64]
_RUN = re.compile(r"\s\s+")


def encoded(texts: Sequence[str], inputs: Iterable[Mapping[str, Any]], tokenizer: Tokenizer) -> dict[str, Ids]:
    """Of each input int64[texts, units of the longest]."""
    return {one["name"]: _padded([_ids(text, one, tokenizer) for text in texts]) for one in inputs}


def _ids(text: str, reads: Mapping[str, Any], tokenizer: Tokenizer) -> list[int]:
    ids = reads["ids"]
    return [ids.get(unit, UNKNOWN) for unit in _units(text, reads, tokenizer)][: reads["longest"]]


def _units(text: str, reads: Mapping[str, Any], tokenizer: Tokenizer) -> list[str]:
    if reads["one_line"]:
        text = " ".join(fold(text).split())
    if reads["unit"] == "character":
        return list(_RUN.sub(" ", text))
    words = [fold(word) if reads["fold"] else word for word in tokenizer.tokenize(text)]
    if reads["unit"] == "word":
        return [word.lower() for word in words if not word.isspace()]
    return [word.lower() for word in words for _ in word]


def _padded(rows: Sequence[Sequence[int]]) -> Ids:
    found = np.full((len(rows), max(map(len, rows), default=0)), PADDING, np.int64)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found
