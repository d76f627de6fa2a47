"""Files that ask about words, for evaluating vectors: pairs with people's similarity, or analogies."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from textpipe.errors import InputError
from textpipe.operations.evaluate import LineReader

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_PAIR, _ANALOGY = 3, 4  # fields of a line
_KINDS = "a line is a word, a word and their similarity, or the four words of an analogy under `: section`"
_HINTS = {
    _PAIR: "every line is a word, another one and their similarity, separated by tabs or spaces",
    _ANALOGY: "every line is `: section`, or four words separated by spaces",
}
_SHOWN = 40  # characters of a line in a message


class Pair(NamedTuple):
    """Two words and how similar people say they are."""

    first: str
    second: str
    score: float


class Analogy(NamedTuple):
    """`a` is to `b` as `c` is to `d`; `section` is a number."""

    section: int
    a: str
    b: str
    c: str
    d: str


@dataclass
class WordQuestions:
    """What a file asks: pairs, or analogies in sections; it has one of the two.

    sections: names, in order; a file whose analogies begin without one has the name "" for them
    duplicates: pairs, or analogies of a section, that stood before; they are kept
    """

    path: str
    pairs: list[Pair] = field(default_factory=list)
    analogies: list[Analogy] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    duplicates: int = 0
    first_duplicate: int = 0  # its line


def read_questions(path: str, reader: LineReader) -> WordQuestions:
    """The pairs or analogies of a file: which they are, its first line says. `#` begins a comment.

    Raises InputError, at its line, for a line that is neither or not of the file's kind, and for a file without any.
    """
    found = WordQuestions(path)
    lines = _lines(path, reader)
    first = next(lines, None)
    if first is None:
        raise InputError("no pairs of words and no analogies", where=path, hint=_KINDS)
    number, line = first
    fields = _fields(line)
    if line.startswith(":") or len(fields) == _ANALOGY:
        _read_analogies(found, _chained(first, lines))
    elif len(fields) == _PAIR:
        header = _NUMBER.fullmatch(fields[2]) is None
        _read_pairs(found, lines if header else _chained(first, lines))
    else:
        raise InputError(f"neither a pair nor an analogy: {line[:_SHOWN]!r}", where=path, line=number, hint=_KINDS)
    if not found.pairs and not found.analogies:
        what = "sections, but no analogies" if found.sections else "a header, but no pairs"
        raise InputError(what, where=path, hint=_KINDS)
    return found


def _chained(first: tuple[int, str], lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from lines


def _lines(path: str, reader: LineReader) -> Iterator[tuple[int, str]]:
    """Lines with something on them that is no comment, with their numbers."""
    for number, line in enumerate(reader.lines(path, what="file of word pairs or analogies"), start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def _fields(line: str) -> list[str]:
    return [part.strip() for part in line.split("\t")] if "\t" in line else line.split()


def _read_pairs(found: WordQuestions, lines: Iterator[tuple[int, str]]) -> None:
    met = set()
    for number, line in lines:
        fields = _checked(_fields(line), _PAIR, found.path, number, line)
        if not _NUMBER.fullmatch(fields[2]) or not math.isfinite(float(fields[2])):
            raise _malformed(f"no number: {fields[2][:_SHOWN]!r}", found.path, number, _PAIR)
        pair = Pair(fields[0], fields[1], float(fields[2]))
        _count_duplicate(found, frozenset(pair[:2]) in met, number)
        met.add(frozenset(pair[:2]))
        found.pairs.append(pair)


def _read_analogies(found: WordQuestions, lines: Iterator[tuple[int, str]]) -> None:
    met = set()
    numbers: dict[str, int] = {}
    section = ""
    for number, line in lines:
        if line.startswith(":"):
            section = line[1:].strip()
            numbers.setdefault(section, len(numbers))
            continue
        fields = _checked(_fields(line), _ANALOGY, found.path, number, line)
        a, b, c, d = fields
        question = Analogy(numbers.setdefault(section, len(numbers)), a, b, c, d)
        _count_duplicate(found, question in met, number)
        met.add(question)
        found.analogies.append(question)
    found.sections = list(numbers)


def _checked(fields: list[str], wanted: int, path: str, number: int, line: str) -> list[str]:
    if len(fields) != wanted or not all(fields):
        held = sum(map(bool, fields))
        raise _malformed(f"{held} field{'' if held == 1 else 's'} in {line[:_SHOWN]!r}", path, number, wanted)
    return fields


def _malformed(what: str, path: str, line: int, kind: int) -> InputError:
    return InputError(what, where=path, line=line, hint=_HINTS[kind])


def _count_duplicate(found: WordQuestions, again: bool, number: int) -> None:
    found.duplicates += again
    found.first_duplicate = found.first_duplicate or (number if again else 0)
