"""The whole store looked over: every artifact by size and sha256, every name, everything that has no business there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from textpipe.errors import ArtifactError, TextpipeError
from textpipe.store.layout import Store
from textpipe.store.objects import addresses, folder_of, read, strangers, verified
from textpipe.store.refs import address_of, names


def verify(store: Store, *, only: str | None = None) -> Iterator[tuple[str, TextpipeError | None]]:
    """(address or name, what is wrong with it or None) for every artifact and every name; `only` one artifact.

    Left-overs of killed processes in tmp/ and work/ are no damage.
    """
    for address in addresses(store) if only is None else [only]:
        yield address, _problem(store, address)
    if only is not None:
        return
    for kind, name in names(store):
        yield f"{kind}/{name}", _problem_of_name(store, kind, name)
    for path in strangers(store):
        yield path, ArtifactError("this is no artifact", where=store.objects / path, hint="move it elsewhere")


def _problem_of_name(store: Store, kind: str, name: str) -> TextpipeError | None:
    try:
        address_of(store, kind, name)
    except TextpipeError as error:
        return error
    return None


def _problem(store: Store, address: str) -> TextpipeError | None:
    try:
        artifact = verified(read(store, address))
    except TextpipeError as error:
        return error
    for role, given in artifact.manifest.inputs.items():
        if given.artifact is not None and not os.path.lexists(folder_of(store, given.artifact)):
            message = f"the artifact {address} was made from {given.artifact} ({role}), which is not there"
            return ArtifactError(message, hint="import it, or make both again")
    return None
