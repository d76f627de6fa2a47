"""A throw-away classifier for tests of what lies around classifiers: character counts, the nearest mean wins."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pytest

from textpipe.corpus.document import Document
from textpipe.errors import ArtifactError
from textpipe.metrics.classification import scores
from textpipe.models import CLASSIFIERS
from textpipe.models.files import best_labels, read_config, read_description, write_description
from textpipe.segment.tokenizer import Tokenizer
from textpipe.settings import check_choices, check_numbers
from textpipe.training.log import EpochReport, TrainingLog

_BUCKETS = 512


@dataclass(frozen=True, kw_only=True)
class CentroidConfig:
    """sharpness: of probabilities; unit: not looked at; widths: a tuple, not looked at"""

    sharpness: float = 20.0
    unit: Literal["word", "char"] = "char"
    widths: tuple[int, ...] = (1,)
    freeze: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_choices(self)
        check_numbers(self, sharpness=(0.0, 1000.0), seed=(0, 1 << 60))


class Centroid:
    """See `textpipe.models.Classifier`."""

    Config: ClassVar[type] = CentroidConfig
    calls: ClassVar[list[dict[str, Any]]] = []

    def __init__(
        self,
        config: Any = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Any = None,
        workers: int | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config or CentroidConfig()
        self.labels: tuple[str, ...] = ()
        self.centres = np.zeros((0, _BUCKETS), np.float32)
        self.given = {"tokenizer": tokenizer, "vectors": vectors, "workers": workers, "device": device}

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> Self:
        Centroid.calls.append({**self.given, "documents": documents, "valid": valid, "refit": refit, "work": log.work})
        self._learn(documents)
        known = [one for one in valid if one.label in self.labels]
        held: dict[str, float] = {}
        if known:
            held = scores([one.label or "" for one in known], self.labels, self.predict_proba([v.text for v in known]))
            log.facts["valid"] = held
        log.share(0.5, "half")
        log.epoch(EpochReport(1, 0.5, held, True, 0.1))
        if refit:
            self._learn([*documents, *valid])
        return self

    def _learn(self, documents: Sequence[Document]) -> None:
        self.labels = tuple(sorted({one.label or "" for one in documents}))
        rows = _rows([one.text for one in documents])
        gold = np.array([one.label for one in documents])
        self.centres = np.array([rows[gold == label].mean(axis=0) for label in self.labels], np.float32)

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        near = self.config.sharpness * (_rows(texts) @ self.centres.T)
        exponents = np.exp(near - near.max(axis=1, keepdims=True, initial=0))
        probabilities: npt.NDArray[np.float32] = (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)
        return probabilities

    def predict(self, texts: Sequence[str]) -> list[str]:
        return best_labels(self.labels, self.predict_proba(texts))

    def save(self, folder: Path, *, prefix: str = "") -> None:
        write_description(folder, prefix=prefix, arch="centroid", labels=self.labels, config=self.config)
        np.save(folder / f"{prefix}centres.npy", self.centres, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Self:
        description = read_description(folder, prefix=prefix)
        path = folder / f"{prefix}centres.npy"
        found = cls(read_config(CentroidConfig, description["config"], where=path), tokenizer=tokenizer, device=device)
        found.labels = tuple(description["labels"])
        found.centres = np.load(path, allow_pickle=False)
        if found.centres.shape != (len(found.labels), _BUCKETS):
            raise ArtifactError("not the centres of classes", where=path)
        return found


def _rows(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    rows = np.zeros((len(texts), _BUCKETS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for character in text:
            row[zlib.crc32(character.encode("utf-8", "surrogatepass")) % _BUCKETS] += 1
        row /= max(float(np.linalg.norm(row)), 1e-9)
    return rows


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `--arch centroid` mean it."""
    monkeypatch.setitem(CLASSIFIERS, "centroid", "tests.models.centroid:Centroid")
    monkeypatch.setattr(Centroid, "calls", [])
