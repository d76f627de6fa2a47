"""The description of the service, OpenAPI 3.1: routes and fields from the table that requests are checked by, answers
from the schemas of the command line's records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.routing import Route

from textpipe.operations.record_schemas import schemas
from textpipe.service.answers import JSON, JSON_LINES, Answer
from textpipe.service.bodies import MAX_ID, MAX_WORD
from textpipe.service.fields import ENDPOINTS, LONGEST, NAME, Endpoint, Field
from textpipe.service.settings import ServiceSettings
from textpipe.version import __version__

Schema = dict[str, Any]
_REFERENCES = "#/components/schemas/"
_ERRORS = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    403: "Asked from another site.",
    404: "There is no such artifact, or it is damaged.",
    408: "The request did not arrive in time.",
    413: "The body, a text, or the number of texts is too large.",
    415: "The body is of another type.",
    421: "Asked under a name that is not the service's.",
    422: "A field is missing, unknown, or has a value that it cannot have.",
    503: "Too much is waiting; Retry-After says when to try again.",
}
_ASKING, _READING = (400, 401, 403, 404, 408, 413, 415, 421, 422, 503), (401, 403, 404, 421, 422, 503)
_PLAIN = {  # path → (summary, schema or None for text, statuses besides 200)
    "/healthz": ("Whether the worker is alive.", {"type": "object"}, ()),
    "/readyz": (
        "Whether requests should be sent here: not until artifacts are loaded, nor while it ends.",
        {"type": "object"},
        (503,),
    ),
    "/metrics": ("Measurements, in Prometheus' format.", None, ()),
    "/openapi.json": ("This description.", {"type": "object"}, ()),
}


def route(others: Sequence[Route], settings: ServiceSettings) -> Route:
    """/openapi.json, of those routes and itself."""
    path = "/openapi.json"
    described = orjson.dumps(description([*(one.path for one in others), path], settings))

    async def handler(_request: Request) -> Answer:
        return Answer(described)

    return Route(path, handler)


def description(paths: Sequence[str], settings: ServiceSettings) -> Schema:
    """Of these paths."""
    every = {one.path: {"post": _asking(one)} for one in ENDPOINTS}
    every |= {path: {"get": _reading(path, *rest)} for path, rest in _PLAIN.items()}
    every |= {
        "/v1/artifacts": {"get": _listing()},
        "/v1/artifacts/{name}": {"get": _artifact()},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "textpipe",
            "version": __version__,
            "summary": "What textpipe's commands answer, over HTTP.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {path: every[path] for path in paths if path in every},
        "components": {
            "schemas": {**schemas(_REFERENCES), **_requests(settings), "Error": _error()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}] if settings.token else [{}],
    }


def _asking(endpoint: Endpoint) -> Schema:
    body: Schema = {JSON: {"schema": _ref(f"{_title(endpoint)}Request")}}
    record = _ref(endpoint.record)
    answers: Schema = {JSON: {"schema": record}}
    if endpoint.several and endpoint.takes:
        body[JSON_LINES] = {
            "schema": {"type": "string", "description": 'A line each: {"id", "text"}; options in the query.'}
        }
        names = ["documents", "words"] if endpoint.takes == "word" else ["documents"]
        lists = [_object({name: {"type": "array", "items": record}}, required=[name]) for name in names]
        answers[JSON]["schema"] = {"anyOf": [record, *lists]}
        answers[JSON_LINES] = {"schema": {"type": "string", "description": "A record a line."}}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.about,
        "parameters": [_parameter(field) for field in endpoint.fields],
        "requestBody": {"required": True, "content": body},
        "responses": {"200": {"description": "Records.", "content": answers}, **_errors(_ASKING)},
    }


def _requests(settings: ServiceSettings) -> dict[str, Schema]:
    return {f"{_title(one)}Request": _request(one, settings) for one in ENDPOINTS}


def _request(endpoint: Endpoint, settings: ServiceSettings) -> Schema:
    options = {field.name: _field(field) for field in endpoint.fields}
    if not endpoint.takes:
        return _object(options)
    word = endpoint.takes == "word"
    text = {"type": "string", "maxLength": MAX_WORD if word else settings.max_text}
    forms = [_object({"text": text, **options}, required=["text"])]
    if word:
        forms.append(_object({"word": text, **options}, required=["word"]))
        words = {"type": "array", "items": text, "maxItems": settings.max_texts}
        forms.append(_object({"words": words, **options}, required=["words"]))
    if endpoint.several:
        identity = {"type": ["string", "null"], "maxLength": MAX_ID, "description": "Else its number, from 0."}
        document = {"type": "object", "properties": {"id": identity, "text": text}, "required": ["text"]}
        documents = {"type": "array", "items": document, "maxItems": settings.max_texts}
        forms.append(_object({"documents": documents, **options}, required=["documents"]))
    return {"oneOf": forms} if len(forms) > 1 else forms[0]


def _field(field: Field) -> Schema:
    found: Schema = {"description": field.about, "default": field.default}
    null = field.default is None
    match field.kind:
        case "boolean":
            found["type"] = ["boolean", "null"] if null else "boolean"
        case "integer" | "number":
            found["type"] = [field.kind, "null"] if null else field.kind
            found["exclusiveMinimum" if field.above else "minimum"] = field.least
            found["maximum"] = field.most
        case "string":
            found["type"] = ["string", "null"] if null else "string"
            found |= _string(field)
        case "names":
            one = {"type": "string"} | _string(field)
            several = {"type": "array", "items": one, "minItems": 1, "maxItems": LONGEST}
            found["anyOf"] = [several, _commas(field), *([{"type": "null"}] if null else [])]
    return found


def _parameter(field: Field) -> Schema:
    """A field in the query, which a body's goes before: there is no null, and a list has commas."""
    schema = (
        _commas(field)
        if field.kind == "names"
        else _field(replace(field, default=... if field.default is None else field.default))
    )
    schema = {name: value for name, value in schema.items() if value is not ... and name != "description"}
    return {"name": field.name, "in": "query", "description": field.about, "schema": schema}


