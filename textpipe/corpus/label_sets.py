"""Several labels of one text: how a cell, a JSON list or fastText's marks say them, and how they are read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textpipe.corpus.document import Document
from textpipe.errors import InputError, UsageError

COMMA = ","  # what separates labels unless something else is said
_LONGEST = 16  # characters of a separator


def labels_of(document: Document, separator: str) -> tuple[str, ...]:
    """The labels of a document, sorted, each once, without white space around them; none where its cell is blank.

    separator: what stands between them; empty: the whole cell is one label
    """
    if document.label is None:
        return ()
    if not separator:
        return (document.label,)
    return tuple(sorted(set(parts_of(document.label, separator)) - {""}))


def parts_of(label: str, separator: str) -> list[str]:
    """What stands between separators, as it comes: twice what is there twice, empty where nothing is."""
    return [part.strip() for part in label.split(separator)]


def is_labelled(document: Document, separator: str) -> bool:
    """Whether a document says its labels. With a separator an empty cell does: that there are none."""
    return document.label is not None and bool(separator or document.label.strip())


def joined_labels(labels: Sequence[str], separator: str, *, where: str, line: int | None) -> str | InputError:
    """Labels as one cell, or why that cannot be: the separator would part one of them."""
    for label in labels:
        if separator in label.strip():
            message = f"the label {label[:30]!r} holds the separator {separator!r}"
            return InputError(message, where=where, line=line, hint="--label-sep another, which is in no label")
    return separator.join(labels)


def check_separator(separator: Any) -> None:
    """Raises UsageError for what cannot stand between labels; an empty text, which is one label a text, can."""
    if not isinstance(separator, str):
        raise UsageError(f"label_sep: a text is needed, not {separator!r}", hint='label_sep=","')
    odd = len(separator.splitlines()) > 1 or any(one in "\n\r\0" or "\ud800" <= one <= "\udfff" for one in separator)
    if odd or len(separator) > _LONGEST:
        message = f"label_sep: {separator[:30]!r} cannot stand between labels"
        raise UsageError(message, hint=f'1 to {_LONGEST} characters, no line end among them, as ","')
