"""A vectorizer's files: read as written, refused when damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.features.making import HOSTILE, news, pairs, same
from textpipe.errors import ArtifactError
from textpipe.features.config import FeatureConfig
from textpipe.features.files import read_vectorizer, write_vectorizer
from textpipe.features.vectorizer import Vectorizer

NEWS = [document.text for document in news()]


def written(folder: Path, texts: list[str], prefix: str = "") -> Vectorizer:
    vectorizer = Vectorizer.fit(texts, FeatureConfig(char_ngrams=(1, 2)), spans=pairs)
    write_vectorizer(folder, vectorizer, prefix=prefix)
    return vectorizer


@pytest.mark.parametrize("texts", [NEWS, HOSTILE * 2, ["", ""]])
def test_read_as_written(tmp_path: Path, texts: list[str]) -> None:
    vectorizer = written(tmp_path, texts, prefix="1-")
    found = read_vectorizer(tmp_path, prefix="1-", spans=pairs)
    assert found.config == vectorizer.config
    assert (found.features, found.chars, found.documents) == (vectorizer.features, vectorizer.chars, len(texts))
    assert same(found.rows(texts), vectorizer.rows(texts))
    assert found.names == vectorizer.names


def settings(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "features.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def table(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def replace(folder: Path) -> None:
        array = np.load(folder / "table.npy")
        changed = change(array)
        np.save(folder / "table.npy", array if changed is None else changed)

    return replace


def shorten(folder: Path) -> None:
    path = folder / "table.npy"
    path.write_bytes(path.read_bytes()[:-16])


@pytest.mark.parametrize(
    "damage",
    [
        settings(features=3),
        settings(features=-1),
        settings(chars=1 << 20),
        settings(config={"unit": "words"}),
        settings(config=[]),
        settings(config={"sound": 1}),
        settings(seed=None),
        settings(more=1),
        lambda folder: (folder / "features.json").write_text("["),
        lambda folder: (folder / "features.json").unlink(),
        lambda folder: (folder / "table.npy").unlink(),
        lambda folder: (folder / "table.npy").write_bytes(b""),
        shorten,
        table(lambda array: array["idf"].fill(np.nan)),
        table(lambda array: array["row"].fill(0)),
        table(lambda array: array["row"].fill((1 << 32) - 1)),
        table(lambda array: np.concatenate([array, array, array])),
        table(lambda array: array["hash"].copy()),
        table(lambda array: array.reshape(2, -1)),
        table(lambda array: array.astype(object)),
    ],
)
def test_damage_is_found(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    written(tmp_path, NEWS)
    damage(tmp_path)
    with pytest.raises(ArtifactError):
        read_vectorizer(tmp_path, spans=pairs)


@pytest.mark.parametrize("content", [b"", b'"a"\n', b"\xff\n", b"[" * 100_000])
def test_names_that_are_others(tmp_path: Path, content: bytes) -> None:
    written(tmp_path, NEWS)
    (tmp_path / "ngrams.jsonl").write_bytes(content)
    with pytest.raises(ArtifactError):
        _ = read_vectorizer(tmp_path, spans=pairs).names
