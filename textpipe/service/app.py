"""The application: routes, and errors as answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textpipe.errors import TextpipeError
from textpipe.service import endpoints, health
from textpipe.service.answers import Refused, error_answer
from textpipe.service.measurements import Measured
from textpipe.service.settings import ServiceSettings


def build_app(settings: ServiceSettings) -> Starlette:
    """The ASGI application of one worker."""
    routes = [
        Route("/v1/tokenize", endpoints.tokenize, methods=["POST"]),
        Route("/v1/keywords", endpoints.keywords, methods=["POST"]),
        Route("/v1/classify", endpoints.classify, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
    ]
    service = endpoints.Service(settings)
    app = Starlette(
        routes=routes,
        exception_handlers={TextpipeError: as_answer, Refused: as_answer},
        middleware=[Middleware(Measured, service.measurements, routes)],
    )
    app.state.service = service
    return app


async def as_answer(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused | TextpipeError)
    return error_answer(error)
