"""Recurrent networks: a text is read unit by unit, in one direction or two, and what was kept of it is classified.

Plain (Elman 1990, with ReLU, as in Le et al. 2015), LSTM (Hochreiter and Schmidhuber 1997), GRU (Cho et al. 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from textpipe.models.layers import Embedding, PoolingName, pooling
from textpipe.models.neural import Neural
from textpipe.models.neural_config import NeuralConfig
from textpipe.models.prediction.reading import Reader, reading_tables
from textpipe.settings import check_numbers
from textpipe.training.surroundings import no_unscaled_float16

Cell = Literal["rnn", "lstm", "gru"]


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(NeuralConfig):
    """Those of all networks, of training too, and:

    cell: `rnn` (with ReLU), `lstm` or `gru`; hidden: its size; layers: one on the other; bidirectional: the text is
        also read from its end
    pooling: what of the positions is classified: the `last` one (in each direction), of each number the `max` or the
        `mean`, or a mean weighed by `attention`
    layer_dropout: of what goes from layer to layer
    initialisation: `identity` lets a plain RNN hand on what it has (Le et al. 2015)
    """

    cell: Cell = "lstm"
    hidden: int = 128
    layers: int = 1
    bidirectional: bool = True
    pooling: PoolingName = "max"
    layer_dropout: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, hidden=(1, 8_192), layers=(1, 32), layer_dropout=(0.0, 0.9))


class Recurrent(Neural):
    """See textpipe.models.Classifier."""

    Config = RecurrentConfig
    arch = "recurrent"

    def network(self, sizes: Sequence[int], classes: int) -> Any:
        """See Neural."""
        return _Network(self.config, sizes, classes)

    def tables(self, network: Any) -> Reader | None:
        """See Neural: of LSTMs."""
        config: RecurrentConfig = self.config
        if config.cell != "lstm":
            return None
        layers = [[one for one in (layer.forwards, layer.backwards) if one is not None] for layer in network.layers]
        pooling: dict[str, Any] = {"pooling": config.pooling, "module": network.pooling}
        return reading_tables(network.embedding, layers, network.last, **pooling)


class _Network(nn.Module):  # type: ignore[misc]
    def __init__(self, config: RecurrentConfig, sizes: Sequence[int], classes: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = Embedding.of(config, sizes)
        size = config.hidden * (2 if config.bidirectional else 1)
        self.layers = nn.ModuleList(
            _Layer(config, self.embedding.size if number == 0 else size) for number in range(config.layers)
        )
        self.pooling = pooling(config.pooling, size, bidirectional=config.bidirectional)
        self.last = nn.Linear(size, classes)

    def forward(self, ids: Sequence[Any], lengths: Any) -> Any:
        config = self.config
        values = self.embedding(ids)
        backwards = turned_places(lengths, values.shape[1])
        with no_unscaled_float16(lengths.device):
            for number, layer in enumerate(self.layers):
                if number:
                    values = functional.dropout(values, config.layer_dropout, self.training)
                values = layer(values, backwards)
        return self.last(functional.dropout(self.pooling(values, lengths), config.dropout, self.training))


class _Layer(nn.Module):  # type: ignore[misc]
    """Each direction by itself, the second over each text turned round, so that padding comes last in both: what is
    read of a text never depends on it. Several times faster on a CPU than torch's packed sequences."""

    def __init__(self, config: RecurrentConfig, size: int) -> None:
        super().__init__()
        more = {"nonlinearity": "relu"} if config.cell == "rnn" else {}
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[config.cell]
        self.forwards = kind(size, config.hidden, batch_first=True, **more)
        self.backwards = kind(size, config.hidden, batch_first=True, **more) if config.bidirectional else None

    def forward(self, values: Any, backwards: Any) -> Any:
        ahead = self.forwards(values)[0]
        if self.backwards is None:
            return ahead
        return torch.cat([ahead, turned(self.backwards(turned(values, backwards))[0], backwards)], 2)


def turned_places(lengths: Any, positions: int) -> Any:
    """int64[texts, positions]: where each position is when a text is turned round; padding stays."""
    places = torch.arange(positions, device=lengths.device)[None]
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)


def turned(values: Any, backwards: Any) -> Any:
    """[texts, positions, size], each text turned round."""
    return values.gather(1, backwards[..., None].expand(-1, -1, values.shape[2]))
