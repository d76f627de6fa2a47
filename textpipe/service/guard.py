"""What is refused, what answers say of themselves, what the log says. The one middleware: around the routes, below it
only the protocol."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textpipe.service.admission import METHODS, Admission, body_length
from textpipe.service.answers import Refused, error_answer
from textpipe.service.logs import Answered, RequestLog, place_of

Header = tuple[bytes, bytes]

NO_STORE: Header = (b"cache-control", b"no-store")
GONE = 499  # in the log: the client left before its answer


class Guard:
    """ASGI. Refuses what may not be asked, completes every answer's headers, writes the log's line, and makes an
    answer (500) of what is a bug of ours."""

    def __init__(self, app: ASGIApp, *, admission: Admission, log: RequestLog, texts: bool = False) -> None:
        """texts: whether the log has them"""
        self._app, self._admission, self._log, self._texts = app, admission, log, texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        began = time.perf_counter()
        found, refusal = self._admission.looked_at(scope)
        request = self._admission.request_id(found)
        status, sent, error, texts = 0, 0, None, bytearray()

        async def complete(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = completed(message.get("headers", ()), scope["method"], request)
            else:
                sent += len(message.get("body", b""))
            await send(message)

        async def listening() -> Message:
            message = await receive()
            texts.extend(message.get("body", b""))
            return message

        try:
            if refusal is None:
                await self._app(scope, listening if self._texts else receive, complete)
            else:
                await error_answer(refusal)(scope, receive, complete)
        except ClientDisconnect:
            status = status or GONE
        except asyncio.CancelledError:
            status = status or GONE
            raise
        except Exception as bug:
            error = place_of(bug)
            if not status:  # else it is too late for another answer, and the connection is cut
                await error_answer(bug_answer(bug, request))(scope, receive, complete)
        finally:
            route = getattr(scope.get("route"), "path", None)
            self._log.request(
                Answered(
                    method=scope["method"] if scope["method"] in METHODS else "other",
                    route=route,
                    status=scope.get("textpipe.refused") or status or GONE,
                    seconds=time.perf_counter() - began,
                    body=body_length(found),
                    sent=sent,
                    request=request,
                    path=scope["path"][:200] if route is None else None,
                    error=error,
                    text=texts.decode("utf-8", "replace") if texts else None,
                )
            )

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})


def completed(headers: list[Header], method: str, request: str) -> list[Header]:
    """An answer's headers with the request's name. Nothing is stored that does not say otherwise, as the page's files
    do."""
    named = (b"x-request-id", request.encode())
    if method == "POST" or all(name != b"cache-control" for name, _ in headers):
        return [*headers, named, NO_STORE]
    return [*headers, named]


def bug_answer(bug: Exception, request: str) -> Refused:
    """What is said of it: nothing of what it holds."""
    if isinstance(bug, MemoryError):
        return Refused(503, "memory ran out", hint="fewer texts a request", headers={"retry-after": "1"})
    return Refused(500, "the service has a bug", hint=f"its log has more, under the id {request}")
