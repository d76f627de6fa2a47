"""JSON as requests may have it, held against Python's own reader."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.service.answers import Refused
from textpipe.service.strict_json import MAX_DEPTH, MAX_VALUES, loads

texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.none() | st.booleans() | texts | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e18, 1e18)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


@given(values)
def test_what_is_fine_comes_through(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789eE+-.truefalsn\\ud8 ', max_size=40).map(str.encode))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    try:
        found = loads(raw)
    except Refused as refused:
        status = refused.status
    else:
        status = 200
        assert found == json.loads(raw)
    assert status in (200, 400, 422)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \r\n",
        b"{",
        b"nul",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b'{"a": NaN}',
        b"1e400",
        b"[1,]",
        b"{'a': 1}",
        b"01",
        b"+1",
        b"0x10",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\udfff": 1}',
        b'"\xed\xa0\x80"',  # half a character, as bytes
        b'"\xff"',
        b'"\xc0\xaf"',  # a slash, overlong
        b'"a\nb"',
        b'"\x00"',
        b"\xef\xbb\xbf{}",
        '{"text": "北京"}'.encode("utf-16"),
        '{"text": "北京"}'.encode("gb18030"),
        b"{} {}",
        b"{}\x00",
        b"[" * 100_000,
        b"[" * 2_000 + b"]" * 2_000,
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_no_json(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        loads(raw)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"9223372036854775808",
        b"18446744073709551615",
        b"18446744073709551616",
        b"-9223372036854775809",
        b'{"top": 123456789012345678901234567890}',
        b'[{"a": [1e19]}]',
        b"1e300",
        b"9" * 300,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b"[" + b"1," * MAX_VALUES + b"1]",
        b"[" + b"[]," * MAX_VALUES + b"[]]",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_json_that_is_too_much(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        loads(raw)
    assert refused.value.status == 422


def test_bounds_are_inside() -> None:
    assert loads(b"9223372036854775807") == 2**63 - 1
    assert loads(b"-9223372036854775808") == -(2**63)
    found = loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        [found] = found
    assert found == []
    assert len(loads(b"[" + b"1," * (MAX_VALUES - 1) + b"1]")) == MAX_VALUES


def test_the_last_of_two_counts() -> None:
    assert loads(b'{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


def test_a_long_text_may_hold_anything() -> None:
    text = "[{" * 50_000 + "9" * 50_000 + "NaN\\ud800"
    assert loads(json.dumps({"text": text}).encode()) == {"text": text}


def test_messages_tell_what_to_do_and_nothing_of_the_body() -> None:
    with pytest.raises(Refused, match=r"UTF-8|utf-8|BOM") as refused:
        loads("秘密".encode("gb18030"))
    assert refused.value.hint == "send UTF-8 without a byte order mark"
    with pytest.raises(Refused) as refused:
        loads(b'{"secret": secret}')
    assert "secret" not in refused.value.message


def test_no_number_that_is_none() -> None:
    assert loads(b"[0.5, -0.0, true, null]") == [0.5, 0.0, True, None]
    assert math.copysign(1, loads(b"-0.0")) == -1
