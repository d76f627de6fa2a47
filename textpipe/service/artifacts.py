"""Artifacts by name: loaded when they are asked for, checked before use, changed when their name moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from textpipe.embeddings.files import read_vectors
from textpipe.models.files import load_classifier
from textpipe.operations.open_artifact import artifact_of_kind
from textpipe.operations.open_classifier import classifier_artifact
from textpipe.operations.open_vectors import embeddings_artifact
from textpipe.pipeline.idf_stages import idf_of
from textpipe.service.settings import ServiceSettings
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, verified
from textpipe.store.refs import LATEST


class Loaded(NamedTuple):
    """artifact: what is on disk; value: the classifier or the Vectors"""

    artifact: Artifact
    value: Any


class Artifacts:
    """Those of a store. Files are mapped into memory, which workers share."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.store = Store(settings.store)
        self._device = settings.device
        self._loaded: dict[str, Loaded] = {}  # by address
        self._loading: dict[str, asyncio.Lock] = {}

    async def classifier(self, name: str = LATEST) -> Loaded:
        """Raises ArtifactError where there is none of that name, or it is damaged."""
        return await self._get(
            classifier_artifact(self.store, name),
            lambda artifact: load_classifier(verified(artifact).folder, device=self._device),
        )

    async def vectors(self, name: str = LATEST) -> Loaded:
        """Raises ArtifactError where there are none of that name, or they are damaged."""
        return await self._get(embeddings_artifact(self.store, name), read_vectors)

    async def weights(self, name: str = LATEST) -> Loaded:
        """Of words, with their tokenizer. Raises ArtifactError where there are none of that name, or damaged ones."""
        use, hint = "textpipe keywords PATHS", "textpipe train-idf PATHS makes one"
        found = artifact_of_kind(self.store, name, kind="idf", what="word weights", use=use, hint=hint)
        return await self._get(found, idf_of)

    async def _get(self, artifact: Artifact, load: Callable[[Artifact], Any]) -> Loaded:
        address = artifact.address
        async with self._loading.setdefault(address, asyncio.Lock()):
            if address not in self._loaded:
                value = await asyncio.to_thread(load, artifact)
                self._loaded[address] = Loaded(artifact, value)
        return self._loaded[address]
