"""The application: routes, and errors as answers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from textpipe.errors import TextpipeError
from textpipe.service import artifact_routes, endpoints, health, openapi
from textpipe.service.admission import Admission
from textpipe.service.answers import Refused, error_answer
from textpipe.service.guard import Guard
from textpipe.service.logs import RequestLog
from textpipe.service.page import page_routes
from textpipe.service.settings import ServiceSettings
from textpipe.service.shedding import Shedding


def build_app(settings: ServiceSettings) -> Starlette:
    """The ASGI application of one worker."""
    routes = [
        *endpoints.routes(),
        *artifact_routes.routes(),
        *health.routes(),
        *page_routes(),
    ]
    routes.append(openapi.route(routes, settings))
    handlers = {TextpipeError: as_answer, Refused: as_answer, HTTPException: as_answer}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.service = endpoints.Service(settings)
    app.state.log = RequestLog(observe=app.state.service.measurements.observe)
    admission = Admission(settings)
    app.add_middleware(Guard, admission=admission, log=app.state.log, texts=settings.log_texts)
    app.state.shedding = Shedding(admission, app.state.service.work, app.state.log, inline=settings.inline)
    return app


async def as_answer(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):  # of the routes: 404, 405
        error = Refused(error.status_code, error.detail.lower(), headers=error.headers)
    assert isinstance(error, Refused | TextpipeError)
    return error_answer(error)
