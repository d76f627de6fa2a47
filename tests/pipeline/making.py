"""Artifacts for tests, by the name of their stage."""

from __future__ import annotations

from typing import Any

from textpipe.pipeline.stage import Given, realize
from textpipe.pipeline.word_stages import STAGES
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact


def made(store: Store, name: str, params: dict[str, Any] | None = None, **inputs: Given) -> Artifact:
    stage = STAGES[name]
    return realize(store, stage, stage.complete(params or {}), inputs)[0]
