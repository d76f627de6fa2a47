"""What is measured, for /metrics: the figures of all workers together, in the text format of Prometheus.

Each worker keeps its figures in files of a folder that all share (prometheus-client's mode for several processes),
named by its slot: the worker that takes the place of a dead one goes on with them, so that counters never go back.
Labels are few and known: a route as it is written in the description, a status, a kind of artifact; nothing that a
client sent.
"""

from __future__ import annotations

import contextlib
import glob
import os
import struct
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from textpipe.service.logs import Answered

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
OTHER = "other"  # what is no route
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TRIES = 5
_PAGE = os.sysconf("SC_PAGE_SIZE")


def share(folder: str, *, slot: int | str) -> None:
    """Keep the figures of this process in the folder, under the slot. Before any Measurements are made."""
    from prometheus_client import values

    os.environ[_FOLDER] = folder
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def forget(folder: str, *, slot: int | str) -> None:
    """Take back what a process that is dead said of the moment: its connections, its memory."""
    for path in glob.glob(os.path.join(glob.escape(folder), f"gauge_live*_{slot}.db")):
        os.remove(path)


class Measurements:
    """Of one process, which are those of all where `share` was called."""

    def __init__(self) -> None:
        self._shared = os.environ.get(_FOLDER)
        self.registry = CollectorRegistry()
        make: dict[str, Any] = {"registry": None if self._shared else self.registry}
        if self._shared:
            self.registry.register(_OfAll(self._shared))
        self._requests = Counter("textpipe_requests", "Requests answered.", ("route", "status"), **make)
        self._seconds = Histogram(
            "textpipe_request_seconds",
            "From a request's headers to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            **make,
        )
        self._sent = Counter("textpipe_sent_bytes", "Bytes of the bodies of answers.", ("route",), **make)
        self._loads = Counter("textpipe_artifact_loads", "Artifacts loaded, or not.", ("kind", "outcome"), **make)
        live: Any = partial(Gauge, multiprocess_mode="livesum", **make)
        self._memory = live("textpipe_artifacts_in_memory", "Artifacts that workers hold.")
        self._connections = live("textpipe_connections", "Open connections.")
        self._in_flight = live("textpipe_requests_in_flight", "Requests that are being answered.")
        self._queue = Gauge(
            "textpipe_queue_seconds",
            "Estimated waiting time, the longest of all queues.",
            multiprocess_mode="livemax",
            **make,
        )
        self._resident = live("textpipe_resident_bytes", "Memory of workers; pages that they share count for each.")
        self._children: dict[tuple[str, int], tuple[Any, Any, Any]] = {}

    def observe(self, answered: Iterable[Answered]) -> None:
        """Requests that were answered: those of a kind are counted at once."""
        kinds: dict[tuple[str, int], list[Answered]] = {}
        for one in answered:
            kinds.setdefault((one.route or OTHER, one.status), []).append(one)
        for (route, status), alike in kinds.items():
            self._observe(route, status, alike)

    def _observe(self, route: str, status: int, alike: Sequence[Answered]) -> None:
        found = self._children.get((route, status))
        if found is None:
            found = (
                self._requests.labels(route, str(status)),
                self._seconds.labels(route),
                self._sent.labels(route),
            )
            self._children[route, status] = found
        count, duration, size = found
        count.inc(len(alike))
        size.inc(sum(one.sent for one in alike))
        for one in alike:
            duration.observe(one.seconds)

    def loaded(self, kind: str) -> None:
        """An artifact was loaded."""
        self._loads.labels(kind, "loaded").inc()

    def not_loaded(self, kind: str) -> None:
        """An artifact could not be loaded."""
        self._loads.labels(kind, "failed").inc()

    def in_memory(self, count: int) -> None:
        """So many artifacts."""
        self._memory.set(count)

    def observe_worker(self, *, connections: int, requests: int, queue_seconds: float) -> None:
        """What a worker has at this moment. queue_seconds: estimated waiting time of its fullest queue"""
        self._queue.set(queue_seconds)
        self._connections.set(connections)
        self._in_flight.set(requests)
        self._resident.set(resident_bytes())

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)


class _OfAll(Collector):
    """What all processes wrote into the folder."""

    def __init__(self, folder: str) -> None:
        self._files = os.path.join(glob.escape(folder), "*.db")

    def collect(self) -> Iterable[Metric]:
        """But for files that are being made: they are empty for a moment, which prometheus-client takes for damage."""
        for _ in range(_TRIES):
            with contextlib.suppress(struct.error, FileNotFoundError):
                files = [path for path in glob.glob(self._files) if os.path.getsize(path)]
                found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
                return found
        return ()


class OfSupervisor:
    """What the supervisor alone knows; it appears among the figures of the workers."""

    def __init__(self) -> None:
        self.restarts = Counter("textpipe_worker_restarts", "Workers begun in the place of dead ones.", registry=None)
        self.reloads = Counter("textpipe_reloads", "Reloads (SIGHUP) that went well.", registry=None)
        self.workers = Gauge("textpipe_workers", "Workers that accept.", registry=None, multiprocess_mode="livesum")


def resident_bytes() -> int:
    """Of this process; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[1]) * _PAGE
    except OSError:
        return 0
