"""Weights on disk: equal when read back, refused when they are not those of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from safetensors.numpy import load_file, save_file  # noqa: E402

from tests.training.tasks import digest, network  # noqa: E402
from textpipe.errors import ArtifactError  # noqa: E402
from textpipe.training.weights import load_weights, save_weights  # noqa: E402


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_read_back(tmp_path: Path, name: str) -> None:
    first, second = network(name), network(name, seed=1)
    save_weights(tmp_path / "weights.safetensors", first)
    assert digest(first) != digest(second)
    load_weights(tmp_path / "weights.safetensors", second)
    assert digest(first) == digest(second)
    assert not second.training


def test_tied_weights(tmp_path: Path) -> None:
    def tied() -> Any:
        layers = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
        layers[1].weight = layers[0].weight
        return layers

    first, second = tied(), tied()
    save_weights(tmp_path / "w", first)
    load_weights(tmp_path / "w", second)
    assert digest(first) == digest(second)
    assert second[0].weight is second[1].weight


@pytest.mark.parametrize("what", ["name", "missing", "more", "shape", "type", "nan", "infinite"])
def test_other_weights_are_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "weights.safetensors"
    made = network("cnn")
    save_weights(path, made)
    arrays = load_file(path)
    changed = arrays.pop("last.weight")
    arrays["last.bias"] = arrays["last.bias"].copy()
    if what != "missing":
        arrays["last.weights" if what == "name" else "last.weight"] = {
            "shape": changed[:2],
            "type": changed.astype(np.float64),
        }.get(what, changed)
    if what == "more":
        arrays["another"] = changed
    if what in ("nan", "infinite"):
        arrays["last.bias"][1] = np.nan if what == "nan" else -np.inf
    save_file(arrays, path)
    with pytest.raises(ArtifactError) as caught:
        load_weights(path, made)
    assert caught.value.where == str(path)
    assert caught.value.hint is not None


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff" * 80, b"\x08" + b"\0" * 7 + b"{}      "])
def test_what_is_no_safetensors_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtifactError):
        load_weights(path, network("cnn"))


def test_a_type_that_numpy_lacks(tmp_path: Path) -> None:
    from safetensors.torch import save_file as save_tensors

    layer = torch.nn.Linear(2, 2)
    save_tensors({name: tensor.bfloat16() for name, tensor in layer.state_dict().items()}, tmp_path / "w")
    with pytest.raises(ArtifactError, match="not the weights of this network"):
        load_weights(tmp_path / "w", layer)
