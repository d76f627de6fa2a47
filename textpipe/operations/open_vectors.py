"""Word vectors by what a user calls them: an artifact of the store, or a file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from textpipe.embeddings.files import read_subwords, read_vectors
from textpipe.embeddings.vectors import Vectors
from textpipe.operations.open_artifact import artifact_of_kind
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.store.refs import LATEST, names

KIND = "embeddings"
_HINT = "textpipe train-embeddings PATHS makes one, textpipe import FILE takes one of another tool"


def embeddings_artifact(store: Store, name: str = LATEST) -> Artifact:
    """The artifact of word vectors that a user means. Raises ArtifactError, with what makes one, when there is none."""
    return artifact_of_kind(store, name, kind=KIND, what="word vectors", use="textpipe similar WORD", hint=_HINT)


def open_vectors(
    store: Store, name: str | None, *, file: str | None = None, counts: bool = False, needed: Sequence[str] = ()
) -> Vectors:
    """The vectors of a `file` of any format if one is given, else of the artifact `name`.

    counts: whether those of an artifact are wanted; needed: words of which one that is not in its vocabulary asks for
    its subwords. Raises ArtifactError when there is no such artifact or it is damaged, InputError for a file that is
    none.
    """
    if file is not None:
        from textpipe.embeddings.formats import read_vectors_file

        return read_vectors_file(file)
    assert name is not None  # one of the two is given
    artifact = embeddings_artifact(store, name)
    vectors = read_vectors(artifact, subwords=False, counts=counts)
    if not all(word in vectors for word in needed):
        vectors.subwords = read_subwords(artifact, dimensions=vectors.vector_size)
    return vectors


def vectors_of(given: str, store: Store) -> Vectors:
    """The vectors of a file when there is such a file, else of the artifact of that name, with their subwords.

    Raises InputError for what looks like a file that is missing, ArtifactError for a name that is.
    """
    from textpipe.embeddings.formats import read_vectors_file

    like_a_file = os.sep in given or "." in given
    if os.path.lexists(given) or not store.exists or (like_a_file and given not in {name for _, name in names(store)}):
        return read_vectors_file(given)
    return read_vectors(embeddings_artifact(store, given), counts=False)
