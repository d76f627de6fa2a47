"""The format of a file: by its suffix, then by its content."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Literal, get_args

from textpipe.corpus.columns import ID_COLUMN, LABEL_COLUMN, TEXT_COLUMNS
from textpipe.corpus.fasttext import MARK
from textpipe.corpus.paths import STDIN
from textpipe.corpus.streams import stem_and_compression

Format = Literal["txt", "csv", "tsv", "jsonl", "parquet", "xlsx", "fasttext"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
_SNIFFED = 1 << 16  # characters that tell the format of content without a suffix


def by_suffix(path: str) -> Format | None:
    """The format by suffix; any other suffix is plain text, and no suffix leaves it to the content."""
    suffix = os.path.splitext(stem_and_compression(path)[0])[1].lower()
    return _SUFFIXES.get(suffix, "txt") if suffix and path != STDIN else None


def by_content(blocks: Iterator[str]) -> tuple[Format, Iterator[str]]:
    """JSON lines if the first line is an object, a table if the first line names a default column, else text."""
    beginning, blocks = head(blocks)
    first = re.split("[\r\n]", beginning, maxsplit=1)[0].strip()
    names = {*TEXT_COLUMNS, LABEL_COLUMN, ID_COLUMN}
    kind: Format = "txt"
    if first.startswith("{") and _is_json(first):
        kind = "jsonl"
    elif "\t" in first and names & set(first.split("\t")):
        kind = "tsv"
    elif "," in first and names & {cell.strip('" ') for cell in first.split(",")}:
        kind = "csv"
    return kind, blocks


def if_marked(blocks: Iterator[str], kind: Format | None) -> tuple[Format | None, Iterator[str]]:
    """fastText's format if the first line that is not blank begins with its mark, else the one that it was."""
    beginning, blocks = head(blocks)
    return "fasttext" if beginning.lstrip().startswith(MARK) else kind, blocks


def head(blocks: Iterator[str]) -> tuple[str, Iterator[str]]:
    """(the beginning, at least to the first line feed if it is near, all blocks again)"""
    beginning = ""
    for block in blocks:
        beginning += block
        if "\n" in beginning or len(beginning) > _SNIFFED:
            break
    return beginning, _chained(beginning, blocks)


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _chained(beginning: str, blocks: Iterator[str]) -> Iterator[str]:
    yield beginning
    yield from blocks
