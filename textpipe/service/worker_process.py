"""A worker as the supervisor sees it: a process, and a pair of connected sockets to talk over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

from textpipe.service.settings import ServiceSettings, settings_to_json

_CODE = "from textpipe.service.worker import main; main({descriptor})"
_HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class WorkerProcess:
    """slot: which of the workers it is; pair: what it says comes here; up: whether it accepts; ready: whether the named
    artifacts are loaded; heard: when it was last heard; told: when it was told to stop"""

    def __init__(
        self, settings: ServiceSettings, listener: socket.socket, *, slot: int, metrics: str, waits: bool
    ) -> None:
        self.slot = slot
        self.up = self.ready = False
        self.heard = time.monotonic()
        self.told = float("inf")
        self.pair, theirs = socket.socketpair()
        with theirs:
            self._process = _begin(theirs, listener)
        orders = {"listener": listener.fileno(), "slot": slot, "metrics": metrics, "waits": waits}
        self._say(json.dumps({"settings": settings_to_json(settings), **orders}).encode())
        self.pair.setblocking(False)
        self._rest = b""

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def hear(self) -> None:
        """Take in what it said."""
        with contextlib.suppress(OSError):
            *words, self._rest = (self._rest + self.pair.recv(65_536)).split(b"\n")
            self.heard = time.monotonic()
            self.up |= b"up" in words
            self.ready |= b"ready" in words

    def stop(self) -> None:
        """Answer what came, also what waits to be accepted, and end."""
        self._say(b"stop")
        self.told = time.monotonic()

    def drain(self) -> None:
        """Answer what it has accepted, and end."""
        self._say(b"drain")
        self.told = time.monotonic()

    def kill(self) -> None:
        """At once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()

    def exit_code(self) -> int | None:
        """None as long as it runs."""
        return self._process.poll()

    def _say(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # it is dead, which is found out elsewhere
            self.pair.sendall(line + b"\n")


def _begin(theirs: socket.socket, listener: socket.socket) -> subprocess.Popen[bytes]:
    """A fresh interpreter that finds modules where this one does; what it must know and others must not see comes over
    the pair. Its signals are blocked until it can take them."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop("TEXTPIPE_SERVE_TOKEN", None)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE.format(descriptor=theirs.fileno())],
            pass_fds=(theirs.fileno(), listener.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
