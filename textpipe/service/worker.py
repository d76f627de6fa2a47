"""One worker: a process with an event loop that accepts connections, speaks HTTP and runs the application.

The supervisor begins it with `python -c`, the listening socket and a pair of connected sockets inherited. Over the pair
it is told first how to run (a line of JSON), later `drain` or `stop`; it says `up` once it accepts, `ready` once the
named artifacts are loaded, `alive` every second. Where the other end is closed, the supervisor is gone, and it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import time
from typing import Any, NamedTuple

import uvicorn
from uvicorn.server import ServerState

from textpipe.segment.tokenizer import Tokenizer
from textpipe.service import measurements
from textpipe.service.app import build_app
from textpipe.service.connections import Connections, uvicorn_options
from textpipe.service.endpoints import Service
from textpipe.service.events import tell
from textpipe.service.garbage import settle
from textpipe.service.settings import ServiceSettings, settings_from_json
from textpipe.service.wire import default_headers

DRAIN, STOP = b"drain", b"stop"  # leave what waits to be accepted to others; accept it first
UP, READY, ALIVE = b"up", b"ready", b"alive"
_ACCEPTED_AT_ONCE = 8  # of one turn of the loop, so that other workers get theirs
_SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Orders(NamedTuple):
    """What a worker is told at its start. listener: number of the socket; slot: which of the workers it is, from 0;
    metrics: folder for figures, which all workers share; waits: whether it accepts only when it is ready"""

    settings: ServiceSettings
    listener: int
    slot: int
    metrics: str
    waits: bool


def main(descriptor: int) -> None:
    """Run until told to stop; does not return. descriptor: of the pair's end"""
    with socket.socket(fileno=descriptor) as pair:
        orders = _read_orders(pair)
        measurements.share(orders.metrics, slot=orders.slot)
        config = uvicorn.Config("", loop="auto", log_config=None)
        code = 0
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            code = runner.run(Worker(orders, pair).run())
        os._exit(code)  # not waiting for threads: what they work on has nobody to be answered to


def _read_orders(pair: socket.socket) -> Orders:
    with pair.makefile("rb", buffering=0) as stream:
        orders = json.loads(stream.readline())
    return Orders(**orders | {"settings": settings_from_json(orders["settings"])})


class Worker:
    """A worker's connections, and its life."""

    def __init__(self, orders: Orders, pair: socket.socket) -> None:
        self._orders, self._pair = orders, pair
        self._settings = orders.settings
        self._listener = socket.socket(fileno=orders.listener)
        self._state = ServerState()
        self._stopping = asyncio.Event()
        self._stop_with_backlog = False
        self._accepting: set[asyncio.Task[Any]] = set()
        self._lost = False

    async def run(self) -> int:
        """Until stopped; the exit code."""
        self._hear()
        app = build_app(self._settings)
        service: Service = app.state.service
        options = uvicorn_options(self._settings, app.state.log, outbox=service.outbox, shed=app.state.shedding)
        config = uvicorn.Config(app, lifespan="on", **options)
        config.load()
        lifespan = config.lifespan_class(config)
        await lifespan.startup()
        if lifespan.should_exit:
            return 1
        connections: Connections = options["http"]
        self._connect = lambda: connections(config, self._state, lifespan.state, self._loop)
        self._set_date()
        Tokenizer().tokenize("先读词典")  # the first request need not wait for the dictionary
        settle()
        watch = asyncio.create_task(service.artifacts.watch())
        named = asyncio.create_task(self._load_named(service))
        if self._orders.waits:
            await self._first_of(named)
        if not self._stopping.is_set() or self._stop_with_backlog:
            self._loop.add_reader(self._listener, self._accept)
            self._say(UP)
        beat = asyncio.create_task(self._beat(service))
        await self._stopping.wait()
        service.readiness.draining = True
        watch.cancel()
        named.cancel()
        await self._drain(connections)
        beat.cancel()
        await lifespan.shutdown()
        app.state.log.close()
        if self._lost:  # there is nobody else to tidy up
            shutil.rmtree(self._orders.metrics, ignore_errors=True)
        return 0

    async def _load_named(self, service: Service) -> None:
        await service.artifacts.load_named()
        self._say(READY)

    async def _first_of(self, task: asyncio.Task[Any]) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    # ------------------------------------------------------------------------------------------ the supervisor

    def _hear(self) -> None:
        """Signals were blocked since before this process began, so that none was lost while modules were imported."""
        self._loop = asyncio.get_running_loop()
        self._pair.setblocking(False)
        self._heard = b""
        self._loop.add_reader(self._pair, self._on_word)
        self._loop.add_signal_handler(signal.SIGTERM, self._stop)
        for ignored in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all; the supervisor says what to do
            signal.signal(ignored, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

    def _on_word(self) -> None:
        try:
            data = self._pair.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._pair)
            self._lost = True
            self._stop(backlog=True)
            return
        *words, self._heard = (self._heard + data).split(b"\n")
        if DRAIN in words or STOP in words:
            self._stop(backlog=STOP in words)

    def _stop(self, *, backlog: bool = False) -> None:
        self._stop_with_backlog |= backlog
        self._stopping.set()

    def _say(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._pair.send(word + b"\n")

    async def _beat(self, service: Service) -> None:
        while True:
            self._set_date()
            self._say(ALIVE)
            service.measurements.observe_worker(
                connections=len(self._state.connections),
                requests=len(self._state.tasks),
                queue_seconds=service.work.fullness() * self._settings.max_queue_ms / 1000,
            )
            await asyncio.sleep(1.0 - time.time() % 1.0)  # when the second of the date changes

    def _set_date(self) -> None:
        self._state.default_headers[:] = default_headers()

    # ------------------------------------------------------------------------------------------ connections

    def _accept(self) -> None:
        self._accept_some(_ACCEPTED_AT_ONCE)

    def _accept_some(self, most: int) -> bool:
        """Accept so many that wait; whether there may be more."""
        for _ in range(most):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                if error.errno in _SHORTAGE:
                    self._pause()
                    return False
                continue  # it was given up before it was accepted
            connection.setblocking(False)
            task = self._loop.create_task(self._connected(connection))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)
        return True

    async def _connected(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            await self._loop.connect_accepted_socket(self._connect, connection)

    def _pause(self) -> None:
        """Files or memory ran out: what waits goes on waiting, for a moment."""
        self._loop.remove_reader(self._listener)

        def again() -> None:
            if not self._stopping.is_set():
                self._loop.add_reader(self._listener, self._accept)

        self._loop.call_later(0.1, again)

    async def _drain(self, connections: Connections) -> None:
        """Answer all that has come, tell clients that it is the last answer, and close what is idle."""
        end = time.monotonic() + self._settings.drain_seconds
        self._loop.remove_reader(self._listener)
        while self._stop_with_backlog and self._accept_some(_ACCEPTED_AT_ONCE):
            await asyncio.sleep(0)
        self._listener.close()
        connections.drain()
        while self._busy() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        if unanswered := len(self._state.tasks):
            tell("requests-given-up", count=unanswered, after=self._settings.drain_seconds)

    def _busy(self) -> bool:
        return bool(self._accepting or self._state.connections or self._state.tasks)
