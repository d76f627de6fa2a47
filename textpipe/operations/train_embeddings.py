"""Word vectors from documents: documents to tokens to vectors, each found or made; or what that would take."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from textpipe.corpus.document import ReadLog
from textpipe.corpus.read import read
from textpipe.device import usable_cores
from textpipe.embeddings.choice import choose_engine
from textpipe.embeddings.config import EmbeddingConfig
from textpipe.embeddings.engines import EpochReport, TrainingLog, engine
from textpipe.embeddings.memory import memory_needed
from textpipe.embeddings.tokens import TokenFile, token_file
from textpipe.pipeline.document_stages import CORPUS, TOKENS, token_line
from textpipe.pipeline.embedding_stages import EMBEDDINGS, config_of
from textpipe.pipeline.raw import raw_files
from textpipe.pipeline.resume import forget
from textpipe.pipeline.stage import Given, StageLog, digests, name_artifact, realize
from textpipe.segment.tokenizer import Tokenizer
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, find, verified
from textpipe.store.refs import check_name, resolve

_TRY = 400_000  # tokens that are trained on, to tell how long all of them will take


class Source(NamedTuple):
    """Where tokens come from: the tokens artifact of that name, else documents behind paths."""

    tokens: str | None
    paths: Sequence[str] = ()
    reading: Mapping[str, Any] = {}
    dictionaries: Sequence[str] = ()
    hmm: bool = True


class Plan(TypedDict):
    """What training would take. coverage: the share of the tokens whose words get vectors; memory: bytes at most;
    disk: bytes of the artifact; seconds: of training alone, told from a try on some of the tokens."""

    tokens: int
    words: int
    coverage: float
    engine: str
    workers: int
    memory: int
    disk: int
    seconds: float


def train_embeddings(
    store: Store,
    source: Source,
    *,
    params: Mapping[str, Any],
    base: str | None = None,
    name: str | None = None,
    restart: bool = False,
    log_of: Callable[[str], StageLog] = lambda _step: StageLog(),
) -> Artifact:
    """The embeddings artifact: found, or made from tokens, which are found or made first.

    params: of the stage `embeddings`; base: the artifact to go on from, whose parameters hold where none are given;
    name: what to call it besides `latest`; restart: forget an interrupted run, which is gone on with else
    Raises UsageError for parameters that make no sense, ArtifactError for names that mean nothing.
    """
    names = () if name is None else (check_name(name),)
    complete, inputs = _prepared(store, params, base)
    inputs["tokens"] = _tokens(store, source, log_of)
    recipe = EMBEDDINGS.recipe(complete, digests(inputs))
    if restart and find(store, recipe) is None:
        forget(store.work / recipe.id)
    artifact, _ = realize(store, EMBEDDINGS, complete, inputs, log=log_of(EMBEDDINGS.name))
    name_artifact(store, artifact, *names)
    return artifact


def _prepared(store: Store, params: Mapping[str, Any], base: str | None) -> tuple[dict[str, Any], dict[str, Given]]:
    inputs: dict[str, Given] = {}
    if base is not None:
        inputs["base"] = found = resolve(store, base, kind="embeddings")
        before = found.manifest.params if found.manifest.stage == EMBEDDINGS.name else {}
        params = {**{key: value for key, value in before.items() if key in EMBEDDINGS.params}, **params}
    complete = EMBEDDINGS.complete(params)
    EMBEDDINGS.check(complete)
    return complete, inputs


def _tokens(store: Store, source: Source, log_of: Callable[[str], StageLog]) -> Artifact:
    if source.tokens is not None:
        return resolve(store, source.tokens, kind="tokens")
    reading = CORPUS.complete(source.reading)
    CORPUS.check(reading)
    inputs: dict[str, Given] = {"files": raw_files(source.paths, store)}
    corpus, _ = realize(store, CORPUS, reading, inputs, log=log_of(CORPUS.name))
    inputs = {"corpus": corpus}
    if source.dictionaries:
        inputs["dictionary"] = raw_files(source.dictionaries, store)
    tokens, _ = realize(store, TOKENS, TOKENS.complete({"hmm": source.hmm}), inputs, log=log_of(TOKENS.name))
    for artifact in (corpus, tokens):
        name_artifact(store, artifact)
    return tokens


# ---------------------------------------------------------------------------------------------- what it would take


def plan_embeddings(
    store: Store,
    source: Source,
    *,
    params: Mapping[str, Any],
    base: str | None = None,
    log: Callable[[int], None] = lambda _documents: None,
) -> Plan:
    """Count the words and try the engine for a moment; nothing is written to the store, which need not exist."""
    complete, _ = _prepared(store, params, base)
    config = config_of(complete)
    with _token_path(store, source, log) as path, tempfile.TemporaryDirectory() as folder:
        tokens = token_file(path, min_count=config.min_count, max_size=complete["max_words"])
        chosen = choose_engine(config, tokens, wanted=complete["engine"], device=complete["device"])
        workers = complete["workers"] or usable_cores()
        words = len(tokens.vocabulary)
        reports: list[EpochReport] = []
        engine(chosen.engine)(
            _beginning(tokens, Path(folder) / "tokens.txt"),
            replace(config, epochs=1),
            workers=workers,
            device=chosen.device,
            log=TrainingLog(epoch=reports.append),
        )
    return Plan(
        tokens=tokens.tokens,
        words=words,
        coverage=tokens.known / tokens.tokens,
        engine=chosen.engine,
        workers=workers,
        memory=memory_needed(words, config),
        disk=_disk(tokens, config),
        seconds=tokens.tokens * config.epochs * reports[0].seconds / reports[0].tokens,
    )


@contextlib.contextmanager
def _token_path(store: Store, source: Source, log: Callable[[int], None]) -> Iterator[Path]:
    """The artifact's file, or one that lives as long as the block."""
    if source.tokens is not None:
        yield verified(resolve(store, source.tokens, kind="tokens")).file("tokens.txt")
        return
    from textpipe.segment.dictionary import Dictionary
    from textpipe.segment.dictionary_file import read_entries

    dictionary = Dictionary()
    for name in source.dictionaries:
        dictionary = dictionary.with_entries(read_entries(name))
    tokenizer = Tokenizer(hmm=source.hmm, dictionary=dictionary)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.txt"
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            account = ReadLog()
            for document in read(source.paths, log=account, **source.reading):
                stream.write(token_line(tokenizer, document.text)[0])
                log(account.used)
        yield path


def _beginning(tokens: TokenFile, path: Path) -> TokenFile:
    """The first lines of a file of tokens, as a file of its own."""
    count = 0
    with open(tokens.path, "rb") as source, open(path, "wb") as target:
        for line in source:
            target.write(line)
            count += line.count(b" ") + 1 if line != b"\n" else 0
            if count >= _TRY:
                break
    return TokenFile(path, tokens.vocabulary, count)


def _disk(tokens: TokenFile, config: EmbeddingConfig) -> int:
    words = tokens.vocabulary.tokens
    rows = 2 * len(words) + (config.buckets if config.subword else 0)
    return 4 * rows * config.dim + 8 * len(words) + sum(len(word.encode()) + 1 for word in words)
