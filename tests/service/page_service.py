"""A service for the tests of the page, in a thread of this process, and a browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
]
_SECONDS = 20


@contextmanager
def serving(store: Path, **settings: Any) -> Iterator[str]:
    """The address of a service of this store, which is gone after the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = build_app(ServiceSettings(store=store, port=port, **settings))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + _SECONDS
            while not server.started and thread.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
            assert server.started, "the service did not start"
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.should_exit = True
            thread.join(_SECONDS)
