"""The first two stages: raw files to documents, documents to tokens."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, cast

from textpipe.corpus.document import Document, ReadLog
from textpipe.corpus.formats import FORMATS
from textpipe.corpus.paths import folder_below
from textpipe.corpus.read import ReadKeywords, ReadOptions, read
from textpipe.errors import REMAKE, ArtifactError
from textpipe.pipeline.raw import RawFiles
from textpipe.pipeline.resume import growing
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog
from textpipe.segment.dictionary import Dictionary
from textpipe.segment.dictionary_file import read_entries
from textpipe.segment.tokenizer import MODES, Tokenizer
from textpipe.segment.tokenizer_files import TOKENIZER_FILES, write_tokenizer
from textpipe.store.objects import Artifact
from textpipe.text import artifact_lines, one_word

_COLUMN = Parameter(None, "column", optional=True)
_COUNT = Parameter(None, "number", least=1, optional=True)


def artifact_of(inputs: Mapping[str, Given], role: str) -> Artifact:
    """The input of a role, which is an artifact."""
    found = inputs[role]
    assert isinstance(found, Artifact)  # the stage's inputs say so
    return found


def files_of(inputs: Mapping[str, Given], role: str) -> RawFiles:
    """The input of a role, which is raw files."""
    found = inputs[role]
    assert isinstance(found, RawFiles)  # the stage's inputs say so
    return found


# ---------------------------------------------------------------------------------------------- corpus


def _make_corpus(folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog) -> dict[str, Any]:
    """documents.jsonl: a line {"id", "text", "label"?, "source"} a document, sources below what the user named."""
    files = files_of(inputs, "files")
    account = ReadLog()
    names = {os.path.abspath(path): name for path, name in files.names.items()}
    documents = read(names, log=account, **cast("ReadKeywords", params))
    with open(folder / "documents.jsonl", "w", encoding="utf-8", newline="\n") as stream:
        for document in _renamed(documents, names, labels=params["labels"]):
            record = {key: value for key, value in asdict(document).items() if value is not None}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            log.progress(account.used)
    for message in account.notes:
        log.note(message)
    return account_metrics(account)


def account_metrics(account: ReadLog) -> dict[str, Any]:
    """What a manifest says of a reading."""
    return {
        "documents": account.used,
        "skipped": dict(account.skipped),
        "rejected": dict(account.rejected),
        "replaced_characters": account.replaced,
        "encodings": dict(account.encodings),
    }


def _renamed(documents: Iterator[Document], names: Mapping[str, str], *, labels: bool) -> Iterator[Document]:
    """Places below what was named instead of places on this machine: a moved corpus is the same corpus.

    An id that is its document's place on this machine, from the root on, was given for want of another. With
    `labels`, a document without one has that of its folder.
    """
    for document in documents:
        source = document.source or ""
        path, colon, line = (source, "", "") if source in names else source.rpartition(":")
        known = f"{names[path]}{colon}{line}"
        identity = known if document.id == source else document.id
        label = folder_below(names[path]) if labels and document.label is None else document.label
        yield Document(identity, document.text, label, known)


def documents_of(corpus: Artifact) -> Iterator[Document]:
    """The documents of a corpus artifact, in order. Raises ArtifactError, with the line, for what is none."""
    path = corpus.file("documents.jsonl")
    for number, line in artifact_lines(path):
        try:
            yield Document(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            raise ArtifactError("not a document", where=path, line=number, hint=REMAKE) from None


CORPUS = Stage(
    name="corpus",
    version=1,
    kind="corpus",
    make=_make_corpus,
    inputs={"files": "files"},
    params={
        "input_format": Parameter(None, choices=FORMATS, optional=True),
        "lines": Parameter(False, "flag"),
        "encoding": Parameter("auto"),
        "errors": Parameter("strict", choices=("strict", "replace")),
        "text_col": _COLUMN,
        "label_col": _COLUMN,
        "id_col": _COLUMN,
        "sheet": _COLUMN,
        "limit": _COUNT,
        "sample": _COUNT,
        "seed": Parameter(0, "number"),
        "fold": Parameter(False, "flag"),
        "strict": Parameter(False, "flag"),
        "labels": Parameter(False, "flag"),
        "label_sep": Parameter(""),
    },
    packages=("charset-normalizer",),
    check=lambda params: ReadOptions(**params),
)


# ---------------------------------------------------------------------------------------------- tokens


def _make_tokens(folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog) -> dict[str, Any]:
    """tokens.txt: a line a document, one space between tokens, white space left out, as gensim's LineSentence reads it.

    Beside it ids.jsonl (a line {"id", "label"?} a document), lines.npy int64[documents + 1] (where each line begins,
    in bytes), offsets.npy int32[tokens] (where each token begins in its document, in code points), and the settings
    of the tokenizer: tokenizer.json and dictionary.jsonl.
    """
    tokenizer = tokenizer_of(params, inputs)
    corpus = artifact_of(inputs, "corpus")
    assert log.work is not None  # set before a stage is made
    with growing(log.work, ("tokens.txt", "ids.jsonl", "offsets.bin"), into=folder) as output:
        for document in documents_after(documents_of(corpus), output.done, log):
            line, starts = token_line(tokenizer, document.text)
            output.add(line.encode(), _identity(document).encode(), _as_bytes(starts))
            log.progress(output.done)
    write_tokenizer(folder, tokenizer)
    return _number_lines(folder)


def documents_after(documents: Iterator[Document], done: int, log: StageLog) -> Iterator[Document]:
    """The documents that an earlier run did not do."""
    if done:
        log.note(f"going on after {done:,} documents")
    yield from islice(documents, done, None)


def token_line(tokenizer: Tokenizer, text: str) -> tuple[str, list[int]]:
    """A document's line of tokens.txt, and where each of its tokens begins, in code points."""
    placed = [(token, start) for token, start in tokenizer.placed(text) if token.strip()]
    return " ".join(one_word(token) for token, _ in placed) + "\n", [start for _, start in placed]


