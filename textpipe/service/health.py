"""Whether the service is alive, whether it is ready, and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textpipe.service.answers import Answer, answer
from textpipe.service.measurements import CONTENT_TYPE

if TYPE_CHECKING:
    from textpipe.service.artifacts import Artifacts
    from textpipe.service.work import Work

_FULL = 0.8  # of the waiting time from which on requests are refused


class Readiness:
    """draining: whether the worker was told to stop"""

    def __init__(self, artifacts: Artifacts, work: Work) -> None:
        self.draining = False
        self._artifacts, self._work = artifacts, work

    def reasons(self) -> list[str]:
        """Why it is not ready; empty where it is."""
        found = ["the service is stopping"] if self.draining else []
        found += [f"artifact {name}: {why}" for name, why in self._artifacts.missing.items()]
        fullness = self._work.fullness()
        if fullness > _FULL:
            found.append(f"the queue is {fullness:.0%} full")
        return found


def routes() -> list[Route]:
    """None of them needs a body, or a queue."""
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def healthz(_request: Request) -> Answer:
    """The event loop turns."""
    return answer({"status": "alive"})


async def readyz(request: Request) -> Answer:
    """Whether requests should be sent here: 200, or 503 with the reasons."""
    reasons = request.app.state.service.readiness.reasons()
    if not reasons:
        return answer({"status": "ready"})
    return answer({"status": "not ready", "reasons": reasons}, status=503, headers={"Retry-After": "1"})


async def metrics(request: Request) -> Response:
    """The figures of all workers: of this one until now, of others until a tenth of a second ago."""
    request.app.state.log.flush()
    return Response(request.app.state.service.measurements.text(), headers={"Content-Type": CONTENT_TYPE})
