"""What lies in the store: the list of artifacts, and one of them with its lineage. Names are names, never paths."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.routing import Route

from textpipe.errors import UsageError
from textpipe.operations.store import artifact_details, served_artifacts
from textpipe.service.answers import Answer, Refused, answer
from textpipe.service.endpoints import service_of
from textpipe.service.fields import NAME
from textpipe.store.manifest import is_kind
from textpipe.store.refs import resolve

_NAME = re.compile(NAME)
_LIST = "GET /v1/artifacts lists them"


async def artifacts(request: Request) -> Answer:
    service = service_of(request)
    far = service.settings.inline + 1
    found = await service.work.run(lambda: served_artifacts(service.artifacts.store), characters=far, queue="artifacts")
    return answer({"artifacts": found})


async def artifact(request: Request) -> Answer:
    """By name, id or the beginning of one; `?kind=` where several kinds have one of that name."""
    service = service_of(request)
    store = service.artifacts.store
    name, kind = request.path_params["name"], request.query_params.get("kind")
    if _NAME.fullmatch(name) is None:
        raise Refused(404, f"no artifact is called {name[:60]!r}", hint=_LIST)
    if kind is not None and not is_kind(kind):
        raise Refused(422, f"kind: {kind[:60]!r} is no kind of artifact", hint=_LIST)
    far = service.settings.inline + 1
    try:
        found = await service.work.run(
            lambda: artifact_details(store, resolve(store, name, kind=kind)), characters=far, queue="artifacts"
        )
    except UsageError as error:  # of the several that it may mean
        raise Refused(422, error.message, hint="?kind=…, or more of the id") from None
    return answer(found)


def routes() -> list[Route]:
    return [Route("/v1/artifacts", artifacts), Route("/v1/artifacts/{name}", artifact)]
