"""Queues: what they expect to take, whom they refuse, whose turn it is."""

from __future__ import annotations

from typing import Any

import pytest

from textpipe.service.answers import Refused
from textpipe.service.queues import Item, Meter, Pace, Queue, Ring, busy


def queue(name: str = "one", *, bound: float = 1.0) -> Queue:
    return Queue(name, bound, Meter())


def item(seconds: float = 1.0, *, future: Any = None) -> Item:
    return Item(lambda: None, 1, seconds, 0.0, future)


def test_a_meter_learns_what_a_character_takes() -> None:
    meter = Meter()
    meter.note(1_000, 60.0)  # the first also loads tables
    for _ in range(300):
        meter.note(800, 0.001)
    assert meter.estimate(800) == pytest.approx(0.001)
    assert meter.estimate(9_800) == pytest.approx(0.01)


def test_a_meter_follows_a_change() -> None:
    meter = Meter()
    for _ in range(100):
        meter.note(800, 0.001)
    for _ in range(200):
        meter.note(800, 0.004)
    assert meter.estimate(800) == pytest.approx(0.004, rel=0.01)


def test_a_pace_is_the_clock_over_the_work() -> None:
    pace = Pace()
    for _ in range(300):
        pace.note(0.001, 0.003)
    assert pace.ratio == pytest.approx(3, rel=0.01)


def test_a_queue_refuses_from_its_bound_on() -> None:
    one = queue()
    one.admit(0.99, now=0.0)
    with pytest.raises(Refused) as refused:
        one.admit(1.01, now=0.0)
    assert refused.value.status == 503
    assert refused.value.headers == {"Retry-After": "2"}
    assert one.counts.refused == 1


def test_a_queue_that_was_full_is_kept_short_until_it_has_refused_nothing_for_a_second() -> None:
    one = queue()
    with pytest.raises(Refused):
        one.admit(1.5, now=0.0)
    with pytest.raises(Refused):
        one.admit(0.5, now=0.6)
    with pytest.raises(Refused):
        one.admit(0.5, now=1.5)  # the last refusal counts
    one.admit(0.04, now=1.6)
    one.admit(0.5, now=2.6)
    assert one.counts.refused == 3


def test_a_queue_that_stays_long_is_full_before_its_bound() -> None:
    one = queue()
    one.admit(0.3, now=0.0)
    one.admit(0.3, now=0.5)
    one.admit(0.2, now=0.6)  # it was a burst
    one.admit(0.3, now=0.7)
    one.admit(0.9, now=1.1)
    with pytest.raises(Refused):
        one.admit(0.3, now=1.3)


def test_a_queue_that_was_empty_was_not_long() -> None:
    ring, one = Ring(), queue("one")
    one.admit(0.3, now=0.0)
    ring.add(one, item(1))
    ring.take()
    one.admit(0.3, now=0.6)
    assert one.counts.refused == 0


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, "1"), (0.2, "1"), (1.2, "2"), (59.5, "60")])
def test_retry_after_is_whole_seconds(wait: float, seconds: str) -> None:
    assert busy(wait).headers == {"Retry-After": seconds}


def test_queues_take_turns() -> None:
    ring, one, other = Ring(), queue("one"), queue("other")
    for number in range(4):
        ring.add(one, item(number))
    ring.add(other, item(10))
    ring.add(other, item(11))
    taken = [ring.take() for _ in range(6)]
    assert [(at.name, work.seconds) for at, work in taken] == [
        ("one", 0), ("other", 10), ("one", 1), ("other", 11), ("one", 2), ("one", 3)
    ]  # fmt: skip
    assert not ring
    assert ring.seconds == one.seconds == other.seconds == 0


def test_what_is_ahead_of_a_queue() -> None:
    ring, one, other = Ring(), queue("one"), queue("other")
    assert ring.ahead(one) == 0
    for _ in range(10):
        ring.add(one, item(0.1))
    assert ring.ahead(one) == pytest.approx(1)
    assert ring.ahead(other) == pytest.approx(0.1)  # its turn comes after one item
    ring.add(other, item(0.1))
    assert ring.ahead(other) == pytest.approx(0.2)
    assert ring.ahead(one) == pytest.approx(1.1)  # no more than there is


def test_what_waited_for_too_long_is_late() -> None:
    one = queue(bound=0.5)
    assert not one.is_late(10.0, 10.9)
    assert one.is_late(10.0, 11.1)
