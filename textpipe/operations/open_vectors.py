"""Word vectors by what a user calls them: an artifact of the store, or a file."""

from __future__ import annotations

from textpipe.embeddings.files import read_vectors
from textpipe.embeddings.vectors import Vectors, read_word2vec_text
from textpipe.store.layout import Store
from textpipe.store.refs import resolve


def open_vectors(name: str | None, store: Store, *, file: str | None = None) -> Vectors:
    """The vectors of the embeddings artifact `name`, or of a `file` in word2vec's text format.

    Raises ArtifactError when there is no such artifact or it is damaged, InputError for a file that is none.
    """
    if file is not None:
        return read_word2vec_text(file)
    assert name is not None  # one of the two is given
    return read_vectors(resolve(store, name, kind="embeddings").folder)
