"""The process that holds the socket and keeps the workers alive.

    SIGTERM, SIGINT   stop: no new connection, an answer to every request that came, exit 0; a second one: at once
    SIGHUP            reload: fresh workers with what the settings say now, ready before the old ones stop

Workers are fresh processes, never forks of this one, that inherit the listening socket and accept from it themselves.
A connection that waits to be accepted belongs to the socket, not to a worker, and survives any of them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType

from textpipe.errors import EXIT_SIGNALLED, ResourceError, TextpipeError
from textpipe.service.events import tell
from textpipe.service.listening import address_of, listen, turn_away
from textpipe.service.measurements import OfSupervisor, forget, share
from textpipe.service.settings import ServiceSettings
from textpipe.service.worker_process import WorkerProcess

SILENCE_SECONDS = 30.0  # of a worker, after which it is taken to hang
_START_SECONDS = 60.0  # for a worker to accept, and for those of a reload to be ready
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0  # before a worker is begun in the place of one that never came up
_SECONDS_TO_SPARE = 1.0  # after drain_seconds, until workers are killed
_TICK = 0.25
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def serve(read_settings: Callable[[], ServiceSettings], *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, and answer all that came by then.

    read_settings: what is to be served, read again on reload (host and port stay); announce: called with the address,
    once requests are accepted
    Raises UsageError or OutputError where it cannot listen, ResourceError where no worker comes up.
    """
    settings = read_settings()
    listener = listen(settings)
    with contextlib.ExitStack() as ending:
        ending.callback(listener.close)
        folder = tempfile.mkdtemp(prefix="textpipe-serve-")
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        share(folder, slot="supervisor")
        settings = replace(settings, port=listener.getsockname()[1])
        supervisor = _Supervisor(settings, read_settings, listener, folder, announce)
        ending.callback(supervisor.kill_all)
        with _signals(supervisor.on_signal):
            supervisor.run()


