"""The stage `import-embeddings`: a file of word vectors of another tool becomes an artifact like the trained ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textpipe.embeddings.files import VECTORS, MatrixWriter, write_settings, write_words
from textpipe.embeddings.formats import FORMATS, open_vectors
from textpipe.errors import InputError
from textpipe.pipeline.document_stages import files_of
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog


def _make(folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog) -> dict[str, Any]:
    """words.txt, vectors.safetensors, and embeddings.json with the format; rows go to the disk as they are read."""
    paths = list(files_of(inputs, "files").names)
    if len(paths) != 1:
        raise InputError(f"{len(paths)} files, but one file of word vectors is imported at a time", where=paths[0])
    words: list[str] = []
    with (
        open_vectors(paths[0], format=params["format"], errors=params["errors"]) as stream,
        MatrixWriter(folder / VECTORS, "vectors", columns=stream.dimensions) as matrix,
    ):
        for block in stream.blocks:
            words += block.words
            matrix.add(block.matrix)
            log.progress(len(words))
    write_words(folder, words)
    write_settings(folder, {"format": stream.format})
    if stream.replaced:
        log.note(f"{stream.replaced:,} words had bytes that are not UTF-8, with U+FFFD in place of them now")
    if stream.left_out:
        log.note(f"{stream.left_out:,} of them became equal to another word and were left out")
    return {
        "words": len(words),
        "dimensions": stream.dimensions,
        "replaced_words": stream.replaced,
        "left_out": stream.left_out,
    }


IMPORT_EMBEDDINGS = Stage(
    name="import-embeddings",
    version=1,
    kind="embeddings",
    make=_make,
    inputs={"files": "files"},
    params={
        "format": Parameter(None, choices=FORMATS, optional=True),
        "errors": Parameter("strict", choices=("strict", "replace")),
    },
)
