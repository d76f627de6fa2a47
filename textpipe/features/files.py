"""A vectorizer as files, used from the disk as they lie there.

{prefix}features.json   its settings, how many features, how many of them of characters, documents, seed of hashes
{prefix}table.npy       open addressing: {"hash", "row", "idf"}, see features/table.py
{prefix}ngrams.jsonl    the n-grams, a JSON string a line, by row: to explain what a model does, not read by it
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from textpipe.errors import REMAKE, ArtifactError, UsageError
from textpipe.features.blocks import Cut
from textpipe.features.config import FeatureConfig
from textpipe.features.table import NONE, SLOT, Table
from textpipe.features.vectorizer import Vectorizer
from textpipe.settings import config_from
from textpipe.text import artifact_lines

_SETTINGS, _TABLE, _NAMES = "features.json", "table.npy", "ngrams.jsonl"
_MOST = (1 << 31) - 1  # features
_MAPPED = 1 << 16  # bytes; smaller arrays are read
_OF_HEADS = (SyntaxError, TokenError, TypeError, OverflowError, MemoryError)  # from numpy, of heads that are damaged


def write_vectorizer(folder: Path, vectorizer: Vectorizer, *, prefix: str = "") -> None:
    """All files of a vectorizer; not over those that it was read from."""
    config = {field.name: getattr(vectorizer.config, field.name) for field in fields(FeatureConfig)}
    numbers = {name: getattr(vectorizer, name) for name in ("features", "chars", "documents", "seed")}
    text = json.dumps({"config": config, **numbers}, allow_nan=False)
    (folder / f"{prefix}{_SETTINGS}").write_text(text + "\n", encoding="utf-8")
    write_array(folder / f"{prefix}{_TABLE}", vectorizer.table)
    with open(folder / f"{prefix}{_NAMES}", "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        encode = json.JSONEncoder(ensure_ascii=False).encode  # lone surrogates become \ud800, as in JSON
        stream.writelines(encode(name) + "\n" for name in vectorizer.names)


def read_names(folder: Path, *, prefix: str = "") -> list[str]:
    """The n-grams by column. Raises ArtifactError for a file that has others than the vectorizer."""
    path = folder / f"{prefix}{_NAMES}"
    features = _numbers(folder / f"{prefix}{_SETTINGS}")["features"]
    names = list(_decoded(path)) if path.is_file() else []
    if len(names) != features:
        raise ArtifactError(f"not {features:,} n-grams", where=path, hint=REMAKE)
    return names


def _decoded(path: Path) -> Iterator[str]:
    for number, line in artifact_lines(path):
        try:
            name = json.loads(line)
        except (ValueError, RecursionError):
            name = None
        if not isinstance(name, str):
            raise ArtifactError("not an n-gram", where=path, line=number, hint=REMAKE)
        yield name


def read_vectorizer(folder: Path, *, prefix: str = "", spans: Cut, counts: bool = False) -> Vectorizer:
    """What `write_vectorizer` wrote, with the `counts` that it had; its names when they are asked for.

    Raises ArtifactError for anything else.
    """
    path = folder / f"{prefix}{_SETTINGS}"
    content = _numbers(path)
    try:
        config = config_from(FeatureConfig, content["config"])
    except (UsageError, TypeError, AttributeError):
        raise ArtifactError("not the settings of n-grams", where=path, hint=REMAKE) from None
    numbers = {name: content[name] for name in ("features", "chars", "documents", "seed")}
    table = read_array(folder / f"{prefix}{_TABLE}", SLOT, dimensions=1)
    if not _is_table(table, numbers["features"]):
        raise ArtifactError("not a table of n-grams", where=folder / f"{prefix}{_TABLE}", hint=REMAKE)
    names = functools.partial(read_names, folder, prefix=prefix)
    return Vectorizer(config, table, **numbers, spans=spans, names=names, counts=counts)


def _numbers(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes()) if path.is_file() else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.keys() != {"config", "features", "chars", "documents", "seed"}:
        raise ArtifactError("not the settings of n-grams", where=path, hint=REMAKE)
    features, chars, documents, seed = (content[name] for name in ("features", "chars", "documents", "seed"))
    whole = all(type(number) is int and 0 <= number <= _MOST for number in (features, chars, documents, seed))
    if not whole or chars > features:
        raise ArtifactError("not the settings of n-grams", where=path, hint=REMAKE)
    return content


def _is_table(table: Table, features: int) -> bool:
    """Whether it has as many rows as there are features, none beyond them, a weight for each, and look-ups end."""
    slots = len(table)
    if not features < slots <= max(64, 8 * features) or slots & (slots - 1):
        return False
    rows = table["row"]
    inside, empty = np.count_nonzero(rows < features), np.count_nonzero(rows == NONE)
    return inside == features and inside + empty == slots and bool(np.isfinite(table["idf"].sum()))


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """An array of numbers as .npy. Python writes it, which says that the disk is full; numpy does not."""
    rows = np.ascontiguousarray(array)
    with open(path, "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(rows))
        stream.write(rows.reshape(-1).view(np.uint8).data)


def read_array(path: Path, dtype: npt.DTypeLike, *, dimensions: int) -> npt.NDArray[Any]:
    """What `write_array` wrote, mapped where it is large. Raises ArtifactError for an array of another kind."""
    try:
        large = path.stat().st_size > _MAPPED
        array = np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
    except (ValueError, EOFError, OSError, *_OF_HEADS):
        raise ArtifactError("not an array of numpy", where=path, hint=REMAKE) from None
    sound = isinstance(array, np.ndarray) and array.dtype == np.dtype(dtype) and array.ndim == dimensions
    if not sound or not array.flags.c_contiguous:
        raise ArtifactError("not the array that is looked for", where=path, hint=REMAKE)
    return np.asarray(array)
