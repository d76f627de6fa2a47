"""Keys: typed, canonical, the same everywhere and for ever."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textpipe.errors import UsageError
from textpipe.store.keys import Recipe, canonical, digest

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)


@given(PLAIN)
def test_canonical_is_json_that_says_the_same(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(PLAIN, PLAIN)
def test_equal_bytes_mean_equal_values_and_types(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (repr(_sorted(one)) == repr(_sorted(other)))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def test_types_differ() -> None:
    assert len({canonical(value) for value in (1, 1.0, True, "1", [1], {"1": 1}, None, "null", -0.0, 0.0)}) == 10


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, (1,), b"x", "\ud800", {"a": {2}}])
def test_what_has_no_exact_form(value: object) -> None:
    with pytest.raises(UsageError, match="not a parameter"):
        canonical(value)


def test_deep_values_are_an_error_and_no_crash() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(UsageError):
        canonical(value)


def test_known_keys() -> None:
    """If this fails, stores that exist lose all their artifacts: a new format is needed then."""
    recipe = Recipe("tokens", "tokens", 1, {"hmm": True, "mode": "exact"}, {"corpus": "0" * 64})
    assert recipe.key == "3fa0a7fffa2cd5e60b6b58aae76ee85752f34117dcf2f42ea67e19a0141b7cb4"
    assert recipe.id == recipe.key[:32]
    assert digest("content", {"a.txt": "1" * 64}) == "78b5ccbe83452de92cbca7385f76c62ac694a6aeb2db4c3cf0cc43932841d867"


def test_what_a_key_depends_on() -> None:
    base = {"stage": "s", "version": 1, "params": {"k": 1}, "inputs": {"a": "0" * 64}}
    changes: list[dict[str, Any]] = [
        {"stage": "t"}, {"version": 2}, {"params": {"k": 1.0}}, {"params": {}}, {"inputs": {"b": "0" * 64}},
        {"inputs": {"a": "1" * 64}},
    ]  # fmt: skip
    keys = {Recipe("kind", **{**base, **change}).key for change in [{}, *changes]}
    assert len(keys) == len(changes) + 1


def test_the_hash_seed_does_not_matter() -> None:
    code = "from textpipe.store.keys import digest; print(digest('x', {str(i): i for i in range(50)}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
