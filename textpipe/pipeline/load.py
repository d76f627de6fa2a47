"""Artifacts as the values they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textpipe.errors import UsageError
from textpipe.store.layout import Store
from textpipe.store.objects import verified
from textpipe.store.refs import resolve


def load(
    name: str, *, store: Store | str | Path = ".textpipe", kind: str | None = None, device: str | None = None
) -> Any:
    """What an artifact holds: `Vectors` of embeddings, a classifier, the weights of an idf (for `keywords(idf=…)`).

    name: its name, `kind/name` or id; kind: needed for `latest`; device: of a classifier, None for the best
    Raises ArtifactError when there is none, or when it is damaged; UsageError for a kind that is no value.
    """
    artifact = resolve(store if isinstance(store, Store) else Store(Path(store)), name, kind=kind)
    if artifact.manifest.kind == "embeddings":
        from textpipe.embeddings.files import read_vectors

        return read_vectors(artifact)
    if artifact.manifest.kind == "idf":
        from textpipe.pipeline.idf_stages import idf_of

        return idf_of(artifact)[0]
    if artifact.manifest.kind == "classifier":
        from textpipe.models.files import load_classifier

        return load_classifier(verified(artifact).folder, device=device)
    raise UsageError(f"{artifact.address} is nothing to load", hint="classifiers, embeddings and idf are")
