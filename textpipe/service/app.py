"""The application: routes, and errors as answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

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
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.state.service = endpoints.Service(settings)
    app.state.log = RequestLog(observe=app.state.service.measurements.observe)
    admission = Admission(settings)
    handlers = {TextpipeError: as_answer, Refused: as_answer, HTTPException: as_answer}
    others = ExceptionMiddleware(app.router, handlers=handlers)
    app.middleware_stack = Guard(
        Straight(others, routes), admission=admission, log=app.state.log, texts=settings.log_texts
    )
    service = app.state.service
    app.state.shedding = Shedding(admission, service.work, service.artifacts, app.state.log, inline=settings.inline)
    return app


class Straight:
    """ASGI. What is posted to a path without parameters goes straight to that route's function: Starlette would try
    route after route and hand it on eight times, which takes longer than the keywords of a headline."""

    def __init__(self, others: ASGIApp, routes: Sequence[Route]) -> None:
        self._others = others
        self._routes = {one.path: one for one in routes if one.methods == {"POST"} and not one.param_convertors}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope.get("method") == "POST" else None
        if route is None:
            await self._others(scope, receive, send)
            return
        scope["route"] = route
        try:
            found = await route.endpoint(Request(scope, receive))
        except (TextpipeError, Refused) as error:
            found = error_answer(error)
        await found(scope, receive, send)


async def as_answer(_request: Request, error: Exception) -> Any:
    if isinstance(error, HTTPException):  # of the routes: 404, 405
        error = Refused(error.status_code, error.detail.lower(), headers=error.headers)
    assert isinstance(error, Refused | TextpipeError)
    return error_answer(error)
