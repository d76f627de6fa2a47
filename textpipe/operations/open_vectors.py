"""Word vectors by what a user calls them: an artifact of the store, or a file."""

from __future__ import annotations

from textpipe.embeddings.files import read_vectors
from textpipe.embeddings.formats import read_vectors_file
from textpipe.embeddings.vectors import Vectors
from textpipe.operations.neighbours import embeddings_artifact
from textpipe.store.layout import Store


def open_vectors(name: str | None, store: Store, *, file: str | None = None) -> Vectors:
    """The vectors of the embeddings artifact `name`, or of a `file` of another tool.

    Raises ArtifactError when there is no such artifact or it is damaged, InputError for a file that is none.
    """
    if file is not None:
        return read_vectors_file(file)
    assert name is not None  # one of the two is given
    return read_vectors(embeddings_artifact(store, name), subwords=False)
