"""Settings with which our networks are as large as the usual ones, and read the same."""

from __future__ import annotations

from typing import Any

from peers.usual_networks import BATCH, DIM, LENGTH

PLAIN = {
    "unit": "char",
    "min_count": 1,
    "max_length": LENGTH,
    "dim": DIM,
    "pretrain": 0,
    "unit_dropout": 0.0,
    "embedding_dropout": 0.0,
    "batch_size": BATCH,
}
SAME: dict[str, dict[str, Any]] = {
    "textcnn": {"widths": (2, 3, 4)},
    "recurrent": {"layers": 2, "pooling": "last", "layer_dropout": 0.5, "dropout": 0.0},
    "dpcnn": {"filters": 250, "blocks": 5, "layer_dropout": 0.0, "dropout": 0.0},
    "transformer": {"size": DIM, "heads": 5, "layers": 2, "feedforward": 1024, "layer_dropout": 0.5, "dropout": 0.0},
}
