"""fastText's training files: a line holds a text and, before or behind it, its label as `__label__sport`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textpipe.corpus.document import Document, ReadLog
from textpipe.errors import InputError

MARK = "__label__"
_ONE = "one label a line is learned: take the others out, or give the text a line for each of them"


def documents_of_marked_lines(lines: Iterable[tuple[int, str]], log: ReadLog, *, where: str) -> Iterator[Document]:
    """A document a line; blank lines are skipped, and a line without a label has none.

    Raises InputError, with the line, for one with several labels.
    """
    for number, line in lines:
        if not line.strip():
            log.skip("blank row")
            continue
        label, text = _parted(line.strip(), where=where, line=number)
        place = f"{where}:{number}"
        yield Document(id=place, text=text, label=label, source=place)


def _parted(text: str, *, where: str, line: int) -> tuple[str | None, str]:
    """(label, the text without it)"""
    if MARK not in text:
        return None, text
    words = text.split()
    marked = [word for word in words if word.startswith(MARK)]
    if len(marked) > 1:
        shown = ", ".join(word[len(MARK) :][:30] for word in marked[:3])
        raise InputError(f"{len(marked)} labels in one line: {shown}", where=where, line=line, hint=_ONE)
    label = marked[0] if marked else None
    if label is not None and text.startswith(label):
        return label[len(MARK) :] or None, text[len(label) :].lstrip()
    if label is not None and words[-1] == label:
        return label[len(MARK) :] or None, text[: -len(label)].rstrip()
    if label is None:
        return None, text  # the mark is inside a word of the text
    raise InputError(f"the label {label[:30]!r} is in the middle of a text", where=where, line=line, hint=_ONE)
