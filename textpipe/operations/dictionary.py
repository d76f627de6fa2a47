"""What is wrong with user dictionaries: lines that are no entries, that come again, that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypedDict

from textpipe.segment.dictionary import Dictionary, Entry
from textpipe.segment.dictionary_file import Unusable, read_lines
from textpipe.segment.tokenizer import Tokenizer

Kind = Literal["unusable", "unmatchable", "duplicate", "shadowed", "never-whole"]
_SHOWN = 40  # characters of a line that is no entry
_CUTS = "white space or punctuation, at which segmentation always cuts"


class Finding(TypedDict):
    """One thing to mend: in which line, about which word, what it is, and what to know about it."""

    id: str
    line: int
    word: str
    finding: Kind
    detail: str


@dataclass(frozen=True)
class Checked:
    """What a check of files has seen: lines that are not blank, those that no finding names, and the findings."""

    lines: int
    good: int
    findings: tuple[Finding, ...]


class _Place(NamedTuple):
    path: str
    number: int

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


def check_dictionaries(paths: Sequence[str]) -> Checked:
    """Findings about user dictionary files, in their order; several files count as one that goes on.

    Raises InputError for a file that is missing or not text; a line that is no entry is a finding.
    """
    entries: list[tuple[_Place, Entry]] = []
    found: list[tuple[_Place, Finding]] = []
    for path in dict.fromkeys(paths):
        for number, read in read_lines(path):
            place = _Place(path, number)
            if isinstance(read, Unusable):
                shown = read.line if len(read.line) <= _SHOWN else f"{read.line[:_SHOWN]}…"
                found.append((place, _finding(place, shown, "unusable", read.problem)))
            else:
                entries.append((place, read))
    lines = len(found) + len(entries)
    found += ((place, _finding(place, word, kind, detail)) for place, word, kind, detail in _about_entries(entries))
    order = {path: number for number, path in enumerate(paths)}
    found.sort(key=lambda pair: (order[pair[0].path], pair[0].number))  # stable: a line's findings stay in their order
    return Checked(lines, lines - len({place for place, _ in found}), tuple(finding for _, finding in found))


def _finding(place: _Place, word: str, finding: Kind, detail: str) -> Finding:
    return Finding(id=str(place), line=place.number, word=word, finding=finding, detail=detail)


def _about_entries(entries: Sequence[tuple[_Place, Entry]]) -> Iterator[tuple[_Place, str, Kind, str]]:
    """(place, word, finding, detail), in no order of lines.

    What a word does is asked once all lines are in, and told of its last line, which is the one that counts.
    """
    dictionary = Dictionary().with_entries(entry for _, entry in entries)
    unmatchable = set(dictionary.unmatchable)
    last: dict[str, tuple[_Place, Entry]] = {}
    repeated: set[str] = set()
    for place, entry in entries:
        if entry.word in last:
            repeated.add(entry.word)
            earlier, before = last[entry.word]
            said = "the same" if before == entry else f"{_fields(before)}; the later line counts"
            yield place, entry.word, "duplicate", f"{earlier} has {said}"
        last[entry.word] = place, entry
    tokenizer = Tokenizer(hmm=False, dictionary=dictionary)
    base = Dictionary()
    for word, (place, entry) in last.items():
        if word in unmatchable:
            yield place, word, "unmatchable", f"holds {_CUTS}; tokenize --protect FILE keeps such terms whole"
        elif entry.frequency != 0 and (pieces := tokenizer.tokenize(word)) != [word]:
            least = dictionary.suggested_frequency(word)
            detail = f"is cut into {' '.join(pieces)}; frequency {least} keeps it whole"
            yield place, word, "never-whole", detail
        elif word not in repeated and _is_shadowed(entry, dictionary, base):
            detail = f"jieba's dictionary has it with frequency {base.frequency(word)}"
            yield place, word, "shadowed", f"{detail} and this tag" if entry.tag else detail


def _is_shadowed(entry: Entry, dictionary: Dictionary, base: Dictionary) -> bool:
    """Whether the word stays what it is in jieba's own dictionary; jieba's rounding may raise it by 1."""
    frequency = base.frequency(entry.word)
    least_change = frequency + (entry.frequency is None)
    if not frequency or not frequency <= dictionary.frequency(entry.word) <= least_change:
        return False
    return entry.tag is None or Tokenizer(hmm=False, dictionary=base).tag(entry.word) == [(entry.word, entry.tag)]


def _fields(entry: Entry) -> str:
    frequency = "no frequency" if entry.frequency is None else f"frequency {entry.frequency}"
    return f"{frequency}, tag {entry.tag}" if entry.tag else frequency
