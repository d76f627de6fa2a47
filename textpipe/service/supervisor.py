"""The process that holds the socket and keeps the workers alive."""

from __future__ import annotations

import uvicorn

from textpipe.service.app import build_app
from textpipe.service.protocol import uvicorn_options
from textpipe.service.settings import ServiceSettings


def serve(settings: ServiceSettings) -> None:
    """Until SIGTERM or SIGINT."""
    app = build_app(settings)
    uvicorn.run(app, host=settings.host, port=settings.port, **uvicorn_options(settings, app.state.log))
