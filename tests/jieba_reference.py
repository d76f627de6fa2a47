"""jieba itself, as the reference, kept from its shared cache file and its noise."""

from __future__ import annotations

import functools
import importlib
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterable
from typing import Any

lock = threading.Lock()


@functools.cache
def jieba(module: str = "jieba") -> Any:
    """A module of jieba, imported without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module(module)
    logging.getLogger("jieba").setLevel(logging.ERROR)
    return found


def fresh_tokenizer() -> Any:
    """A new jieba.Tokenizer whose cache file goes to a folder of its own."""
    tokenizer = jieba().Tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.tmp_dir = folder
        tokenizer.initialize()
    return tokenizer


@functools.cache
def tokenizer() -> Any:
    """The default one, which jieba.analyse uses too."""
    default = jieba().dt
    if not default.initialized:
        made = fresh_tokenizer()
        default.FREQ, default.total, default.initialized = made.FREQ, made.total, True
    return default


@functools.cache
def tagger() -> Any:
    """jieba.posseg's default tagger."""
    tokenizer()
    return jieba("jieba.posseg").dt


def cut(text: str, *, mode: str = "exact", hmm: bool = True) -> list[str]:
    """The tokens of jieba in the named mode."""
    found: Iterable[str]
    if mode == "full":
        found = tokenizer().cut(text, cut_all=True)
    elif mode == "search":
        found = tokenizer().cut_for_search(text, HMM=hmm)
    else:
        found = tokenizer().cut(text, HMM=hmm)
    return list(found)


def tag(text: str, *, hmm: bool = True) -> list[tuple[str, str]]:
    """(word, tag) pairs of jieba.posseg."""
    return [(pair.word, pair.flag) for pair in tagger().cut(text, HMM=hmm)]


def analyse() -> Any:
    """jieba.analyse, on the default tokenizer."""
    tokenizer()
    return jieba("jieba.analyse")
