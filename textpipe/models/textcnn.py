"""TextCNN (Kim 2014): filters over windows of a few units, of each the largest value in the text, one layer on top.

The four variants of the paper: vectors that begin at random (`rand`), given ones that stay (`static`) or learn
(`nonstatic`), and both side by side (`twochannel`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from textpipe.device import torch_device
from textpipe.errors import UsageError
from textpipe.models.layers import Embedding, halves
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.models.prediction.windows import Windows, window_tables
from textpipe.models.textcnn_parts import Filters, filter_parts
from textpipe.models.textcnn_windows import convolved_windows, pooled_windows
from textpipe.settings import check_numbers

Variant = Literal["auto", "rand", "static", "nonstatic", "twochannel"]
Convolution = Literal["auto", "unlike", "torch"]


@dataclass(frozen=True, kw_only=True)
class TextCNNConfig(NeuralConfig):
    """Those of all networks, of training too, and:

    variant: `rand` begins at random, the others with given vectors, or with those that `pretrain` finds; `auto` is
        `nonstatic` (`static` with freeze)
    widths: units of the windows, each once; filters: of each width; max_norm: of each class's weights in the last
        layer, 3 in the paper, 0 for none
    convolution: on a CPU products of the `unlike` units of a batch, on a GPU that of `torch`: the same numbers but for
        rounding. With precision=auto the first multiplies in bfloat16 while it learns, where the CPU has instructions
        for that
    """

    variant: Variant = "auto"
    widths: tuple[int, ...] = (1, 2, 3, 4)
    filters: int = 256
    max_norm: float = 0.0
    convolution: Convolution = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, filters=(1, 100_000), max_norm=(0.0, 1e6))
        sound = isinstance(self.widths, tuple) and 0 < len(self.widths) == len(set(self.widths))
        if not sound or not all(type(width) is int and 1 <= width <= 100 for width in self.widths):
            message = f"widths: different whole numbers from 1 to 100 are needed, not {self.widths!r}"
            raise UsageError(message, hint="widths=[3,4,5]")
        if self.freeze and self.variant not in ("auto", "static"):
            raise UsageError(f"freeze: the vectors of the variant {self.variant!r} learn", hint="variant=static")


class TextCNN(Neural):
    """See textpipe.models.Classifier."""

    Config = TextCNNConfig
    arch = "textcnn"

    @property
    def least(self) -> int:
        """That of the widest window."""
        config: TextCNNConfig = self.config
        return max(config.widths)

    @property
    def pretrains(self) -> bool:
        """Not where vectors are to begin at random."""
        return super().pretrains and self.config.variant != "rand"

    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """See Neural. Raises UsageError for vectors that are given to the variant without."""
        if self._vectors is not None and self.config.variant == "rand":
            raise UsageError(
                "the variant 'rand' has no use for vectors", hint="variant=nonstatic, static or twochannel"
            )
        return _Network(self.config, sizes, classes)

    def tables(self, network: Any) -> Windows | None:
        """See Neural."""
        if self.config.max_norm:
            _limit(network.last.weight, self.config.max_norm)
        kernels = [kernel.weight for kernel in network.windows]
        return window_tables(network.embedding, kernels, network.bias, network.last)

    def facts(self) -> dict[str, object]:
        """See Neural."""
        device = torch_device(self._device)
        unlike = _of_unlike(self.config, device)
        return {
            "convolution": "unlike" if unlike else "torch",
            "products_in_halves": unlike and halves(self.config, device),
        }


class _Network(nn.Module):  # type: ignore[misc]
    def __init__(self, config: TextCNNConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding.of(
            config, sizes, freeze=config.variant == "static", twofold=config.variant == "twochannel"
        )
        self.windows = nn.ModuleList(
            nn.Conv1d(self.embedding.size, config.filters, width, bias=False) for width in config.widths
        )
        self.bias = nn.Parameter(torch.zeros(len(config.widths) * config.filters))
        self.last = nn.Linear(len(config.widths) * config.filters, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        config = self.config
        shape: dict[str, Any] = {"widths": config.widths, "filters": config.filters}
        columns = [kernel.weight.permute(1, 2, 0).flatten(1) for kernel in self.windows]
        weight = torch.cat(columns, 1)  # [dim, widths * filters]
        if _of_unlike(config, lengths.device):
            vectors, places = self.embedding.of_unlike(ids)
            dtype = torch.bfloat16 if self.training and halves(config, lengths.device) else weight.dtype
            parts = weight.to(dtype).chunk(len(vectors))
            products = [part.to(dtype) @ own for part, own in zip(vectors, parts, strict=True)]
            pooled = pooled_windows(products, places, lengths, **shape).to(self.bias.dtype)
        else:
            pooled = convolved_windows(self.embedding(ids), weight, lengths, **shape)
        if config.max_norm:
            _limit(self.last.weight, config.max_norm)
        hidden = torch.relu(pooled + self.bias)  # the largest of relu(x + b) is relu of the largest x, + b
        return self.last(functional.dropout(hidden, config.dropout, self.training))

    def integrated(self, ids: Sequence[Any], lengths: Any, directions: Any, nodes: int) -> Any:  # noqa: ARG002
        """See gradients.py; exact, whatever the number of nodes."""
        widths, filters = self.config.widths, self.config.filters
        weight = torch.cat([kernel.weight.permute(1, 2, 0).flatten(1) for kernel in self.windows], 1)
        filters_of = Filters(weight, self.bias, widths, filters)
        values, base = filter_parts(self.embedding(ids), lengths, filters_of, directions @ self.last.weight.double())
        return values, base + directions @ self.last.bias.double()


def _of_unlike(config: TextCNNConfig, device: Any) -> bool:
    return config.convolution == "unlike" or (config.convolution == "auto" and device.type == "cpu")


@torch.no_grad()  # type: ignore[untyped-decorator]
def _limit(weight: Any, most: float) -> None:
    """Scale rows down to that norm."""
    weight.copy_(torch.renorm(weight, p=2, dim=0, maxnorm=most))
