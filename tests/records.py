"""The part of docs/records.md that is written by machine: fields of requests, schemas of records.

`python -m tests.records` rewrites it; a test holds the page against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from textpipe.operations.record_schemas import DIALECT, SERVED, schemas
from textpipe.service.fields import ENDPOINTS, Field, expected

PAGE = Path(__file__).parent.parent / "docs" / "records.md"
BEGIN = "<!-- from here on by python -m tests.records -->\n"


def written() -> str:
    """Both parts, as Markdown."""
    return "".join([BEGIN, "\n## Fields of requests\n", *_fields(), "\n## Schemas\n\n", *_schemas()])


def _fields() -> Iterator[str]:
    for endpoint in ENDPOINTS:
        yield f"\n### `POST {endpoint.path}`\n\n{endpoint.about} Answers with a {endpoint.record}.\n\n"
        yield "| field | value | without it | what |\n|---|---|---|---|\n"
        for field in endpoint.fields:
            default = json.dumps(field.default)
            yield f"| `{field.name}` | {_value(field)} | `{default}` | {field.about} |\n"


def _value(field: Field) -> str:
    """In words; lists too long for a table by what they are."""
    if field.name == "pos":
        return "names with commas between them, or a list of them"
    what = expected(field)
    if field.kind == "names":
        what += ", with commas between them or as a list"
    return f"{what}, or null" if field.default is None else what


def _schemas() -> Iterator[str]:
    names = ", ".join(f"`{one.__name__}`" for one in SERVED)
    yield f"Records are {names}; the others stand in them.\n\n"
    document = {"$schema": DIALECT, "$defs": schemas("#/$defs/")}
    yield f"```json\n{json.dumps(document, ensure_ascii=False, indent=1)}\n```\n"


def rewritten(page: str) -> str:
    """The page with that part as it would be written now."""
    return page[: page.index(BEGIN)] + written()


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
