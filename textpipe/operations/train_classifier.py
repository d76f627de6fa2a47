"""A classifier from labelled documents: documents found or made, then the classifier."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from textpipe.errors import InputError, UsageError
from textpipe.metrics.classification import share_interval
from textpipe.models.settings import setting_names
from textpipe.operations.open_vectors import embeddings_artifact
from textpipe.pipeline.classifier_stages import CLASSIFIER
from textpipe.pipeline.document_stages import CORPUS
from textpipe.pipeline.raw import RawFiles, raw_files
from textpipe.pipeline.resume import forget
from textpipe.pipeline.stage import Given, StageLog, digests, name_artifact, realize
from textpipe.store.layout import Store
from textpipe.store.manifest import Manifest
from textpipe.store.objects import Artifact, find
from textpipe.store.refs import check_name

_EMBEDDED = "freeze"  # a setting of every architecture that begins with vectors of an artifact
_PARTS = ("limit",)  # reading options of training alone


class Source(NamedTuple):
    """Labelled documents: files to learn from, files to be judged by (none: a share of the first), how they are read,
    and dictionaries of the user's words."""

    paths: Sequence[str]
    valid: Sequence[str] = ()
    reading: Mapping[str, Any] = {}
    dictionaries: Sequence[str] = ()


def held_back(valid: str) -> float | str:
    """What --valid says: the share to hold back, or the file of what was held back.

    Raises UsageError for a number that is no share.
    """
    try:
        share = float(valid)
    except ValueError:
        return valid
    if not 0 <= share < 1:
        hint = "0.1 holds back a tenth, 0 nothing; a file of such a name is ./" + valid
        raise UsageError(f"--valid {valid}: no share to hold back, from 0 to less than 1", hint=hint)
    return share


def train_classifier(
    store: Store,
    source: Source,
    *,
    params: Mapping[str, Any],
    embeddings: str | None = None,
    name: str | None = None,
    restart: bool = False,
    log_of: Callable[[str], StageLog] = lambda _step: StageLog(),
) -> Artifact:
    """The classifier artifact: found, or made from documents, which are found or made first.

    params: of the stage `classifier`; embeddings: the artifact whose vectors are begun with; name: what to call it
    besides `latest`; restart: forget an interrupted run, which is gone on with else
    Raises UsageError for parameters that make no sense, InputError for data that nothing can be learned from.
    """
    names = () if name is None else (check_name(name),)
    complete = CLASSIFIER.complete(params)
    CLASSIFIER.check(complete)
    source = source._replace(reading={**source.reading, "label_sep": complete["settings"].get("label_sep", "")})
    inputs: dict[str, Given] = {}
    if embeddings is not None:
        if _EMBEDDED not in setting_names(complete["arch"]):
            hint = "--arch textcnn, recurrent or mlp begin with vectors"
            raise UsageError(f"the architecture {complete['arch']} has no use for --embeddings", hint=hint)
        inputs["embeddings"] = embeddings_artifact(store, embeddings)
    train, valid = (raw_files(paths, store) for paths in (source.paths, source.valid))
    if source.dictionaries:
        inputs["dictionary"] = raw_files(source.dictionaries, store)
    inputs["train"] = _corpus(store, train, source.reading, log_of(CORPUS.name))
    if source.valid:
        reading = {key: value for key, value in source.reading.items() if key not in _PARTS}
        inputs["valid"] = _corpus(store, valid, reading, log_of(CORPUS.name))
    recipe = CLASSIFIER.recipe(complete, digests(inputs))
    if restart and find(store, recipe) is None:
        forget(store.work / recipe.id)
    try:
        artifact, _ = realize(store, CLASSIFIER, complete, inputs, log=log_of(CLASSIFIER.name))
    except InputError as error:
        raise _named(error, {"train": source.paths, "valid": source.valid}, inputs) from None
    name_artifact(store, artifact, *names)
    return artifact


def _corpus(store: Store, files: RawFiles, reading: Mapping[str, Any], log: StageLog) -> Artifact:
    complete = CORPUS.complete({**reading, "labels": True})
    CORPUS.check(complete)
    try:
        corpus, _ = realize(store, CORPUS, complete, {"files": files}, log=log)
    except InputError as error:
        given = {os.path.abspath(path): path for path in files.names}
        where = given.get(error.where or "", error.where)
        raise type(error)(error.message, where=where, line=error.line, hint=error.hint) from None
    for line in _account(corpus.manifest.metrics):
        log.note(line)
    return corpus


def _account(metrics: Mapping[str, Any]) -> Iterator[str]:
    """What became of rows that are no documents, and of bytes that are no UTF-8."""
    left_out = {**metrics["skipped"], **metrics["rejected"]}
    if left_out:
        yield f"left out: {', '.join(f'{count:,} {reason}' for reason, count in left_out.items())}"
    if metrics["replaced_characters"]:
        yield f"{metrics['replaced_characters']:,} unreadable characters were replaced by U+FFFD"
    guessed = {name: count for name, count in metrics["encodings"].items() if name != "utf-8"}
    if guessed:
        counted = (f"{name} ({count} {'files' if count > 1 else 'file'})" for name, count in guessed.items())
        yield f"read as {', '.join(counted)}"


def _named(error: InputError, paths: Mapping[str, Sequence[str]], inputs: Mapping[str, Given]) -> InputError:
    """An error at an artifact of documents, told at the files that people know."""
    for role, named in paths.items():
        given = inputs.get(role)
        if isinstance(given, Artifact) and error.where == given.address and named:
            more = f" and {len(named) - 1} more" if len(named) > 1 else ""
            return type(error)(error.message, where=f"{named[0]}{more}", hint=error.hint)
    return error


def held_back_line(manifest: Manifest) -> str:
    """How good the classifier is, in a line: no more than held-back texts say."""
    metrics = manifest.metrics
    data, scores = metrics["data"], metrics.get("valid")
    texts = data["judging"]
    if not scores or not texts:
        return "nothing was held back, so nothing says how good it is: textpipe evaluate classifier NAME DATA does"
    several = "subset_accuracy" in scores
    accuracy = scores["subset_accuracy" if several else "accuracy"]
    low, high = share_interval(round(accuracy * texts), texts)
    shares = f"{accuracy:.3f} (95% interval {low:.3f} to {high:.3f})"
    line = f"accuracy {shares}, macro F1 {scores['macro_f1']:.3f}"
    if several:
        line = f"micro F1 {scores['micro_f1']:.3f}, macro F1 {scores['macro_f1']:.3f}, all labels right {shares}"
    line += f" on {texts:,} held-back text{'' if texts == 1 else 's'}"
    if metrics["refit"]:
        line += ", before it learned from these too"
    if len([epoch for epoch in metrics["history"] if epoch["scores"]]) > 1:
        line += "; the same texts chose its epoch, so expect a little less of new ones"
    return line
