"""Word vectors from and to the files of other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textpipe.embeddings.export import written_vectors
from textpipe.embeddings.files import read_vectors
from textpipe.embeddings.formats import FORMATS, Errors, Format, detect_format
from textpipe.errors import UsageError
from textpipe.files import require_regular
from textpipe.operations.open_vectors import embeddings_artifact
from textpipe.pipeline.import_stages import IMPORT_EMBEDDINGS
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import StageLog, name_artifact, realize
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.store.refs import check_name, names

_MADE_OF = {"embeddings": "word vectors", "classifier": "a classifier"}


def check_kind(store: Store, name: str, format: str) -> None:
    """Raise UsageError when the name means an artifact of the kind that another format is for."""
    wanted, other = ("classifier", "embeddings") if format == "onnx" else ("embeddings", "classifier")
    kind, _, rest = name.rpartition("/")
    known = {of for of, called in names(store) if called == rest} if store.exists else set()
    if kind == other or (not kind and wanted not in known and other in known):
        formats = "onnx" if other == "classifier" else " or ".join(FORMATS)
        raise UsageError(f"{name!r} is {_MADE_OF[other]}, which {format} is no format of", hint=f"--format {formats}")


def export_vectors(store: Store, name: str, format: Format) -> Iterator[bytes]:
    """The file in that format, in pieces. Raises ArtifactError for the artifact, InputError for words that collide."""
    vectors = read_vectors(embeddings_artifact(store, name), subwords=False, counts=False)
    return written_vectors(vectors, format)


def import_vectors(
    store: Store,
    path: str,
    *,
    format: Format | None = None,
    errors: Errors = "strict",
    name: str | None = None,
    log_of: Callable[[str], StageLog] = lambda _step: StageLog(),
) -> Artifact:
    """The artifact of a file of word vectors: found, or made. name: what to call it besides `latest`."""
    called = () if name is None else (check_name(name),)
    if path == "-":
        raise UsageError("standard input cannot be an artifact's input", hint="save it as a file")
    require_regular(path, what="file of word vectors")
    stage = IMPORT_EMBEDDINGS
    params = stage.complete({"format": format or detect_format(path), "errors": errors})
    artifact, _ = realize(store, stage, params, {"files": raw_files([path], store)}, log=log_of(stage.name))
    name_artifact(store, artifact, *called)
    return artifact
