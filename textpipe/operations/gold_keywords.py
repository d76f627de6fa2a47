"""JSON lines with people's keywords, and those with another tool's for the same documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from textpipe.corpus.rows import json_object, scalar, without_surrogates
from textpipe.errors import InputError
from textpipe.operations.evaluate import LineReader

LINE = '{"text": "…", "keywords": ["…", "…"]} is a line'
_SYSTEM_LINE = '{"keywords": ["…", "…"]} is a line, with "id" where the gold file has one'
_SHOWN = 40  # characters of a document's id in a message


class GoldDocument(NamedTuple):
    """A text and the keywords that people gave it; `place` is the file and line, `id` None in a file without ids."""

    id: str | None
    text: str
    keywords: tuple[str, ...]
    place: str
    line: int


def read_gold(path: str, reader: LineReader) -> Iterator[GoldDocument]:
    """The documents of a gold file, JSON lines with `text`, `keywords` and perhaps `id`, in order.

    Raises InputError, at its line, for a line that is not so, and for an id that an earlier line has.
    """
    ids = _Ids(path)
    for number, record in _objects(path, reader, what="gold file", hint=LINE):
        text = record.get("text")
        if not isinstance(text, str):
            raise InputError("no text in the field 'text'", where=path, line=number, hint=LINE)
        keywords = _strings(record, path, number, reader, objects=False, hint=LINE)
        identity = ids.checked(record, number)
        yield GoldDocument(identity, without_surrogates(text, reader.log), keywords, f"{path}:{number}", number)


@dataclass
class SystemKeywords:
    """Another tool's keywords, to be taken document by document: by id where both files have ids, else in order."""

    path: str
    gold: str
    lines: list[int] = field(default_factory=list)
    keywords: list[tuple[str, ...]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)  # id -> place in the two lists
    taken: int = 0
    by_id: bool | None = None  # None until the first is taken

    def take(self, document: GoldDocument) -> tuple[str, ...]:
        """The keywords of the next document of the gold file. Raises InputError when there are none."""
        if self.by_id is None:
            self.by_id = bool(self.ids) and document.id is not None
        place = self.ids.pop(document.id or "", None) if self.by_id else self.taken
        self.taken += 1
        if place is None:
            message = f"no keywords for the id {_shown(document.id)} of {document.place}"
            raise InputError(message, where=self.path, hint="the documents of the gold file are needed, and no others")
        if place >= len(self.keywords):
            message = f"{len(self.keywords)} documents, but {self.gold} has more"
            raise InputError(message, where=self.path, hint="a line for each line of the gold file is needed")
        return self.keywords[place]

    def finish(self) -> None:
        """Raise InputError when there are documents that the gold file has not."""
        if self.by_id and self.ids:
            identity, place = next(iter(self.ids.items()))
            message = f"{self.gold} has no id {_shown(identity)}"
        elif not self.by_id and self.taken < len(self.keywords):
            place = self.taken
            message = f"{len(self.keywords)} documents, but {self.gold} has {self.taken}"
        else:
            return
        hint = "the documents of the gold file are needed, and no others"
        raise InputError(message, where=self.path, line=self.lines[place], hint=hint)


def read_system(path: str, reader: LineReader, *, gold: str) -> SystemKeywords:
    """Another tool's keywords, best first: JSON lines with `keywords`, a list of strings or of objects with `text`,
    and perhaps `id`. Raises InputError as `read_gold` does."""
    system = SystemKeywords(path, gold)
    ids = _Ids(path)
    for number, record in _objects(path, reader, what="keyword file", hint=_SYSTEM_LINE):
        keywords = _strings(record, path, number, reader, objects=True, hint=_SYSTEM_LINE)
        identity = ids.checked(record, number)
        if identity is not None:
            system.ids[identity] = len(system.keywords)
        system.lines.append(number)
        system.keywords.append(keywords)
    return system


class _Ids:
    """The ids of a file, all different; either all lines have one or none has."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lines: dict[str, int] = {}
        self._without: int | None = None

    def checked(self, record: dict[str, Any], line: int) -> str | None:
        identity = scalar(record, "id")
        if identity is None:
            self._without = self._without or line
        if self._without and (self._lines or identity is not None):
            other = next(iter(self._lines.values())) if identity is None else self._without
            has = "no id here, but one in" if identity is None else "an id here, but none in"
            hint = "all lines need an id, or none"
            raise InputError(f"{has} line {other}", where=self._path, line=line, hint=hint)
        if identity is None:
            return None
        first = self._lines.setdefault(identity, line)
        if first != line:
            hint = "an id names one document: rename or drop one of the two"
            raise InputError(f"the id {_shown(identity)} of line {first} again", where=self._path, line=line, hint=hint)
        return identity


def _objects(path: str, reader: LineReader, *, what: str, hint: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(reader.lines(path, what=what), start=1):
        if not line.strip():
            continue
        record = json_object(line, where=path, number=number)
        if isinstance(record, InputError):
            raise InputError(record.message, where=path, line=number, hint=hint)
        yield number, record


def _strings(
    record: dict[str, Any], path: str, line: int, reader: LineReader, *, objects: bool, hint: str
) -> tuple[str, ...]:
    """The record's keywords without blank ones."""
    if "keywords" not in record:
        raise InputError("no field 'keywords'", where=path, line=line, hint=hint)
    given = record["keywords"]
    if not isinstance(given, list):
        raise InputError("'keywords' is no list", where=path, line=line, hint=hint)
    strings = [one.get("text") if objects and isinstance(one, dict) else one for one in given]
    wrong = next((place for place, one in enumerate(strings, start=1) if not isinstance(one, str)), None)
    if wrong is not None:
        raise InputError(f"keyword {wrong} is no text", where=path, line=line, hint=hint)
    return tuple(without_surrogates(one, reader.log) for one in strings if isinstance(one, str) and one.strip())


def _shown(identity: str | None) -> str:
    text = identity or ""
    return repr(f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text)
