"""What records look like, as JSON Schema (2020-12), made from the types that the operations return.

One schema for the command line's JSON lines and for the service's answers; docs/records.md shows them.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypeAlias, Union, get_args, get_origin, get_type_hints, is_typeddict

from textpipe.keywords.candidates import KeywordRecord
from textpipe.keywords.summary import SummaryRecord
from textpipe.operations.classify import ClassifyRecord
from textpipe.operations.explain_decisions import ExplainRecord
from textpipe.operations.map_words import MapRecord, PlaceRecord
from textpipe.operations.neighbours import AnalogyRecord, SimilarRecord
from textpipe.operations.store import ArtifactDetails, ArtifactRecord, ServedArtifact
from textpipe.operations.tokenize import TokenRecord
from textpipe.operations.word_graph import GraphRecord

Schema: TypeAlias = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORDS: dict[str, type] = {
    "tokenize": TokenRecord,
    "keywords": KeywordRecord,
    "summarize": SummaryRecord,
    "similar": SimilarRecord,
    "analogy": AnalogyRecord,
    "classify": ClassifyRecord,
    "explain": ExplainRecord,
    "map": PlaceRecord,
    "store ls": ArtifactRecord,
}
SERVED: tuple[type, ...] = (*RECORDS.values(), GraphRecord, MapRecord, ServedArtifact, ArtifactDetails)
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schemas(references: str) -> dict[str, Schema]:
    """The schema of every record, and of every object in one, by name. references: where they refer to each other, as
    `#/$defs/`"""
    return {one.__name__: _object(one, references) for one in sorted(_all(), key=lambda one: one.__name__)}


def record_schema(command: str) -> Schema:
    """That of a command's records, complete in itself. command: one of RECORDS"""
    record = RECORDS[command]
    known = schemas("#/$defs/")
    inside = {one.__name__: known[one.__name__] for one in _within(record) if one is not record}
    return {"$schema": DIALECT, "title": record.__name__, **known[record.__name__]} | (
        {"$defs": inside} if inside else {}
    )


def _all() -> set[type]:
    return {one for record in SERVED for one in _within(record)}


def _within(record: type) -> Iterator[type]:
    """The type and those of the objects in it."""
    yield record
    for hint in get_type_hints(record).values():
        for inner in _typed_dicts(hint):
            yield from _within(inner)


def _typed_dicts(hint: Any) -> Iterator[type]:
    if is_typeddict(hint):
        yield hint
    for argument in get_args(hint):
        yield from _typed_dicts(argument)


def _object(record: type, references: str) -> Schema:
    hints = get_type_hints(record, include_extras=True)
    return {
        "type": "object",
        "description": " ".join(inspect.cleandoc(record.__doc__ or "").split()),
        "properties": {name: _schema(hint, references) for name, hint in hints.items()},
        "required": [name for name in hints if name in record.__required_keys__],  # type: ignore[attr-defined]
        "additionalProperties": False,
    }


def _schema(hint: Any, references: str) -> Schema:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if is_typeddict(hint):
        return {"$ref": f"{references}{hint.__name__}"}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _schema(arguments[0], references)
    if origin is Literal:
        return {"enum": [*arguments]}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0], references)}
    if origin is dict:
        inner = {} if arguments[1] is Any else {"additionalProperties": _schema(arguments[1], references)}
        return {"type": "object"} | inner
    if origin in (Union, types.UnionType):
        return {"type": [_PLAIN[one] for one in arguments]}
    raise TypeError(f"no schema for {hint}")
