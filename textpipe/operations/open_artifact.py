"""The artifact of a kind that a user means, or what makes one."""

from __future__ import annotations

from textpipe.errors import ArtifactError
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.store.refs import LATEST, names, resolve


def artifact_of_kind(store: Store, name: str, *, kind: str, what: str, use: str, hint: str) -> Artifact:
    """The artifact of that kind. what: the kind as people say it, several; use: a command that
    uses one; hint: what makes one, or takes one in

    Raises ArtifactError when there is none of that name; where `latest` means none, it names those there are.
    """
    if not store.exists:
        raise ArtifactError("there is no store", where=store.path, hint=f"{hint}; --store FOLDER names another store")
    if name == LATEST and (kind, LATEST) not in names(store):
        others = sorted(known for of, known in names(store) if of == kind)
        if others:  # imported ones
            message = f"none of the store's {what} is the latest: {', '.join(others[:5])}"
            raise ArtifactError(message, where=store.path, hint=f"{use} --model {others[0]}")
        raise ArtifactError(f"no {what} in the store", where=store.path, hint=hint)
    return resolve(store, name, kind=kind)
