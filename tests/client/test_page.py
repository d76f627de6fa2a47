"""docs/client.md: what it shows of a service is what a service gives."""

from __future__ import annotations

from tests.client.examples import PAGE, rewritten


def test_the_page_shows_what_a_service_gives(service: str) -> None:
    page = PAGE.read_text("utf-8")
    assert page.count("```shell") == 1
    assert page.count("```python") == 1
    assert rewritten(page, service) == page, "python -m tests.client.examples"
