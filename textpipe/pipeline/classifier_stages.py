"""The stage that learns to classify texts from labelled ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textpipe.errors import UsageError
from textpipe.models import classifier_class
from textpipe.models.settings import settings_of
from textpipe.pipeline.document_stages import artifact_of, documents_of, tokenizer_of
from textpipe.pipeline.stage import Given, Parameter, Stage, StageLog
from textpipe.pipeline.training_log import ClassifierTelling
from textpipe.settings import config_from
from textpipe.store.objects import Artifact

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SEEN = "seen.npy"


def _fill(params: dict[str, Any]) -> dict[str, Any]:
    return {**params, "settings": settings_of(params["arch"], params["settings"], seed=params["seed"])}


def _check(params: Mapping[str, Any]) -> None:
    if not 0 <= params["valid_share"] < 1:
        hint = "from 0 to less than 1, as 0.1 for a tenth"
        raise UsageError(f"valid_share: {params['valid_share']:g} is no share to hold back", hint=hint)


def _make(folder: Path, params: Mapping[str, Any], inputs: Mapping[str, Given], log: StageLog) -> dict[str, Any]:
    """classifier.json and the files of its architecture; tokenizer.json and dictionary.jsonl, how it cuts texts;
    seen.npy uint64[texts], a hash of each text that it learned from, sorted.
    """
    import numpy as np

    from textpipe.features.files import write_array
    from textpipe.models.files import save_classifier
    from textpipe.models.training_data import training_data

    began = time.monotonic()
    source = artifact_of(inputs, "train")
    given = artifact_of(inputs, "valid") if "valid" in inputs else None
    data = training_data(
        list(documents_of(source)),
        None if given is None else list(documents_of(given)),
        share=params["valid_share"],
        seed=params["seed"],
        drop_leaks=params["drop_leaks"],
        label_sep=params["settings"].get("label_sep", ""),
        where=source.address,
        valid_where=None if given is None else given.address,
    )
    for line in data.lines():
        log.note(line)
    architecture = classifier_class(params["arch"])
    tokenizer = tokenizer_of(params, inputs)
    telling = ClassifierTelling(log)
    classifier = architecture(
        config_from(architecture.Config, params["settings"]),
        tokenizer=tokenizer,
        vectors=_vectors(inputs),
        workers=params["workers"] or None,
        device=params["device"],
    ).fit(data.train, valid=data.valid, refit=data.split, log=telling.log)
    save_classifier(folder, classifier, tokenizer=tokenizer)
    facts = _as_facts(telling.log.facts)
    refit = data.split and bool(data.valid) and bool(facts.get("refit", True))
    write_array(folder / SEEN, np.array(data.learned(refit=refit), "<u8"))
    return {
        "seconds": round(time.monotonic() - began, 3),
        **facts,
        "arch": params["arch"],
        "data": {**data.metrics(), "judging": len(data.judging)},
        "refit": refit,
        "history": telling.epochs,
    }


def _vectors(inputs: Mapping[str, Given]) -> Any:
    if "embeddings" not in inputs:
        return None
    from textpipe.embeddings.files import read_vectors

    return read_vectors(artifact_of(inputs, "embeddings"))


def _as_facts(value: Any) -> Any:
    """What an architecture tells, as a manifest can say it: numbers of numpy are numbers, what is none is null."""
    if isinstance(value, Mapping):
        return {str(key): _as_facts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_facts(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value if value is None or type(value) in (bool, int, float, str) else str(value)


def seen_texts(artifact: Artifact) -> npt.NDArray[np.uint64]:
    """uint64[texts], sorted: the hashes of what a classifier learned from. Raises ArtifactError for anything else."""
    from textpipe.features.files import read_array

    return read_array(artifact.file(SEEN), "<u8", dimensions=1)


CLASSIFIER = Stage(
    name="classifier",
    version=1,
    kind="classifier",
    make=_make,
    inputs={"train": "corpus", "valid": "corpus", "embeddings": "embeddings", "dictionary": "files"},
    optional=frozenset({"valid", "embeddings", "dictionary"}),
    explicit=frozenset({"valid", "embeddings"}),
    params={
        "arch": Parameter("auto"),
        "settings": Parameter({}, "settings"),
        "valid_share": Parameter(0.1, "real"),
        "drop_leaks": Parameter(False, "flag"),
        "hmm": Parameter(True, "flag"),
        "seed": Parameter(0, "number"),
        "workers": Parameter(0, "number"),
        "device": Parameter(None, optional=True),
    },
    packages=("jieba",),
    fill=_fill,
    check=_check,
)
