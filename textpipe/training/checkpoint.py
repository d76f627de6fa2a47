"""A training as arrays and JSON, to go on from: textpipe.store.checkpoint keeps them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from textpipe.store.checkpoint import Arrays, Kind, Room
from textpipe.training.averaging import Tensors
from textpipe.training.config import TrainingConfig

_FORMAT = 1  # of states, and of what a step does: raised when another state or other bits come of the same settings


def fingerprint_of(network: Any, config: TrainingConfig, data: str) -> str:
    """Of all that the weights depend on but CPU and threads: settings, data, and the weights before the first step."""
    digest = hashlib.sha256(json.dumps([_FORMAT, asdict(config), data]).encode())
    for name, tensor in network.state_dict().items():
        array = _array(tensor)
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def packed(room: str, tensors: Tensors) -> dict[str, Any]:
    """Tensors as arrays whose names begin with `room/`; on a CPU they share their memory."""
    return {f"{room}/{name}": _array(tensor) for name, tensor in tensors.items()}


def unpacked(room: str, arrays: Arrays) -> dict[str, Any]:
    """The tensors that `packed` named so; they share the arrays' memory."""
    start = f"{room}/"
    return {name[len(start) :]: torch.from_numpy(array) for name, array in arrays.items() if name.startswith(start)}


def pack_optimizers(optimizers: list[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What they remember: arrays named `optimizer<number>/<weight>/<what>`, and as JSON what is no tensor."""
    arrays: dict[str, Any] = {}
    rest: list[dict[str, Any]] = []
    for number, optimizer in enumerate(optimizers):
        numbers: dict[str, Any] = {}
        for weight, memory in optimizer.state_dict()["state"].items():
            for what, value in memory.items():
                if isinstance(value, torch.Tensor):
                    arrays[f"optimizer{number}/{weight}/{what}"] = _array(value)
                else:
                    numbers[f"{weight}/{what}"] = value
        rest.append(numbers)
    return arrays, rest


def unpack_optimizers(optimizers: list[Any], arrays: Arrays, rest: list[Mapping[str, Any]]) -> None:
    """Let optimisers that have made no step go on where others stood."""
    for number, optimizer in enumerate(optimizers):
        memory: dict[int, dict[str, Any]] = {}
        for name, value in {**unpacked(f"optimizer{number}", arrays), **rest[number]}.items():
            weight, _, what = name.partition("/")
            memory.setdefault(int(weight), {})[what] = value
        optimizer.load_state_dict({"state": memory, "param_groups": optimizer.state_dict()["param_groups"]})


def room_for(network: Tensors) -> Room:
    """New arrays for a state that has these tensors as `network/…`."""
    wanted = {
        name: Kind(str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)) for name, tensor in network.items()
    }

    def room(kinds: Mapping[str, Kind]) -> Arrays | None:
        if any(kinds.get(f"network/{name}") != kind for name, kind in wanted.items()):
            return None
        return {name: np.empty(kind.shape, dtype=kind.dtype) for name, kind in kinds.items()}

    return room


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().contiguous().numpy()
