"""The stages vocabulary and keywords, and the table of all stages."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from textpipe.keywords.candidates import NO_LIST, SHIPPED, keyword_record
from textpipe.keywords.extract import IDF_METHODS, METHODS, KeywordSettings, keyword_settings, keywords_of
from textpipe.pipeline.classifier_stages import CLASSIFIER
from textpipe.pipeline.document_stages import (
    CORPUS,
    TOKENS,
    artifact_of,
    carry_tokenizer,
    documents_after,
    documents_of,
    files_of,
    token_lines,
)
from textpipe.pipeline.embedding_stages import EMBEDDINGS
from textpipe.pipeline.idf_stages import IDF, IDF_FROM_FILES, idf_of
from textpipe.pipeline.import_stages import IMPORT_EMBEDDINGS
from textpipe.pipeline.resume import growing
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog
from textpipe.segment.tokenizer import Tokenizer
from textpipe.text import split_pieces
from textpipe.vocabulary import count_tokens


def _counted(lines: Iterator[list[str]], log: StageLog) -> Iterator[list[str]]:
    for number, tokens in enumerate(lines, start=1):
        yield tokens
        log.progress(number)


# ---------------------------------------------------------------------------------------------- vocabulary


def _make_vocabulary(
    folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog
) -> dict[str, Any]:
    """vocabulary.tsv: a line `token<TAB>count` an id, most frequent first."""
    tokens = artifact_of(inputs, "tokens")
    lines = _counted(token_lines(tokens), log)
    vocabulary = count_tokens(lines, min_count=params["min_count"], max_size=params["max_size"], where=tokens.address)
    vocabulary.write(folder / "vocabulary.tsv")
    carry_tokenizer(tokens, folder)
    return {"tokens": len(vocabulary), "occurrences": sum(vocabulary.counts)}


VOCABULARY = Stage(
    name="vocabulary",
    version=1,
    kind="vocabulary",
    make=_make_vocabulary,
    inputs={"tokens": "tokens"},
    params={
        "min_count": Parameter(1, "number", least=1),
        "max_size": Parameter(None, "number", least=1, optional=True),
    },
)


# ---------------------------------------------------------------------------------------------- keywords


def _make_keywords(
    folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog
) -> dict[str, Any]:
    """keywords.jsonl: a record a document, as `textpipe keywords` prints them; stopwords.txt: the words left out."""
    settings = _settings(params, inputs)
    assert log.work is not None  # set before a stage is made
    with growing(log.work, ("keywords.jsonl",), into=folder) as output:
        for document in documents_after(documents_of(artifact_of(inputs, "corpus")), output.done, log):
            found = keywords_of(split_pieces(iter((document.text,))), settings)
            output.add((json.dumps(keyword_record(document.id, found), ensure_ascii=False) + "\n").encode())
            log.progress(output.done)
    with open(folder / "keywords.jsonl", "rb") as stream:
        empty = [line.endswith(b'"keywords": []}\n') for line in stream]
    (folder / "stopwords.txt").write_text("".join(f"{word}\n" for word in sorted(settings.stopwords)), "utf-8")
    return {"documents": len(empty), "without_keywords": sum(empty)}


def _settings(params: Mapping[str, Any], inputs: Mapping[str, Given]) -> KeywordSettings:
    idf, tokenizer = idf_of(artifact_of(inputs, "idf")) if "idf" in inputs else (None, Tokenizer())
    lists, files = list(params["stopwords"]), None
    if "stopword_files" in inputs:
        files = files_of(inputs, "stopword_files")
        lists += [os.path.abspath(path) for path in files.names]  # a file may be called zh
    settings = keyword_settings(
        method=params["method"],
        k=params["k"],
        pos=params["pos"],
        stopwords=lists,
        lowercase=params["lowercase"],
        converge=params["converge"],
        tokenizer=tokenizer,
        idf=idf if params["method"] in IDF_METHODS else None,  # TextRank has no use for weights, but for the tokenizer
    )
    if files is not None:
        files.check_unchanged()  # before anything is saved that a later run goes on from
    return settings


def _check_keywords(params: Mapping[str, Any]) -> None:
    names = ("method", "k", "lowercase", "converge")  # not pos: a user dictionary may have tags of its own
    keyword_settings(**{name: params[name] for name in names})


KEYWORDS = Stage(
    name="keywords",
    version=3,
    kind="keywords",
    make=_make_keywords,
    inputs={"corpus": "corpus", "idf": "idf", "stopword_files": "files"},
    optional=frozenset({"idf", "stopword_files"}),
    params={
        "method": Parameter("phrases", choices=METHODS),
        "k": Parameter(20, "number", least=1),
        "pos": Parameter(None, "texts", optional=True),
        "stopwords": Parameter([], "texts", choices=(*SHIPPED, NO_LIST)),
        "lowercase": Parameter(None, "flag", optional=True),
        "converge": Parameter(False, "flag"),
    },
    packages=("jieba",),
    check=_check_keywords,
)

STAGES = {
    stage.name: stage
    for stage in (CORPUS, TOKENS, VOCABULARY, IDF, IDF_FROM_FILES, KEYWORDS, EMBEDDINGS, IMPORT_EMBEDDINGS, CLASSIFIER)
}