def _identity(document: Document) -> str:
    record = {"id": document.id} if document.label is None else {"id": document.id, "label": document.label}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _as_bytes(offsets: list[int]) -> bytes:
    import numpy as np

    return np.asarray(offsets, dtype="<i4").tobytes()


def _number_lines(folder: Path) -> dict[str, Any]:
    """Write lines.npy and offsets.npy; the metrics."""
    import numpy as np

    starts, tokens = array("q", [0]), 0
    with open(folder / "tokens.txt", "rb") as stream:
        for line in stream:
            starts.append(starts[-1] + len(line))
            tokens += line.count(b" ") + 1 if line != b"\n" else 0
    np.save(folder / "lines.npy", np.asarray(starts, dtype="<i8"), allow_pickle=False)
    with open(folder / "offsets.bin", "rb") as numbers, open(folder / "offsets.npy", "wb") as stream:
        header = {"descr": "<i4", "fortran_order": False, "shape": (tokens,)}
        np.lib.format.write_array_header_1_0(stream, header)  # never all of them in memory
        shutil.copyfileobj(numbers, stream)
    (folder / "offsets.bin").unlink()
    return {"documents": len(starts) - 1, "tokens": tokens}


def token_lines(tokens: Artifact) -> Iterator[list[str]]:
    """The tokens of each document of a tokens artifact, in order."""
    for _, line in artifact_lines(tokens.file("tokens.txt")):
        yield line.split(" ") if line else []


def tokenizer_of(params: Mapping[str, Any], inputs: Mapping[str, Given]) -> Tokenizer:
    """The tokenizer of the parameters `mode` (exact where there is none) and `hmm`, with the user's words."""
    dictionary = Dictionary()
    if "dictionary" in inputs:
        files = files_of(inputs, "dictionary")
        for path in files.names:
            dictionary = dictionary.with_entries(read_entries(path))
        files.check_unchanged()  # before anything is saved that a later run goes on from
    return Tokenizer(mode=params.get("mode", "exact"), hmm=params["hmm"], dictionary=dictionary)


def carry_tokenizer(source: Artifact, folder: Path) -> None:
    """The settings that tokens were cut with, into what is made from them."""
    for name in TOKENIZER_FILES:
        (folder / name).write_bytes(source.file(name).read_bytes())


TOKENS = Stage(
    name="tokens",
    version=1,
    kind="tokens",
    make=_make_tokens,
    inputs={"corpus": "corpus", "dictionary": "files"},
    optional=frozenset({"dictionary"}),
    params={"mode": Parameter("exact", choices=MODES), "hmm": Parameter(True, "flag")},
    packages=("jieba",),
)
