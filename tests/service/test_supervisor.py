"""The service's life: begun, stopped, reloaded, its workers killed; with real processes."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.service.processes import Service, load, until
from textpipe.service.listening import turn_away

TEXT = "我来到北京清华大学"


@pytest.fixture(name="store")
def store_(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture(name="service")
def service_(store: Path) -> Iterator[Service]:
    with Service("--workers", 2, "--store", store) as service:
        until(lambda: len(service.workers()) == 2)
        yield service


def test_sigterm_answers_all_that_came(service: Service) -> None:
    with load(service, text=TEXT) as done:
        until(lambda: done.counts["200"] > 200)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert done.counts["200"] > 200
    assert done.counts["unanswered"] == done.counts["wrong"] == 0
    assert {*done.counts} <= {"200", "refused", "unanswered", "wrong"}
    assert [event["event"] for event in service.events()] == ["started", "stopping", "stopped"]


@pytest.mark.long
def test_a_hundred_sigterms_under_load(store: Path) -> None:
    total = 0
    for _ in range(100):
        with Service("--workers", 2, "--store", store) as service, load(service, text=TEXT) as done:
            until(lambda: done.counts["200"] > 20)
            time.sleep(random.random() * 0.3)
            service.signal(random.choice((signal.SIGTERM, signal.SIGINT)))
            began = time.monotonic()
            assert service.wait() == 0
            assert time.monotonic() - began < 10
        assert done.counts["unanswered"] == done.counts["wrong"] == 0
        total += done.counts["200"]
    assert total > 2000
