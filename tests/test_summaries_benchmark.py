"""ROUGE, as the benchmark of key sentences counts it."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("summaries", ROOT / "scripts" / "benchmarks" / "summaries.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SUMMARIES = benchmark()


def table(left: str, right: str) -> int:
    """The longest common subsequence, row by row."""
    row = [0] * (len(right) + 1)
    for a in left:
        last = row
        row = [0]
        for index, b in enumerate(right):
            row.append(last[index] + 1 if a == b else max(last[index + 1], row[index]))
    return row[-1]


@given(st.text("abcd", max_size=40), st.text("abcd", max_size=40))
def test_longest_common_subsequence(left: str, right: str) -> None:
    assert SUMMARIES.longest_common_subsequence(left, right) == table(left, right)


def test_rouge() -> None:
    one, two, longest = SUMMARIES.rouge("大桥今天通车。", "大桥 通车")  # 6 characters, 4 of them asked for
    assert (one.recall, one.precision, one.f1) == pytest.approx((1, 4 / 6, 0.8))
    assert (two.recall, two.precision) == pytest.approx((2 / 3, 2 / 5))  # 大桥 通车; 桥通 is missing
    assert (longest.recall, longest.precision) == pytest.approx((1, 4 / 6))
    assert [overlap.f1 for overlap in SUMMARIES.rouge("", "好")] == [0, 0, 0]
