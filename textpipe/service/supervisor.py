"""The process that holds the socket and keeps the workers alive."""

from __future__ import annotations

import uvicorn

from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings


def serve(settings: ServiceSettings) -> None:
    """Until SIGTERM or SIGINT."""
    uvicorn.run(build_app(settings), host=settings.host, port=settings.port, log_level="warning")