def _string(field: Field) -> Schema:
    if field.artifact:
        return {"pattern": f"^({field.artifact}/)?{NAME}$"}
    if field.choices:
        return {"enum": [*field.choices, *([None] if field.default is None and field.kind != "names" else [])]}
    return {"minLength": 1, "maxLength": LONGEST}


def _commas(field: Field) -> Schema:
    about = "Names with commas between them."
    if not field.choices:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST, "description": about}
    one = "|".join(field.choices)
    return {"type": "string", "pattern": f"^({one})( *, *({one}))*$", "description": about}


def _listing() -> Schema:
    found = _object({"artifacts": {"type": "array", "items": _ref("ServedArtifact")}}, required=["artifacts"])
    return {
        "operationId": "artifacts",
        "summary": "The artifacts of the store, the newest first.",
        "responses": {"200": _answered(found), **_errors((401, 403, 421, 503))},
    }


def _artifact() -> Schema:
    name = {"type": "string", "pattern": f"^{NAME}$"}
    kind = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"}
    return {
        "operationId": "artifact",
        "summary": "One of them, by a name, an id or the beginning of one: how it was made, and of what.",
        "parameters": [
            {"name": "name", "in": "path", "required": True, "schema": name},
            {
                "name": "kind",
                "in": "query",
                "schema": kind,
                "description": "Where several kinds have one of that name.",
            },
        ],
        "responses": {"200": _answered(_ref("ArtifactDetails")), **_errors(_READING)},
    }


def _reading(path: str, summary: str, schema: Schema | None, errors: Sequence[int]) -> Schema:
    found = {"description": summary, "content": {"text/plain": {}}} if schema is None else _answered(schema)
    statuses = (401, 403, 421, *errors)
    return {
        "operationId": path.strip("/").partition(".")[0],
        "summary": summary,
        "responses": {"200": found, **_errors(statuses)},
    }


def _answered(schema: Schema) -> Schema:
    return {"description": "As asked.", "content": {JSON: {"schema": schema}}}


def _errors(statuses: Sequence[int]) -> Schema:
    content = {JSON: {"schema": _ref("Error")}}
    found: Schema = {str(status): {"description": _ERRORS[status], "content": content} for status in statuses}
    if "503" in found:
        found["503"]["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return found


def _error() -> Schema:
    inside = _object(
        {"message": {"type": "string"}, "hint": {"type": ["string", "null"]}}, required=["message", "hint"]
    )
    return _object({"error": inside}, required=["error"]) | {"description": "What is wrong, and what to do."}


def _object(properties: Schema, *, required: Sequence[str] = ()) -> Schema:
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": [*required]} if required else {})


def _ref(name: str) -> Schema:
    return {"$ref": f"{_REFERENCES}{name}"}


def _title(endpoint: Endpoint) -> str:
    return endpoint.name.title()
