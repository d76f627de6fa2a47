"""Artifacts made from documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textpipe.pipeline.idf_stages import IDF_FROM_FILES
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import StageLog, name_artifact, realize
from textpipe.segment.idf import Formula
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact
from textpipe.store.refs import check_name


def train_idf(
    store: Store,
    paths: Sequence[str],
    *,
    reading: Mapping[str, Any],
    dictionaries: Sequence[str] = (),
    hmm: bool = True,
    min_documents: int = 1,
    formula: Formula = "jieba",
    name: str | None = None,
    log_of: Callable[[str], StageLog] = lambda _step: StageLog(),
) -> Artifact:
    """The idf artifact of documents: found, or made in one pass over them, in memory that does not grow.

    reading: parameters of the stage corpus; dictionaries: files of user words; name: what to call it besides `latest`
    """
    names = () if name is None else (check_name(name),)
    stage = IDF_FROM_FILES
    params = stage.complete({**reading, "hmm": hmm, "min_documents": min_documents, "formula": formula})
    stage.check(params)
    inputs = {"files": raw_files(paths, store)}
    if dictionaries:
        inputs["dictionary"] = raw_files(dictionaries, store)
    artifact, _ = realize(store, stage, params, inputs, log=log_of(stage.name))
    name_artifact(store, artifact, *names)
    return artifact
