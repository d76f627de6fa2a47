"""The routes, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from textpipe.service.app import build_app
from textpipe.service.settings import ServiceSettings


@pytest.fixture(name="client")
def client_(tmp_path: Path) -> Iterator[TestClient]:
    """Of a service without a store."""
    with TestClient(build_app(ServiceSettings(store=tmp_path / "none")), base_url="http://127.0.0.1:8000") as client:
        yield client


def test_a_text_is_cut(client: TestClient) -> None:
    found = client.post("/v1/tokenize", json={"text": "我来到北京清华大学"})
    assert found.status_code == 200
    assert found.json() == {"id": "text", "tokens": ["我", "来到", "北京", "清华大学"]}


def test_a_classifier_that_is_not_there(client: TestClient) -> None:
    found = client.post("/v1/classify", json={"text": "球队赢了决赛"})
    assert found.status_code == 404
    assert "train-classifier" in found.json()["error"]["hint"]
