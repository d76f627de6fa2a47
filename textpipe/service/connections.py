"""The connections of a worker: made as uvicorn asks for them, told when the service ends."""

from __future__ import annotations

import asyncio
from typing import Any

from textpipe.service.deadlines import Watch
from textpipe.service.exchange import Shed
from textpipe.service.logs import RequestLog
from textpipe.service.outbox import Outbox
from textpipe.service.protocol import Connection
from textpipe.service.settings import ServiceSettings
from textpipe.service.wire import SECURITY


class Connections:
    """Makes those of one worker, for uvicorn, which takes this for a protocol's class."""

    def __init__(self, settings: ServiceSettings, log: RequestLog, outbox: Outbox, shed: Shed | None = None) -> None:
        self._watch = Watch(settings)
        self._own: dict[str, Any] = {
            "settings": settings,
            "log": log,
            "watch": self._watch,
            "outbox": outbox,
            "shed": shed,
        }

    def __call__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> Connection:
        return Connection(config, server_state, app_state, _loop, **self._own)

    def drain(self) -> None:
        """From now on every answer is the last one of its connection, and who is idle for a second is let go."""
        self._watch.drain()


def uvicorn_options(
    settings: ServiceSettings, log: RequestLog, *, outbox: Outbox | None = None, shed: Shed | None = None
) -> dict[str, Any]:
    """What uvicorn.Config must be told so that nothing of its own takes this one's place, or says more.

    outbox: the worker's
    shed: refuses requests before anything is made of them
    """
    return {
        "http": Connections(settings, log, outbox or Outbox(), shed),
        "ws": "none",
        "interface": "asgi3",
        "proxy_headers": False,  # anybody on this machine can write X-Forwarded-For
        "headers": [(name.decode(), value.decode()) for name, value in SECURITY],
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "log_level": "error",
    }
