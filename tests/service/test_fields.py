"""The table of fields against the commands' options, and values that a field cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest

from textpipe.cli.classify import classify
from textpipe.cli.explain import explain
from textpipe.cli.keywords import keywords
from textpipe.cli.similar import similar
from textpipe.cli.summarize import summarize
from textpipe.cli.tokenize import tokenize
from textpipe.cli.word_map import word_map
from textpipe.service import fields
from textpipe.service.answers import Refused
from textpipe.service.fields import Endpoint, Field, checked_options, options_of_query

COMMANDS = {
    fields.TOKENIZE: tokenize,
    fields.KEYWORDS: keywords,
    fields.SUMMARIZE: summarize,
    fields.SIMILAR: similar,
    fields.CLASSIFY: classify,
    fields.EXPLAIN: explain,
    fields.MAP: word_map,
}
ELSEWHERE = {(fields.EXPLAIN, "model"), (fields.MAP, "model")}  # an argument of the command, not an option
OTHER_DEFAULTS = {(fields.MAP, "top"): 1_000}  # the command's is decided inside it
PAIRS = [
    (endpoint, field) for endpoint in COMMANDS for field in endpoint.fields if (endpoint, field.name) not in ELSEWHERE
]


def option_of(command: click.Command, name: str) -> click.Option:
    return next(one for one in command.params if isinstance(one, click.Option) and one.name == name)


@pytest.mark.parametrize(("endpoint", "field"), PAIRS, ids=lambda one: one.name)
def test_a_field_is_an_option_of_the_command(endpoint: Endpoint, field: Field) -> None:
    option = option_of(COMMANDS[endpoint], field.name)
    default = option.to_info_dict()["default"]
    expected = None if option.multiple and not default else default
    assert field.default == OTHER_DEFAULTS.get((endpoint, field.name), expected)
    if isinstance(option.type, click.Choice):
        assert field.choices == tuple(option.type.choices)
    if isinstance(option.type, click.IntRange | click.FloatRange):
        assert field.least == option.type.min
        assert field.above == option.type.min_open
    if option.is_flag:
        assert field.kind == "boolean"


LEFT_OUT = {  # options that no field has, and why
    *("user_dict", "protect", "graph", "html", "output", "words"),  # files
    *("encoding", "errors", "input_format", "lines", "text_col", "label_col", "id_col", "sheet"),  # reading
    *("limit", "sample", "seed", "fold", "strict", "text"),
    *("format", "force", "bom", "quiet", "verbose", "debug", "store", "device", "jobs", "help"),  # the process
    *("corpus", "approximate", "perplexity", "clusters"),  # of many documents, or of minutes
}


@pytest.mark.parametrize("endpoint", COMMANDS, ids=lambda one: one.name)
def test_what_a_command_has_more_is_known(endpoint: Endpoint) -> None:
    options = {one.name for one in COMMANDS[endpoint].params if isinstance(one, click.Option)}
    more = options - {field.name for field in endpoint.fields}
    if endpoint is fields.TOKENIZE:
        more -= {"explain"}
    if endpoint in (fields.SIMILAR, fields.MAP):
        more -= {"vectors"}  # a file
    assert more <= LEFT_OUT


def wrong_values() -> Iterator[tuple[Endpoint, str, Any]]:
    """Of every field of every endpoint values of every other kind, and those just out of range."""
    plain: dict[str, list[Any]] = {
        "boolean": [True],
        "integer": [1],
        "number": [0.5],
        "string": ["?"],
        "names": [["?"]],
    }
    for endpoint in fields.ENDPOINTS:
        for field in endpoint.fields:
            others = [value for kind, values in plain.items() for value in values if kind != field.kind]
            for value in [*others, {}, [], [[]], [None], 1 << 70, -1, "", "x" * 2_000, "\0", "../etc/passwd"]:
                if field.kind == "number" and value == 1 and not isinstance(value, bool):
                    continue  # an integer is a number, too
                if field.kind == "string" and not field.choices and not field.artifact and value == "\0":
                    continue  # a label that no classifier has, as any other
                if field.kind == "string" and not field.choices and not field.artifact and value == "../etc/passwd":
                    continue
                yield endpoint, field.name, value
            if field.default is not None:
                yield endpoint, field.name, None
            if field.least is not None and field.most is not None:
                yield endpoint, field.name, field.most + 1
                yield endpoint, field.name, field.least if field.above else field.least - 1


def test_values_that_a_field_cannot_have() -> None:
    wrong = list(wrong_values())
    assert len(wrong) > 500
    for endpoint, name, value in wrong:
        with pytest.raises(Refused, match=name) as caught:
            checked_options(endpoint, {name: value})
        assert caught.value.status == 422
        assert len(caught.value.message) < 500


def test_defaults_are_values_that_a_field_can_have() -> None:
    for endpoint in fields.ENDPOINTS:
        defaults = checked_options(endpoint, {})
        assert checked_options(endpoint, defaults) == defaults


@pytest.mark.parametrize(
    ("endpoint", "query", "expected"),
    [
        (fields.KEYWORDS, {"top": "3", "explain": "true", "mmr": "5e-1"}, {"top": 3, "explain": True, "mmr": 0.5}),
        (fields.KEYWORDS, {"stopwords": "zh, en", "hmm": "false"}, {"stopwords": ("zh", "en"), "hmm": False}),
        (fields.CLASSIFY, {"threshold": "0", "model": "123"}, {"threshold": 0, "model": "123"}),
        (fields.EXPLAIN, {"label": "true"}, {"label": "true"}),
        (fields.MAP, {"model": "embeddings/新闻"}, {"model": "embeddings/新闻"}),
    ],
)
def test_options_in_a_query(endpoint: Endpoint, query: dict[str, str], expected: dict[str, Any]) -> None:
    options = checked_options(endpoint, options_of_query(endpoint, query))
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    "query", [{"top": "1.5"}, {"top": "１"}, {"top": "NaN"}, {"top": "1e999"}, {"explain": "1"}, {"tops": "1"}]
)
def test_options_that_a_query_cannot_have(query: dict[str, str]) -> None:
    with pytest.raises(Refused):
        checked_options(fields.KEYWORDS, options_of_query(fields.KEYWORDS, query))


def test_a_field_of_another_name_is_guessed() -> None:
    with pytest.raises(Refused, match="did you mean 'spans'") as caught:
        checked_options(fields.TOKENIZE, {"span": True})
    assert "traditional" in str(caught.value.hint)
