"""A classifier's files: what all of them have in common.

classifier.json                     {"arch", "labels", "config", and what an architecture adds}
tokenizer.json, dictionary.jsonl    how texts are cut
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textpipe.errors import REMAKE, ArtifactError, UsageError
from textpipe.models import Classifier, classifier_class
from textpipe.segment.tokenizer import Tokenizer
from textpipe.segment.tokenizer_files import read_tokenizer, write_tokenizer
from textpipe.settings import config_from

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_DESCRIPTION = "classifier.json"


def save_classifier(folder: Path, classifier: Classifier, *, tokenizer: Tokenizer) -> None:
    """All files of an artifact of kind `classifier`."""
    write_tokenizer(folder, tokenizer)
    classifier.save(folder)


def load_classifier(folder: Path, *, device: str | None = None) -> Classifier:
    """The classifier of a folder. Raises ArtifactError when there is none, or one that is not known here."""
    found = known_class(read_description(folder)["arch"], where=folder / _DESCRIPTION)
    return found.load(folder, tokenizer=read_tokenizer(folder), device=device)


def known_class(arch: str, *, where: Path) -> type[Classifier]:
    """The architecture that an artifact names. Raises ArtifactError when it is not known here."""
    try:
        return classifier_class(arch)
    except UsageError as error:
        raise ArtifactError(error.message, where=where, hint=REMAKE) from None


def write_description(
    folder: Path, *, prefix: str = "", arch: str, labels: Sequence[str], config: Any, **more: Any
) -> None:
    """classifier.json"""
    content = {"arch": arch, "labels": list(labels), "config": asdict(config), **more}
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    (folder / f"{prefix}{_DESCRIPTION}").write_text(text + "\n", encoding="utf-8")


def read_description(folder: Path, *, prefix: str = "", arch: str | None = None) -> dict[str, Any]:
    """What classifier.json says. Raises ArtifactError when it is missing or not of a classifier, or not of `arch`."""
    path = folder / f"{prefix}{_DESCRIPTION}"
    try:
        content = json.loads(path.read_bytes()) if path.is_file() else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not _is_sound(content):
        raise ArtifactError("not a classifier", where=path, hint=REMAKE)
    if arch is not None and content["arch"] != arch:
        raise ArtifactError(f"not of {arch!r}, but of {content['arch']!r}", where=path, hint=REMAKE)
    return content


def _is_sound(content: Mapping[str, Any]) -> bool:
    labels: Any = content.get("labels")
    sound = isinstance(labels, list) and len(labels) > 1 and all(isinstance(label, str) for label in labels)
    sound = sound and labels == sorted(set(labels))
    return sound and isinstance(content.get("arch"), str) and isinstance(content.get("config"), dict)


def read_config(config: type, settings: Mapping[str, Any], *, where: Path) -> Any:
    """The config of these settings. Raises ArtifactError when it refuses them."""
    try:
        return config_from(config, settings)
    except UsageError as error:
        raise ArtifactError(f"not the settings of a classifier: {error.message}", where=where, hint=REMAKE) from None


def read_shares(description: Mapping[str, Any], *, where: Path, several: bool = False) -> npt.NDArray[np.float64]:
    """float64[labels], the shares of labels in training, by which a text without anything known is judged.

    several: a text may have several labels, each share is from 0 to 1; else they sum to 1
    Raises ArtifactError for anything else.
    """
    import numpy as np

    shares = read_numbers(description.get("prior"), len(description["labels"]), where=where)
    if (shares < 0).any() or (shares > 1).any() or not (several or abs(shares.sum() - 1) <= 1e-6):
        raise ArtifactError("not the shares of labels", where=where, hint=REMAKE)
    return np.asarray(shares)


def read_numbers(value: Any, count: int, *, where: Path) -> npt.NDArray[np.float64]:
    """float64[count] of a list of numbers. Raises ArtifactError for anything else."""
    import numpy as np

    numbers = isinstance(value, list) and len(value) == count
    if not numbers or not all(type(one) in (int, float) and abs(one) < 1e300 for one in value):
        raise ArtifactError(f"not {count:,} numbers", where=where, hint=REMAKE)
    return np.array(value, np.float64)


def checked_texts(texts: Iterable[str]) -> list[str]:
    """The texts to classify. Raises UsageError for what is none: a single text would be read as its characters."""
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        hint = 'predict(["a text"]): a list of texts'
        raise UsageError(f"texts are needed, not {type(texts).__name__}", hint=hint)
    found = list(texts)
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise UsageError(f"a text is needed, not {type(text).__name__} (number {place} of the texts)")
    return found


def best_labels(labels: Sequence[str], probabilities: npt.NDArray[np.float32]) -> list[str]:
    """The likeliest label of each row, of equally likely ones the first."""
    return [labels[place] for place in probabilities.argmax(axis=1).tolist()]
