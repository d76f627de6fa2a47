"""fastText's training files: a line holds a text and, before or behind it, its label as `__label__sport`; or more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textpipe.corpus.document import Document, ReadLog
from textpipe.corpus.label_sets import joined_labels
from textpipe.errors import InputError

MARK = "__label__"
_ONE = "one label a line is learned, unless --multi-label is said: take the others out, or say that"
_ENDS = "labels stand before the text or behind it"


def documents_of_marked_lines(
    lines: Iterable[tuple[int, str]], log: ReadLog, *, where: str, label_sep: str = ""
) -> Iterator[Document]:
    """A document a line; blank lines are skipped, and a line without a label has none.

    label_sep: what several labels of a line are joined by; the mark without a name says then that there are none
    Raises InputError, with the line, for one with several labels where there is no label_sep.
    """
    for number, line in lines:
        if not line.strip():
            log.skip("blank row")
            continue
        if label_sep:
            label, text = _parted_from_all(line.strip(), label_sep, where=where, line=number)
        else:
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
    raise _in_the_middle(label, where=where, line=line)


def _parted_from_all(text: str, separator: str, *, where: str, line: int) -> tuple[str | None, str]:
    """(labels, the text without them)"""
    words = text.split() if MARK in text else []
    before = next((place for place, word in enumerate(words) if not word.startswith(MARK)), len(words))
    behind = next((place for place, word in enumerate(reversed(words)) if not word.startswith(MARK)), 0)
    marked = words[:before] + words[len(words) - behind :]
    if not marked and not any(word.startswith(MARK) for word in words):
        return None, text
    for word in words[before : len(words) - behind]:
        if word.startswith(MARK):
            raise _in_the_middle(word, where=where, line=line)
    for word in words[:before]:
        text = text.removeprefix(word).lstrip()
    for word in reversed(words[len(words) - behind :]):
        text = text.removesuffix(word).rstrip()
    names = [name for word in marked if (name := word[len(MARK) :])]
    label = joined_labels(names, separator, where=where, line=line)
    if isinstance(label, InputError):
        raise label
    return label, text


def _in_the_middle(label: str, *, where: str, line: int) -> InputError:
    return InputError(f"the label {label[:30]!r} is in the middle of a text", where=where, line=line, hint=_ENDS)
