"""The data of the installed jieba: dictionary, IDF, two hidden Markov models. Read only, never through its cache.

jieba keeps its state in modules (`jieba.dt`, `finalseg.Force_Split_Words`, `posseg.dt`, `analyse.default_tfidf`) and
its dictionary in a `marshal` file that every user of the machine can write. Nothing here touches either.
"""

from __future__ import annotations

import functools
import math
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple

from textpipe.errors import ArtifactError


def _table(name: str) -> Any:
    """The constant `P` of one of jieba's data modules, loaded alone: importing the package around it would build
    the global tokenizers, read the dictionary twice and set up logging."""
    path = _folder() / f"{name}.py"
    spec = spec_from_file_location(f"textpipe.segment.jieba_{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise ArtifactError(
            "a table of jieba is missing", where=path, hint="pip install --force-reinstall jieba==0.42.1"
        )
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.P


def _folder() -> Path:
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise ArtifactError("jieba is not installed", hint="pip install jieba==0.42.1")
    return Path(spec.origin).parent


def dictionary_lines() -> list[str]:
    """The lines of jieba's `dict.txt`: `word frequency tag`, 349,046 of them."""
    return (_folder() / "dict.txt").read_text("utf-8").splitlines()


class BaseDictionary(NamedTuple):
    """jieba's dictionary as its prefix table: every word with its frequency, every proper prefix with 0."""

    frequencies: dict[str, int]
    total: int


@functools.cache
def base_dictionary() -> BaseDictionary:
    """Read `dict.txt` once a process (about 0.3 s); callers copy before they change it."""
    fields = " ".join(dictionary_lines()).split(" ")
    values = list(map(int, fields[1::3]))
    frequencies = dict(zip(fields[0::3], values, strict=True))
    add_prefixes(frequencies, list(frequencies))
    return BaseDictionary(frequencies, sum(values))  # one word stands twice and counts twice, as in jieba


def add_prefixes(frequencies: dict[str, int], words: list[str]) -> None:
    """Give every prefix of the words a place (frequency 0), so that a search knows when to go on."""
    for word in words:
        for end in range(len(word) - 1, 0, -1):
            prefix = word[:end]
            if prefix in frequencies:
                # its own prefixes are in already: words are walked from their longest prefix down
                if frequencies[prefix] == 0:
                    break
            else:
                frequencies[prefix] = 0


@functools.cache
def base_tags() -> dict[str, str]:
    """The part of speech of every word of the dictionary."""
    fields = " ".join(dictionary_lines()).split(" ")
    return dict(zip(fields[0::3], fields[2::3], strict=True))


@functools.cache
def tag_names() -> frozenset[str]:
    """Every part of speech that the dictionary, the model for unknown words and the rest may give."""
    unknown = {tag for _, tag in tag_model().transition}
    return frozenset({*base_tags().values(), *unknown, "eng", "m", "x"})


class WordModel(NamedTuple):
    """The model that joins characters to unknown words; states B, M, E, S as jieba.finalseg has them."""

    start: dict[str, float]
    transition: dict[str, dict[str, float]]
    emission: dict[str, dict[str, float]]


@functools.cache
def word_model() -> WordModel:
    return WordModel(*(_table(f"finalseg/prob_{part}") for part in ("start", "trans", "emit")))


State = tuple[str, str]  # place in the word (B, M, E, S) and part of speech


class TagModel(NamedTuple):
    """The model that joins and tags unknown words; states (place, tag) as jieba.posseg has them."""

    states: dict[str, tuple[State, ...]]
    start: dict[State, float]
    transition: dict[State, dict[State, float]]
    emission: dict[State, dict[str, float]]


@functools.cache
def tag_model() -> TagModel:
    return TagModel(
        _table("posseg/char_state_tab"),
        *(_table(f"posseg/prob_{part}") for part in ("start", "trans", "emit")),
    )


@functools.cache
def idf_values() -> dict[str, float]:
    """The IDF that jieba.analyse uses (270,132 words, computed by its author)."""
    pairs = (line.split(" ") for line in (_folder() / "analyse" / "idf.txt").read_text("utf-8").splitlines())
    return {word: float(value) for word, value in pairs}


def median_idf() -> float:
    """What jieba gives a word that the table lacks."""
    values = sorted(idf_values().values())
    return values[len(values) // 2]


class LogWeights(dict[int, float]):
    """Frequency -> log(frequency) - log(total), computed once for each of the few frequencies there are."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self._log_total = math.log(total)

    def __missing__(self, frequency: int) -> float:
        weight = math.log(frequency or 1) - self._log_total
        self[frequency] = weight
        return weight
