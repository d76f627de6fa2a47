"""DPCNN (Johnson and Zhang 2017): convolutions of two, with a way round them, over ever fewer positions.

What a window of units means is one layer; then come blocks of two convolutions, whose result is added to what went in.
Between blocks the largest of each three positions, at every second one, halves the text: a pyramid, in which each
position of the last block has seen the whole of a short text, for no more than twice the work of the first block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn import functional

from textpipe.device import torch_device
from textpipe.models.layers import Embedding, halves, in_halves, own_positions, pooled_max
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.settings import check_numbers


@dataclass(frozen=True, kw_only=True)
class DPCNNConfig(NeuralConfig):
    """Those of all networks, of training too (with precision=auto it multiplies in bfloat16 while it learns also on a
    CPU, where that has instructions for it), and:

    width: units of a window; filters: numbers of each position, in all layers
    blocks: of two convolutions; before each but the first the text becomes half as long, down to one position
    layer_dropout: of what goes into each convolution of the blocks
    """

    width: int = 3
    filters: int = 250
    blocks: int = 4
    layer_dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, width=(1, 100), filters=(1, 8_192), blocks=(1, 32), layer_dropout=(0.0, 0.9))


class DPCNN(Neural):
    """See textpipe.models.Classifier."""

    Config = DPCNNConfig
    arch = "dpcnn"

    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """See Neural."""
        return _Network(self.config, sizes, classes)

    def facts(self) -> dict[str, object]:
        """See Neural."""
        return {"products_in_halves": halves(self.config, torch_device(self._device))}


class _Network(nn.Module):  # type: ignore[misc]
    """Beyond its end a text is 0 for every convolution, and nothing for every pooling: as if there were no padding."""

    def __init__(self, config: DPCNNConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding.of(config, sizes)
        self.region = _Convolution(self.embedding.size, config.filters, config.width)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.blocks))
        self.last = nn.Linear(config.filters, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        with in_halves(self, lengths.device):
            return self._decisions(ids, lengths)

    def _decisions(self, ids: Sequence[Any], lengths: Any) -> Any:
        config = self.config
        values = self.embedding(ids).transpose(1, 2)  # [texts, dim, positions]
        own = _own(lengths, values)
        values = self.region(values.masked_fill(~own, 0.0))  # [texts, filters, positions]
        for number, block in enumerate(self.blocks):
            if number:
                values, lengths = halved(values, lengths)
                own = _own(lengths, values)
            values = block(values, own)
        pooled = pooled_max(values.transpose(1, 2), lengths)  # [texts, filters]
        return self.last(functional.dropout(pooled, config.dropout, self.training))


class _Block(nn.Module):  # type: ignore[misc]
    """x + W relu(W relu(x)): activations come first, so that what goes round them stays as it is."""

    def __init__(self, config: DPCNNConfig) -> None:
        super().__init__()
        self.dropout = config.layer_dropout
        self.convolutions = nn.ModuleList(_Convolution(config.filters, config.filters, 3) for _ in range(2))

    def forward(self, values: Any, own: Any) -> Any:
        found = values
        for convolution in self.convolutions:
            active = functional.relu(found).masked_fill(~own, 0.0)
            found = convolution(functional.dropout(active, self.dropout, self.training))
        return values + found


class _Convolution(nn.Conv1d):  # type: ignore[misc]
    """As many positions as before: what is missing at the ends is 0; of an even width the last is the one to spare."""

    def __init__(self, size: int, filters: int, width: int) -> None:
        super().__init__(size, filters, width)
        self.ends = ((width - 1) // 2, width // 2)

    def forward(self, values: Any) -> Any:
        return super().forward(functional.pad(values, self.ends))


def halved(values: Any, lengths: Any) -> tuple[Any, Any]:
    """([texts, size, half the positions], lengths int64[texts], halves, rounded up): at every second position the
    largest of it and its neighbours, of a text's own ones. Beyond a text there may be anything."""
    own = _own(lengths, values)
    return functional.max_pool1d(values.masked_fill(~own, float("-inf")), 3, 2, 1), (lengths + 1) // 2


def _own(lengths: Any, values: Any) -> Any:
    """bool[texts, 1, positions]"""
    return own_positions(lengths, values.shape[2])[:, None]
