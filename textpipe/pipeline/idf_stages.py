"""The stages that make word weights: `idf` of tokens that are there, `idf-from-files` in one pass over raw files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from textpipe.corpus.document import ReadLog
from textpipe.corpus.read import ReadOptions, read_pieces
from textpipe.errors import REMAKE, ArtifactError, InputError
from textpipe.keywords.frequencies import open_frequencies, write_frequencies
from textpipe.keywords.idf import FORMULAS, DocumentFrequencies
from textpipe.keywords.tally import DocumentTally
from textpipe.pipeline.document_stages import (
    CORPUS,
    account_metrics,
    artifact_of,
    files_of,
    token_lines,
    tokenizer_of,
)
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog
from textpipe.segment.idf import Formula, InverseDocumentFrequencies
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.tokenizer_files import read_tokenizer, write_tokenizer
from textpipe.store.objects import Artifact, verified
from textpipe.text import split_pieces

_SETTINGS = "idf.json"
_TABLE = "frequencies.tsv"
_NUMBERS = ("documents", "words", "total", "median")
_READING = {name: parameter for name, parameter in CORPUS.params.items() if name != "labels"}
_PARAMS = {"min_documents": Parameter(1, "number", least=1), "formula": Parameter("jieba", choices=FORMULAS)}


def _make_from_tokens(
    folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog
) -> dict[str, Any]:
    """frequencies.tsv: in how many documents each word of two characters or more occurs; idf.json: what they make."""
    tokens = artifact_of(inputs, "tokens")
    tokenizer = read_tokenizer(tokens.folder)
    tally = DocumentTally(folder=folder)
    for number, line in enumerate(token_lines(tokens), start=1):
        tally.add(line, text=" ".join(line))
        tally.end()
        log.progress(number)
    return _write(folder, params, tally, tokenizer, where=tokens.address, log=log)


def _make_from_files(
    folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog
) -> dict[str, Any]:
    """The same files, straight from text: neither documents nor tokens are kept."""
    tokenizer = tokenizer_of(params, inputs)
    files = files_of(inputs, "files")
    options = ReadOptions(**{name: params[name] for name in _READING}, line_blocks=True)
    account = ReadLog()
    tally = DocumentTally(folder=folder)
    pieces = read_pieces([os.path.abspath(path) for path in files.names], options, log=account)
    for piece in pieces:
        text = piece.document.text
        for document in text.split("\n") if piece.block and piece.last else (text,):
            for part in split_pieces(iter((document,))):
                tally.add(tokenizer.tokenize(part), text=part)
            if piece.last:
                tally.end()
        log.progress(account.used)
    for message in account.notes:
        log.note(message)
    where = next(iter(files.names), None)
    return {**_write(folder, params, tally, tokenizer, where=where, log=log), **account_metrics(account)}


def _write(
    folder: Path,
    params: Mapping[str, Any],
    tally: DocumentTally,
    tokenizer: Tokenizer,
    *,
    where: str | None,
    log: StageLog,
) -> dict[str, Any]:
    documents, least = tally.documents, params["min_documents"]
    written = write_frequencies(folder / _TABLE, tally.merged(), documents=documents, least=least)
    if not written.words:
        hint = "words have two characters at least" if least == 1 else f"lower min_documents ({least})"
        raise InputError("no word in enough documents", where=where, hint=hint)
    if params["formula"] == "jieba" and documents == 1:
        log.note("of a single document every word weighs 0: more documents, or --formula sklearn")
    settings = {
        "formula": params["formula"],
        "documents": documents,
        "words": written.words,
        "total": written.total,
        "median": written.median,
        "jieba": version("jieba"),
    }
    (folder / _SETTINGS).write_text(json.dumps(settings) + "\n", encoding="utf-8")
    write_tokenizer(folder, tokenizer)
    return {"documents": documents, "words": written.words}


IDF = Stage(
    name="idf",
    version=2,
    kind="idf",
    make=_make_from_tokens,
    inputs={"tokens": "tokens"},
    params=_PARAMS,
    packages=("jieba",),
)

IDF_FROM_FILES = Stage(
    name="idf-from-files",
    version=1,
    kind="idf",
    make=_make_from_files,
    inputs={"files": "files", "dictionary": "files"},
    optional=frozenset({"dictionary"}),
    params={**_READING, "hmm": Parameter(True, "flag"), **_PARAMS},
    packages=("charset-normalizer", "jieba"),
    check=lambda params: ReadOptions(**{name: params[name] for name in _READING}),
)


# ---------------------------------------------------------------------------------------------- reading one


def idf_of(artifact: Artifact) -> tuple[InverseDocumentFrequencies, Tokenizer]:
    """(weights, the tokenizer they belong to) of an idf artifact, every byte checked first.

    Raises ArtifactError when it is damaged, or made by an older textpipe, with another jieba or of overlapping tokens.
    """
    verified(artifact)
    if _SETTINGS not in artifact.manifest.outputs:
        hint = "make it again: textpipe train-idf, or textpipe run"
        raise ArtifactError("an idf of an older textpipe, without a formula", where=artifact.address, hint=hint)
    tokenizer = read_tokenizer(artifact.folder)
    if tokenizer.mode != "exact":
        reason = f"its tokens are those of mode {tokenizer.mode!r}, which overlap; keywords are cut in mode 'exact'"
        raise _other_tokenizer(artifact, reason)
    formula, frequencies = _read(artifact)
    return frequencies.idf(formula, tokenizer=tokenizer), tokenizer


def _read(artifact: Artifact) -> tuple[Formula, DocumentFrequencies]:
    path = artifact.file(_SETTINGS)
    settings = _json_object(path)
    numbers = [settings.get(name) for name in _NUMBERS]
    documents, table = open_frequencies(artifact.file(_TABLE))
    sound = all(type(number) is int and 0 < number < 1 << 60 for number in numbers) and numbers[0] == documents
    if not sound or settings.get("formula") not in FORMULAS:
        raise ArtifactError("not the settings of word weights", where=path, hint=REMAKE)
    made, here = settings.get("jieba"), version("jieba")
    if made != here:
        raise _other_tokenizer(artifact, f"jieba {made} there and jieba {here} here")
    return cast("Formula", settings["formula"]), DocumentFrequencies(
        documents, table, settings["total"], settings["median"]
    )


def _other_tokenizer(artifact: Artifact, reason: str) -> ArtifactError:
    hint = "make it again: textpipe train-idf"
    return ArtifactError(f"the IDF was made with another tokenizer: {reason}", where=artifact.address, hint=hint)


def _json_object(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        settings = None
    return settings if isinstance(settings, dict) else {}
