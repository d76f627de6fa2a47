"""The description: complete, and true of what the service does."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.service.conftest import BASE_URL, client_of
from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings

ACCEPTED = ["2xx", 404, 413, 422, 503]  # what a request in order may be answered: fields may not go together
REFUSED = [400, 404, 413, 415, 422]  # what one that is not must be answered


def test_every_route_is_described(tmp_path: Path) -> None:
    app = build_app(ServiceSettings(store=tmp_path))
    described = TestClient(app, base_url=BASE_URL).get("/openapi.json").json()
    routes = {route.path for route in app.routes if isinstance(route, Route)}
    assert {path for path in routes if not (path == "/" or path.startswith("/page"))} == set(described["paths"])
    assert len(described["paths"]) >= 12
    assert described["openapi"].startswith("3.1")


def test_its_schemas_are_schemas(tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    with client_of(tmp_path) as client:
        found = client.get("/openapi.json").json()["components"]["schemas"]
    assert {"KeywordRecord", "KeywordsRequest", "Error"} <= set(found)
    for schema in found.values():
        Draft202012Validator.check_schema(schema)


def test_limits_stand_in_it(tmp_path: Path) -> None:
    with client_of(tmp_path, max_text=77, max_texts=5, token="secret" * 8) as client:
        found = client.get("/openapi.json", headers={"authorization": f"Bearer {'secret' * 8}"}).json()
    text, documents = found["components"]["schemas"]["KeywordsRequest"]["oneOf"]
    assert text["properties"]["text"]["maxLength"] == 77
    assert documents["properties"]["documents"]["maxItems"] == 5
    assert found["security"] == [{"token": []}]


# ------------------------------------------------------------------------------------------------------ by machine


def asked(store: Path, *, examples: int) -> tuple[int, list[str]]:
    """(how many requests, what was wrong with their answers): those that the description allows, and others."""
    app = build_app(ServiceSettings(store=store, hosts=("localhost",)))
    statuses = {"positive_data_acceptance": ACCEPTED, "negative_data_rejection": REFUSED}
    config = SchemathesisConfig.from_dict(
        {
            "seed": 9,
            "checks": {check: {"expected-statuses": expected} for check, expected in statuses.items()},
            "generation": {"max-examples": examples},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    described = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    count, wrong = 0, []
    for event in from_schema(described).execute():
        if isinstance(event, events.ScenarioFinished):
            for identity, checks in event.recorder.checks.items():
                count += 1
                case = event.recorder.cases[identity].value
                failed = [check for check in checks if check.status != Status.SUCCESS]
                wrong += [
                    f"{check.name}: {case.method} {case.path} {case.query} {case.body!r}"[:500] for check in failed
                ]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(event))
    return count, wrong


def test_requests_of_a_machine(sample_store: Path) -> None:
    """Answers are as the description says, wrong requests are refused, and nothing is answered 500."""
    count, wrong = asked(sample_store, examples=4)
    assert wrong == []
    assert count > 1_000


@pytest.mark.long
def test_many_requests_of_a_machine(sample_store: Path) -> None:
    count, wrong = asked(sample_store, examples=1_000)
    assert wrong == []
    assert count > 5_000