class _Supervisor:
    """The workers, and what is to be done with them next."""

    def __init__(
        self,
        settings: ServiceSettings,
        read_settings: Callable[[], ServiceSettings],
        listener: socket.socket,
        folder: str,
        announce: Callable[[str], None],
    ) -> None:
        self._settings, self._read_settings = settings, read_settings
        self._listener, self._folder, self._announce = listener, folder, announce
        self._workers: list[WorkerProcess] = []  # those that serve, or will
        self._leaving: list[WorkerProcess] = []  # those that were told to stop
        self._coming: list[WorkerProcess] = []  # those of a reload
        self._coming_settings = settings
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: self._woken.recv(64))
        self._signals: list[int] = []
        self._announced = False
        self._failures = 0  # of workers in a row that never came up
        self._next_start = 0.0
        self._deadline: float | None = None
        self._has_terminal = _has_terminal()
        self._figures = OfSupervisor()

    def run(self) -> None:
        """Until told to stop."""
        while not (self._deadline is not None and not self._leaving):
            self._do_signals()
            if self._deadline is None:
                self._fill_up()
                self._go_on_with_reload()
            for key, _ in self._selector.select(_TICK):
                key.data()
            self._reap()
            self._kill_late_ones()
            if self._deadline is None:
                self._announce_once()
                self._figures.workers.set(sum(worker.up for worker in self._workers))
        tell("stopped")

    def on_signal(self, number: int) -> None:
        """Remembered; `run` does it."""
        self._signals.append(number)
        self._waker.send(b"\0")

    def kill_all(self) -> None:
        """Where something went wrong: no worker stays."""
        every = (*self._workers, *self._coming, *self._leaving)
        for worker in every:
            worker.kill()
        for worker in every:
            worker.wait()

    # ------------------------------------------------------------------------------------------ signals

    def _do_signals(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number == signal.SIGHUP and not self._terminal_is_gone():
                self._reload()
            elif self._deadline is None:
                self._stop(number)
            elif number in _STOPPING:
                tell("stopped", at_once=True)
                self.kill_all()
                raise SystemExit(EXIT_SIGNALLED + number)

    def _terminal_is_gone(self) -> bool:
        """SIGHUP also says so; whoever closed the terminal did not mean to leave a service behind."""
        return self._has_terminal and not _has_terminal()

    def _stop(self, number: int) -> None:
        """Nobody new; what waits to be accepted is accepted, what is asked is answered."""
        tell("stopping", signal=signal.Signals(number).name)
        turn_away(self._listener)
        self._deadline = time.monotonic() + self._settings.drain_seconds + _SECONDS_TO_SPARE
        for worker in self._coming:
            worker.kill()
        self._leaving += (*self._workers, *self._coming)
        self._workers, self._coming = [], []
        for worker in self._leaving:
            worker.stop()
        self._listener.close()

    def _kill_late_ones(self) -> None:
        now = time.monotonic()
        if self._deadline is not None and now > self._deadline:
            for worker in self._leaving:
                worker.kill()
        for worker in self._leaving:
            if now > worker.told + self._settings.drain_seconds + _SECONDS_TO_SPARE:
                worker.kill()
        for worker in self._workers:
            if now > worker.heard + (SILENCE_SECONDS if worker.up else _START_SECONDS):
                tell("worker-hangs", worker=worker.pid)
                worker.kill()

    # ------------------------------------------------------------------------------------------ workers

    def _begin(self, settings: ServiceSettings, *, waits: bool) -> WorkerProcess:
        taken = {worker.slot for worker in (*self._workers, *self._leaving, *self._coming)}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        worker = WorkerProcess(settings, self._listener, slot=slot, metrics=self._folder, waits=waits)
        self._selector.register(worker.pair, selectors.EVENT_READ, worker.hear)
        return worker

    def _fill_up(self) -> None:
        """As many workers as there should be."""
        while len(self._workers) < self._settings.workers and time.monotonic() >= self._next_start:
            self._workers.append(self._begin(self._settings, waits=False))

    def _reap(self) -> None:
        for group in (self._workers, self._coming, self._leaving):
            for worker in list(group):
                code = worker.exit_code()
                if code is not None:
                    group.remove(worker)
                    self._ended(worker, code, expected=group is self._leaving)

    def _ended(self, worker: WorkerProcess, code: int, *, expected: bool) -> None:
        self._selector.unregister(worker.pair)
        worker.pair.close()
        forget(self._folder, slot=worker.slot)
        if expected:
            return
        tell("worker-died", worker=worker.pid, exit_code=code, came_up=worker.up)
        if worker.up:
            self._failures = 0
            self._figures.restarts.inc()
            return
        self._failures += 1
        if not self._announced:
            message = f"a worker did not come up: it ended with exit code {code}"
            raise ResourceError(message, hint="its own words stand above; textpipe doctor looks at the installation")
        self._next_start = time.monotonic() + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**self._failures)

    def _announce_once(self) -> None:
        if not self._announced and any(worker.up for worker in self._workers):
            self._announced = True
            address = address_of(self._listener, self._settings.host)
            tell("started", address=address, workers=self._settings.workers)
            self._announce(address)

    # ------------------------------------------------------------------------------------------ reload

    def _reload(self) -> None:
        if self._coming or self._deadline is not None:
            return
        try:
            settings = self._read_settings()
        except TextpipeError as error:
            tell("reload-failed", error=str(error))
            return
        tell("reloading")
        self._coming_settings = replace(settings, host=self._settings.host, port=self._settings.port)
        self._reload_deadline = time.monotonic() + _START_SECONDS
        while len(self._coming) < settings.workers:
            self._coming.append(self._begin(self._coming_settings, waits=True))

    def _go_on_with_reload(self) -> None:
        """Once all that come are ready they take over; where one of them is not in time, the old ones go on."""
        if not self._coming:
            return
        wanted = self._coming_settings.workers
        if len(self._coming) == wanted and all(worker.ready and worker.up for worker in self._coming):
            for worker in self._workers:
                worker.drain()
            self._leaving += self._workers
            self._workers, self._coming = self._coming, []
            self._settings = self._coming_settings
            self._figures.reloads.inc()
            tell("reloaded", workers=wanted)
        elif len(self._coming) < wanted or time.monotonic() > self._reload_deadline:
            tell("reload-failed", error="a new worker did not get ready; the old ones go on")
            for worker in self._coming:
                worker.kill()
            self._leaving += self._coming
            self._coming = []


@contextlib.contextmanager
def _signals(on_signal: Callable[[int], None]) -> Iterator[None]:
    """Take signals as long as the block lives; SIGHUP only where the caller does not ignore it (nohup)."""
    taken = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        taken.append(signal.SIGHUP)

    def handler(number: int, _frame: FrameType | None) -> None:
        on_signal(number)

    before = {number: signal.signal(number, handler) for number in taken}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
