"""Work spread over processes: order, errors, deaths."""

from __future__ import annotations

import os

import pytest

import textpipe
from textpipe.errors import ResourceError
from textpipe.operations.parallel import Item, ordered_map, worker_count

ITEMS = [Item(number, number, 1 << 20) for number in range(12)]


def double(number: int) -> int:
    return 2 * number


def die(_number: int) -> None:
    os._exit(9)


def refuse(number: int) -> int:
    if number == 2:
        raise textpipe.InputError("bad 2", where="x", line=2)
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_order(jobs: int) -> None:
    items = [item._replace(local=item.key % 5 == 0) for item in ITEMS]
    assert list(ordered_map(double, items, jobs=jobs)) == [(number, 2 * number) for number in range(12)]


def test_small_items_go_in_batches() -> None:
    items = [Item(number, number, 1) for number in range(1000)]
    assert list(ordered_map(double, items, jobs=2)) == [(number, 2 * number) for number in range(1000)]


def test_errors_arrive_as_they_are() -> None:
    with pytest.raises(textpipe.InputError, match=r"bad 2 \(x:2\)"):
        list(ordered_map(refuse, ITEMS, jobs=2))


def test_a_worker_that_dies() -> None:
    with pytest.raises(textpipe.ResourceError, match="a worker process died"):
        list(ordered_map(die, ITEMS, jobs=2))


def test_counts() -> None:
    assert worker_count(3) == 3
    assert worker_count(0) >= 1
    with pytest.raises(textpipe.UsageError):
        ordered_map(double, ITEMS, jobs=-1)


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a limit of processes does: an error with a hint, not a bug."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor.submit", refuse)
    with pytest.raises(ResourceError, match=r"can't start new thread"):
        list(ordered_map(str, [Item(0, 0, 1)], jobs=2, in_threads=True))
