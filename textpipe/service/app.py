"""The application: routes, and errors as answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textpipe.errors import TextpipeError
from textpipe.service import artifact_routes, endpoints, openapi
from textpipe.service.answers import Refused, answer, error_answer
from textpipe.service.page import page_routes
from textpipe.service.settings import ServiceSettings


def build_app(settings: ServiceSettings) -> Starlette:
    """The ASGI application of one worker."""
    routes = [
        *endpoints.routes(),
        *artifact_routes.routes(),
        Route("/healthz", healthz),
        *page_routes(),
    ]
    routes.append(openapi.route(routes, settings))
    handlers = {TextpipeError: as_answer, Refused: as_answer, HTTPException: as_answer}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.service = endpoints.Service(settings)
    return app


async def healthz(_request: Request) -> Response:
    return answer({"status": "alive"})


async def as_answer(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):  # of the routes: 404, 405
        error = Refused(error.status_code, error.detail.lower(), headers=error.headers)
    assert isinstance(error, Refused | TextpipeError)
    return error_answer(error)
