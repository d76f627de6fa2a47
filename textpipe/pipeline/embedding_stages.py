"""The stage that learns word vectors from tokens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from textpipe.device import usable_cores
from textpipe.embeddings.choice import check_engine, choose_engine
from textpipe.embeddings.config import ARCHITECTURES, ENGINES, LOSSES, NEGATIVES, EmbeddingConfig
from textpipe.errors import UsageError
from textpipe.pipeline.document_stages import artifact_of, carry_tokenizer
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog
from textpipe.pipeline.training_log import Telling
from textpipe.segment.tokenizer_files import TOKENIZER_FILES
from textpipe.store.objects import Artifact

_DEFAULTS = EmbeddingConfig()
_CHOICES: dict[str, tuple[str, ...]] = {"arch": ARCHITECTURES, "loss": LOSSES, "negatives": NEGATIVES}
_TYPES = {"int": "number", "float": "real", "bool": "flag"}


def _parameter(name: str, type_name: str) -> Parameter:
    default = getattr(_DEFAULTS, name)
    if name in _CHOICES:
        return Parameter(default, choices=_CHOICES[name])
    return Parameter(default, _TYPES[type_name])  # type: ignore[arg-type]


SETTINGS = {field.name: _parameter(field.name, str(field.type)) for field in fields(EmbeddingConfig)}


def config_of(params: Mapping[str, Any]) -> EmbeddingConfig:
    """The settings of training among a stage's parameters. Raises UsageError for some that make no sense."""
    return EmbeddingConfig(**{name: params[name] for name in SETTINGS})


def _make(folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog) -> dict[str, Any]:
    """words.txt, counts.npy, vectors.safetensors, context.safetensors, subwords.safetensors with `subword`;
    embeddings.json, the settings; tokenizer.json and dictionary.jsonl, what the tokens were cut with.
    """
    from textpipe.embeddings.engines import engine
    from textpipe.embeddings.files import read_vectors, write_vectors
    from textpipe.embeddings.tokens import grown, token_file

    config, source = config_of(params), artifact_of(inputs, "tokens")
    base = artifact_of(inputs, "base") if "base" in inputs else None
    if base is not None:
        _check_same_tokenizer(source, base)
    began = time.monotonic()
    least, most = config.min_count, params["max_words"]
    path = source.file("tokens.txt")
    vectors = None if base is None else read_vectors(base, context=True)
    if vectors is None:
        tokens = token_file(path, min_count=least, max_size=most, where=source.address)
    else:
        tokens = grown(token_file(path, min_count=1, where=source.address), vectors, min_count=least, max_size=most)
    counted = time.monotonic() - began
    chosen = choose_engine(config, tokens, wanted=params["engine"], device=params["device"])
    log.note(f"{len(tokens.vocabulary):,} words, {tokens.tokens:,} tokens; engine {chosen.engine}: {chosen.reason}")
    telling = Telling(config, log)
    trained = engine(chosen.engine)(
        tokens,
        config,
        vectors=vectors,
        workers=params["workers"] or usable_cores(),
        device=chosen.device,
        log=telling.log,
    )
    settings = {**asdict(config), "engine": chosen.engine}
    write_vectors(folder, trained, settings=settings)
    carry_tokenizer(source, folder)
    return {
        "words": len(trained.words),
        "tokens": tokens.tokens,
        "engine": chosen.engine,
        "loss": telling.epochs[-1]["loss"] if telling.epochs else None,
        "epochs": telling.epochs,
        "seconds": {"vocabulary": round(counted, 3), "training": round(time.monotonic() - began - counted, 3)},
        **telling.log.facts,
    }


def _check_same_tokenizer(tokens: Artifact, base: Artifact) -> None:
    """Words cut otherwise would be other words. Imported vectors do not say how their words were cut."""
    if TOKENIZER_FILES[0] not in base.manifest.outputs:
        return
    for name in TOKENIZER_FILES:
        if tokens.file(name).read_bytes() != base.file(name).read_bytes():
            message = "the vectors to go on from were made with another tokenizer"
            raise UsageError(message, where=base.address, hint="the same --user-dict and --hmm as then")


def _check(params: Mapping[str, Any]) -> None:
    check_engine(config_of(params), wanted=params["engine"], device=params["device"])


EMBEDDINGS = Stage(
    name="embeddings",
    version=1,
    kind="embeddings",
    make=_make,
    inputs={"tokens": "tokens", "base": "embeddings"},
    optional=frozenset({"base"}),
    params={
        **SETTINGS,
        "max_words": Parameter(None, "number", least=2, optional=True),
        "engine": Parameter("auto", choices=("auto", *ENGINES)),
        "workers": Parameter(0, "number"),
        "device": Parameter(None, choices=("cpu", "cuda"), optional=True),
    },
    check=_check,
)
