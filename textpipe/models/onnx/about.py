"""What is written into the file beside the graph: labels, what each input reads, vocabularies, settings.

One entry of the file's metadata, `textpipe`, holds all of it as JSON:

format          1
arch, labels    of the columns of `probabilities`
thresholds      of labels that do not exclude each other: each is given from that probability on; null else
hmm, mode       how texts are cut; dictionary: the user's words, [word, frequency, tag]
inputs          of each its name and what it reads, see `Reads`
settings        of the classifier, or of each member
check           what came out when file and classifier were compared, see check.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from textpipe.features.characters import lowered
from textpipe.models.inputs import FIRST, Inputs
from textpipe.text import SPACE_INSIDE, fold

if TYPE_CHECKING:
    from onnx import ModelProto

    from textpipe.models import Classifier
    from textpipe.models.linear import Linear
    from textpipe.segment.tokenizer import Tokenizer

KEY = "textpipe"
FORMAT = 1
_CODES = 0x110000
_SURROGATES = re.compile("[\ud800-\udfff]")
Unit = Literal["character", "word", "word of each character"]


class Reads(NamedTuple):
    """An input. unit: what it has the ids of; one_line: whether white space is one space everywhere, none at the ends
    (else runs of it are one space, and words are cut from the text as it is); fold: whether full-width letters become
    ASCII (before words are cut, in one line); longest: units that are read, None for all; ids: of each character or
    each word in small letters, those that are not there are 1; padding is 0"""

    name: str
    unit: Unit
    one_line: bool
    fold: bool
    longest: int | None
    ids: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """As the file has it."""
        return self._asdict()


def of_network(inputs: Inputs, prefix: str) -> list[Reads]:
    """What the inputs of a network read."""
    more: dict[str, Any] = {"one_line": True, "fold": True, "longest": inputs.max_length}
    found = []
    if inputs.unit != "word":
        name, ids = f"{prefix}characters", _of_characters(inputs)
        found.append(Reads(name, "character", ids=ids, **more))
    if inputs.unit != "char":
        unit: Unit = "word" if inputs.unit == "word" else "word of each character"
        ids = {word: number for number, word in enumerate(inputs.vocabularies[-1].tokens, start=FIRST)}
        found.append(Reads(f"{prefix}words", unit, ids=_sound(_with_space(ids)), **more))
    return found


def of_linear(classifier: Linear, prefix: str) -> list[Reads]:
    """What the inputs of a linear model read."""
    from textpipe.models.onnx.linear import blocks
    from textpipe.models.onnx.reading import NAMES

    vectorizer = classifier.learned.vectorizer
    more: dict[str, Any] = {"one_line": False, "fold": vectorizer.config.fold, "longest": None}
    found = []
    for block in blocks(vectorizer):
        ids = {unit: number for number, unit in enumerate(block.units, start=FIRST)}
        unit: Unit = "word"
        if block.kind == "char":
            small = lowered(fold(_EVERY) if vectorizer.config.fold else _EVERY)
            ids = {given: ids[read] for given, read in zip(_EVERY, small, strict=True) if read in ids}
            unit = "character"
        found.append(Reads(prefix + NAMES[block.kind], unit, ids=_sound(ids), **more))
    return found


_EVERY = "".join(map(chr, (*range(0xD800), *range(0xE000, _CODES))))  # characters; surrogates are none


def _of_characters(inputs: Inputs) -> dict[str, int]:
    """The id of every character that has one, capitals and full-width letters too."""
    every = "".join(_EVERY.split())  # without white space, of which a line has only one kind
    alone = replace(inputs, unit="char", vocabularies=inputs.vocabularies[:1], max_length=len(every))
    ids = alone.encode([every]).channels[0]
    found = {every[place]: int(ids[place]) for place in np.flatnonzero(ids >= FIRST).tolist()}
    return _with_space(found)


def _with_space(ids: dict[str, int]) -> dict[str, int]:
    return ids | {" ": ids[SPACE_INSIDE]} if SPACE_INSIDE in ids else ids


def _sound(ids: dict[str, int]) -> dict[str, int]:
    """Those that a file of UTF-8 can hold."""
    return {unit: number for unit, number in ids.items() if not _SURROGATES.search(unit)}


def description(
    arch: str, classifier: Classifier, tokenizer: Tokenizer, inputs: Iterable[Reads], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """All that is written, but for the check."""
    thresholds = getattr(classifier, "thresholds", None)
    return {
        "format": FORMAT,
        "arch": arch,
        "labels": list(classifier.labels),
        "thresholds": None if thresholds is None else list(thresholds),
        "mode": tokenizer.mode,
        "hmm": tokenizer.hmm,
        "dictionary": [list(entry) for entry in tokenizer.dictionary.entries],
        "inputs": [one.as_json() for one in inputs],
        "settings": settings,
    }


def write_about(model: ModelProto, about: Mapping[str, Any]) -> None:
    """Put it into the file's metadata, in place of what was there."""
    text = json.dumps(about, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    del model.metadata_props[:]
    model.metadata_props.add(key=KEY, value=text)
