"""How networks for Chinese texts are usually asked: characters through a dict, padded to 32, batches, torch eager.

The networks have the weights of ours, so that outputs can be held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from textpipe.models.inputs import FIRST, PADDING, UNKNOWN

LENGTH = 32
Floats = npt.NDArray[np.float32]


class Conv2dTextCNN(nn.Module):  # type: ignore[misc]
    """Kim's network as it is usually written."""

    def __init__(self, ours: Any) -> None:
        super().__init__()
        table = ours.embedding.tables[0].weight.detach()
        self.embedding = nn.Embedding.from_pretrained(table, padding_idx=PADDING)
        self.convolutions = nn.ModuleList()
        for kernel, bias in zip(ours.windows, ours.bias.detach().chunk(len(ours.windows)), strict=True):
            filters, dim, width = kernel.weight.shape
            convolution = nn.Conv2d(1, filters, (width, dim))
            convolution.weight = nn.Parameter(kernel.weight.detach().permute(0, 2, 1)[:, None].contiguous())
            convolution.bias = nn.Parameter(bias.clone())
            self.convolutions.append(convolution)
        self.last = ours.last

    def forward(self, ids: Any) -> Any:
        values = self.embedding(ids).unsqueeze(1)
        pooled = []
        for convolution in self.convolutions:
            found = functional.relu(convolution(values)).squeeze(3)
            pooled.append(functional.max_pool1d(found, found.size(2)).squeeze(2))
        return self.last(torch.cat(pooled, 1))


class BiLSTM(nn.Module):  # type: ignore[misc]
    """nn.LSTM in both directions, of each number the largest; packed: padding is not read."""

    def __init__(self, ours: Any, *, packed: bool) -> None:
        super().__init__()
        self.packed = packed
        self.embedding = nn.Embedding.from_pretrained(ours.embedding.tables[0].weight.detach(), padding_idx=PADDING)
        first = ours.layers[0].forwards
        self.lstm = nn.LSTM(first.input_size, first.hidden_size, len(ours.layers), bidirectional=True, batch_first=True)
        with torch.no_grad():
            for number, layer in enumerate(ours.layers):
                for ending, one in (("", layer.forwards), ("_reverse", layer.backwards)):
                    for name in ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"):
                        getattr(self.lstm, f"{name}{number}{ending}").copy_(getattr(one, f"{name}0"))
        self.last = ours.last

    def forward(self, ids: Any) -> Any:
        values = self.embedding(ids)
        if not self.packed:
            return self.last(self.lstm(values)[0].amax(1))
        lengths = (ids != PADDING).sum(1).clamp(min=1)
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        found, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, padding_value=float("-inf"))
        return self.last(found.amax(1))


class Usual:
    """Texts to float32[texts, labels]; characters: those of the ids from FIRST on; batch: texts."""

    def __init__(self, network: Any, characters: Sequence[str], *, batch: int) -> None:
        self.network, self.batch = network.eval(), batch
        self.places = {character: place for place, character in enumerate(characters, start=FIRST)}

    def ids(self, texts: Sequence[str]) -> Any:
        rows = [[self.places.get(character, UNKNOWN) for character in text[:LENGTH]] for text in texts]
        return torch.tensor([row + [PADDING] * (LENGTH - len(row)) for row in rows])

    def decisions(self, texts: Sequence[str]) -> Floats:
        """Of texts in batches, as they come."""
        with torch.inference_mode():
            parts = [self.network(self.ids(some)) for some in _batches(texts, self.batch)]
        return np.asarray(torch.cat(parts).numpy())


def without_padding(network: Any, rows: Sequence[npt.NDArray[np.int32]]) -> Floats:
    """float32[texts, labels] of ids, of those that are equally long together, so that there is no padding."""
    found: list[Any] = [None] * len(rows)
    by_length: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        by_length.setdefault(len(row), []).append(place)
    with torch.inference_mode():
        for places in by_length.values():
            for some in _batches(places, 256):
                ids = torch.from_numpy(np.stack([rows[place] for place in some]).astype(np.int64))
                for place, row in zip(some, network(ids).numpy(), strict=True):
                    found[place] = row
    return np.stack(found)


def _batches(items: Sequence[Any], size: int) -> Iterator[Any]:
    return (items[first : first + size] for first in range(0, len(items), size))


def onnx_decisions(network: Any, usual: Usual, *, threads: int, path: str) -> Callable[[Sequence[str]], Floats]:
    """The same network in ONNX Runtime, which must be installed."""
    import onnxruntime

    example = torch.ones(2, LENGTH, dtype=torch.int64)
    axes = {"ids": {0: "texts"}, "out": {0: "texts"}}
    torch.onnx.export(
        network, (example,), path, input_names=["ids"], output_names=["out"], dynamic_axes=axes, dynamo=False
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def decisions(texts: Sequence[str]) -> Floats:
        found = [session.run(None, {"ids": usual.ids(some).numpy()})[0] for some in _batches(texts, usual.batch)]
        return np.concatenate(found)

    return decisions
