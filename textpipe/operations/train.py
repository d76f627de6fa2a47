"""Artifacts made from documents: stages put together for one purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textpipe.pipeline.document_stages import CORPUS, TOKENS
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.stage import Given, Stage, StageLog, name_artifact, realize
from textpipe.pipeline.word_stages import IDF
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
    name: str | None = None,
    log_of: Callable[[str], StageLog] = lambda _step: StageLog(),
) -> Artifact:
    """The idf artifact of documents: found, or made with the corpus and the tokens that it needs.

    reading: parameters of the stage corpus; dictionaries: files of user words; name: what to call it besides `latest`
    """
    names = () if name is None else (check_name(name),)

    def made(stage: Stage, params: Mapping[str, Any], **inputs: Given) -> Artifact:
        artifact, _ = realize(store, stage, stage.complete(params), inputs, log=log_of(stage.name))
        name_artifact(store, artifact, *(names if stage is IDF else ()))
        return artifact

    corpus = made(CORPUS, reading, files=raw_files(paths, store))
    words = {"dictionary": raw_files(dictionaries, store)} if dictionaries else {}
    tokens = made(TOKENS, {"hmm": hmm}, corpus=corpus, **words)
    return made(IDF, {"min_documents": min_documents}, tokens=tokens)
