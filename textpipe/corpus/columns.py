"""Which column of a table is the text, the label, the id."""

from __future__ import annotations

from typing import NamedTuple

from textpipe.errors import InputError, did_you_mean

TEXT_COLUMNS = ("text", "text_a", "content", "review", "title")
LABEL_COLUMN = "label"
ID_COLUMN = "id"
_DEFAULTS = frozenset((*TEXT_COLUMNS, LABEL_COLUMN, ID_COLUMN))


class Wanted(NamedTuple):
    """The columns that the user asked for, by name or by number from 1; None is the default."""

    text: str | None = None
    label: str | None = None
    id: str | None = None

    def names(self) -> set[str]:
        """The columns asked for by name."""
        return {name for name in self if name is not None and number_of(name) is None}


class Columns(NamedTuple):
    """Positions of the columns from 0, and whether the first row names them."""

    text: int
    label: int | None
    id: int | None
    header: bool
    width: int


def number_of(name: str) -> int | None:
    """The number that the text is, None when it is none or too large to mean anything."""
    digits = name.lstrip("0")
    return int(digits or "0") if name.isascii() and name.isdigit() and len(digits) < 10 else None


def choose_columns(first: list[str], wanted: Wanted, *, where: str, line: int = 1, named: bool = False) -> Columns:
    """Columns from a table's first row, which is a header if it holds a requested or a default column name.

    Text is `text`, else text_a, content, review, title, else the first column that is neither label nor id; the label
    is `label`, else the last column; the id is `id`. `named` says that the first row is a header whatever it holds.
    Raises InputError for a requested column that is not there.
    """
    names = [cell.strip() for cell in first]
    header = named or bool((wanted.names() | _DEFAULTS) & set(names))
    text = _position(wanted.text, names, header=header, where=where, line=line)
    identity = _position(wanted.id, names, header=header, where=where, line=line)
    if identity is None and header and ID_COLUMN in names:
        identity = names.index(ID_COLUMN)
    label = _position(wanted.label, names, header=header, where=where, line=line)
    known_label = names.index(LABEL_COLUMN) if label is None and header and LABEL_COLUMN in names else label
    if text is None:
        known = [name for name in TEXT_COLUMNS if header and name in names]
        free = [position for position in range(len(names)) if position not in (identity, known_label)]
        text = names.index(known[0]) if known else next(iter(free), 0)
    if label is None:
        label = len(names) - 1 if known_label is None else known_label
        label = None if label in (text, identity) else label
    return Columns(text, label, identity, header, len(names))


def _position(name: str | None, names: list[str], *, header: bool, where: str, line: int) -> int | None:
    if name is None:
        return None
    if header and name in names:
        return names.index(name)
    number = number_of(name)
    if number is not None and 1 <= number <= len(names):
        return number - 1
    raise unknown_column(name, names, header=header, where=where, line=line)


def shown_names(names: list[str]) -> str:
    """The first of many names, each cut when it is long, as they read in a hint."""
    shown = [f"{name[:30]}…" if len(name) > 30 else name for name in names[:20]]
    return ", ".join([*shown, *(["…"] if len(names) > len(shown) else [])]) or "none"


def unknown_column(name: str, names: list[str], *, header: bool = True, where: str, line: int) -> InputError:
    """The error for a requested column that is not there; `header` tells whether `names` are known to be names."""
    there = shown_names(names)
    hint = f"the columns are: {there}"
    separator = next((mark for mark in "\t;|" if len(names) == 1 and mark in names[0]), None)
    if separator is not None:
        name_of = {"\t": "tabs: --input-format tsv", ";": "semicolons, not commas", "|": "bars, not commas"}[separator]
        hint = f"the cells seem to lie between {name_of}"
    elif not header:
        hint = f"the first row is: {there}; if that is no header, name columns by number, 1 to {len(names)}"
    return InputError(f"no column {name!r}{did_you_mean(name, names)}", where=where, line=line, hint=hint)
