"""Figures: of all workers together, through their deaths, with labels that clients cannot make up."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.service.processes import Service, until
from textpipe.service.app import build_app
from textpipe.service.measurements import OTHER, Measurements, resident_bytes
from textpipe.service.settings import ServiceSettings

TEXT = {"text": "我来到北京清华大学"}
TOKENIZED = ("textpipe_requests_total", "/v1/tokenize", "200")


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, values of labels) → value"""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(name="service")
def service_(tmp_path: Path) -> Iterator[Service]:
    with Service("--workers", 2, "--store", tmp_path / "store") as service:
        until(lambda: figure(service, "textpipe_workers") == 2)
        yield service


def figure(service: Service, name: str, *labels: str) -> float:
    return samples(service.ask("/metrics").body).get((name, labels), 0.0)


def test_every_request_is_counted_whichever_worker_answered(service: Service) -> None:
    for _ in range(20):
        assert service.ask("/v1/tokenize", TEXT).status == 200
    assert service.ask("/v1/nothing", TEXT).status == 404
    until(lambda: figure(service, "textpipe_requests_total", OTHER, "404") == 1)  # counted once it is answered
    until(lambda: figure(service, *TOKENIZED) == 20)
    found = samples(service.ask("/metrics").body)
    assert found["textpipe_request_seconds_count", ("/v1/tokenize",)] == 20
    length = int(service.ask("/v1/tokenize", TEXT).headers["content-length"])
    assert found["textpipe_sent_bytes_total", ("/v1/tokenize",)] == 20 * length
    assert found["textpipe_resident_bytes", ()] > 2 * 1e7


def test_counters_never_go_back(service: Service) -> None:
    for number in (1, 2):
        for _ in range(10):
            service.ask("/v1/tokenize", TEXT)
        until(lambda number=number: figure(service, *TOKENIZED) == 10 * number)  # type: ignore[misc]
        os.kill(service.workers()[0], signal.SIGKILL)
        until(lambda number=number: figure(service, "textpipe_worker_restarts_total") == number)  # type: ignore[misc]
        until(lambda: figure(service, "textpipe_workers") == 2)
        assert figure(service, *TOKENIZED) == 10 * number
    service.signal(signal.SIGHUP)
    until(lambda: figure(service, "textpipe_reloads_total") == 1)
    until(lambda: len(service.workers()) == 2)
    assert figure(service, *TOKENIZED) == 20


def test_nothing_stays_behind(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Service("--store", tmp_path / "store", environment={"TMPDIR": str(folder)}) as service:
            assert [path.name[:15] for path in folder.iterdir()] == ["textpipe-serve-"]
            service.signal(number)
            service.wait()
            until(lambda folder=folder: not any(folder.iterdir()))  # type: ignore[misc]


def test_labels_are_bounded() -> None:
    """Whatever clients send, the number of series stays as it is."""
    app = build_app(ServiceSettings(store=Path("none")))
    measurements: Measurements = app.state.service.measurements

    def series() -> int:
        app.state.log.flush()
        return len([line for line in measurements.text().splitlines() if not line.startswith(b"#")])

    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get("/x")
        client.request("DELETE", "/v1/tokenize")
        before = series()
        for number in range(50):
            client.get(f"/x{number}?a={number}")
            client.get(f"/v1/{number}")
            client.request("DELETE", "/v1/tokenize", headers={"X-Anything": str(number)})
        assert series() == before
    assert before > 10


def test_names_are_as_prometheus_wants_them() -> None:
    text = Measurements().text().decode()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert all(re.fullmatch("textpipe_[a-z_]+", name) for name in names)
    assert {"textpipe_requests", "textpipe_request_seconds", "textpipe_connections"} <= names
    assert resident_bytes() > 1e6
