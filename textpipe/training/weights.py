"""The weights of a network on disk, as safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from textpipe.errors import REMAKE, ArtifactError
from textpipe.store.checkpoint import CODES


def save_weights(path: Path, network: Any) -> None:
    """All of a module's state_dict, the frozen weights too, by its names."""
    from safetensors.numpy import save_file

    tensors = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    save_file(tensors, path)


@torch.no_grad()  # type: ignore[untyped-decorator]
def load_weights(path: Path, network: Any) -> None:
    """What `save_weights` wrote into a module of the same make; it is in evaluation mode afterwards.

    Raises ArtifactError for other names, shapes or types than the module has, and for numbers that are not finite.
    """
    from safetensors import SafetensorError, safe_open

    wanted = network.state_dict()
    try:
        with safe_open(path, framework="numpy") as stored:
            if set(stored.keys()) != wanted.keys():
                raise ArtifactError("not the weights of this network: other names", where=path, hint=REMAKE)
            for name, tensor in wanted.items():
                part = stored.get_slice(name)
                _check_kind(path, name, (part.get_dtype(), part.get_shape()), tensor)
                tensor.copy_(torch.from_numpy(_finite(path, name, stored.get_tensor(name))))
    except (SafetensorError, FileNotFoundError):
        raise ArtifactError("not a safetensors file", where=path, hint=REMAKE) from None
    network.eval()


def _check_kind(path: Path, name: str, found: tuple[str, list[int]], tensor: Any) -> None:
    """The type, as safetensors calls it, and the shape."""
    wanted = CODES[str(tensor.dtype).removeprefix("torch.")], list(tensor.shape)
    if (found[0], list(found[1])) != wanted:
        message = f"not the weights of this network: {name} is {found[0]}{found[1]}, not {wanted[0]}{wanted[1]}"
        raise ArtifactError(message, where=path, hint=REMAKE)


def _finite(path: Path, name: str, found: Any) -> Any:
    if not np.isfinite(found).all():
        raise ArtifactError(f"{name} has numbers that are not finite", where=path, hint=REMAKE)
    return found
