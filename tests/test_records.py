"""Schemas of records: as published, and as types say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import markdown, records
from textpipe.operations.record_schemas import RECORDS, record_schema, schemas

GOOD: dict[str, Any] = {
    "tokenize": {"id": "a", "tokens": ["a"], "spans": [[0, 1]]},
    "keywords": {"id": "a", "keywords": [{"text": "a", "score": 1, "count": 1, "first": 0, "idf": None}]},
    "summarize": {"id": "a", "sentences": [{"text": "a", "score": 0.5, "start": 0, "end": 1, "position": 1}]},
    "similar": {"word": "a", "neighbours": [{"word": "b", "score": 0.5}]},
    "analogy": {"a": "a", "b": "b", "c": "c", "neighbours": []},
    "classify": {"id": "a", "label": None, "score": 0.1, "labels": [{"label": "x", "score": 0.1}]},
    "explain": {
        "id": "a", "label": "x", "against": None, "score": 0.5, "decision": 0.1, "base": 0.0, "method": "exact",
        "check": 0.0, "rest": 0.0, "tokens": [{"text": "a", "start": 0, "end": 1, "value": 0.1}],
    },
    "map": {"word": "a", "x": 0.5, "y": 1, "cluster": 1, "count": None},
    "store ls": {
        "id": "0" * 32, "kind": "idf", "names": [], "stage": "idf", "created": "", "bytes": 0, "metrics": {},
        "damage": None,
    },
}  # fmt: skip


def test_the_page_holds_the_schemas() -> None:
    text = records.PAGE.read_text("utf-8")
    assert records.rewritten(text) == text, "run: python -m tests.records"
    published = json.loads(text.rpartition("```json\n")[2].partition("```")[0])
    assert published["$defs"] == schemas("#/$defs/")


def test_every_command_of_the_table_has_one() -> None:
    text = records.PAGE.read_text("utf-8")
    for command, record in RECORDS.items():
        assert f"textpipe {command}" in text
        assert f'"{record.__name__}": {{' in text
    assert markdown.blocks(text, "console")


@pytest.mark.parametrize("command", RECORDS)
def test_what_a_schema_takes(command: str) -> None:
    """A record as it is printed; none with a member more, one less, or one of another type."""
    from jsonschema import Draft202012Validator

    schema = record_schema(command)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    good = GOOD[command]
    validator.validate(good)
    assert not validator.is_valid(good | {"more": 1})
    for name in schema["required"]:
        assert not validator.is_valid({other: value for other, value in good.items() if other != name})
        assert not validator.is_valid(good | {name: object()})
    for name, value in good.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            assert not validator.is_valid(good | {name: [{**value[0], "more": 1}]})
    assert set(GOOD) == set(RECORDS)
