"""The application: routes, and errors as answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textpipe.errors import TextpipeError
from textpipe.service import endpoints
from textpipe.service.answers import Refused, answer, error_answer
from textpipe.service.page import page_routes
from textpipe.service.settings import ServiceSettings


def build_app(settings: ServiceSettings) -> Starlette:
    """The ASGI application of one worker."""
    routes = [
        Route("/v1/tokenize", endpoints.tokenize, methods=["POST"]),
        Route("/v1/keywords", endpoints.keywords, methods=["POST"]),
        Route("/v1/classify", endpoints.classify, methods=["POST"]),
        Route("/healthz", healthz),
        *page_routes(),
    ]
    app = Starlette(routes=routes, exception_handlers={TextpipeError: as_answer, Refused: as_answer})
    app.state.service = endpoints.Service(settings)
    return app


async def healthz(_request: Request) -> Response:
    return answer({"status": "alive"})


async def as_answer(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused | TextpipeError)
    return error_answer(error)
