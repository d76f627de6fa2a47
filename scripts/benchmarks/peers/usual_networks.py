"""The usual implementations of TextCNN, a bidirectional LSTM, DPCNN and a Transformer for Chinese, as people copy them.

Characters, texts cut or padded to 32, batches of 128, Adam. Architecture, sizes, first weights and settings are of
649453932/Chinese-Text-Classification-Pytorch (TextCNN.py, TextRNN.py, DPCNN.py, Transformer.py, utils.py), the code is
our own. Of the Transformer only the heads are not as there, where they are cut out of a text along its positions.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LENGTH, BATCH, DIM, MOST = 32, 128, 300, 10_000
RATES = {"transformer": 5e-4}
_RATE = 1e-3  # of the others


class UsualTextCNN(nn.Module):  # type: ignore[misc]
    """Conv2d over [positions, dim], three widths, 256 filters each."""

    def __init__(self, embedding: Any, classes: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.convolutions = nn.ModuleList(nn.Conv2d(1, 256, (width, embedding.embedding_dim)) for width in (2, 3, 4))
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(3 * 256, classes)

    def forward(self, ids: Any) -> Any:
        values = self.embedding(ids).unsqueeze(1)
        pooled = []
        for convolution in self.convolutions:
            found = functional.relu(convolution(values)).squeeze(3)
            pooled.append(functional.max_pool1d(found, found.size(2)).squeeze(2))
        return self.last(self.dropout(torch.cat(pooled, 1)))


class UsualBiLSTM(nn.Module):  # type: ignore[misc]
    """Two layers of 128 in each direction; the output at the last position, padding or not."""

    def __init__(self, embedding: Any, classes: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.lstm = nn.LSTM(embedding.embedding_dim, 128, 2, bidirectional=True, batch_first=True, dropout=0.5)
        self.last = nn.Linear(256, classes)

    def forward(self, ids: Any) -> Any:
        return self.last(self.lstm(self.embedding(ids))[0][:, -1, :])


class UsualDPCNN(nn.Module):  # type: ignore[misc]
    """250 filters; one convolution of three positions, the same in all blocks, until one position is left."""

    def __init__(self, embedding: Any, classes: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.region = nn.Conv2d(1, 250, (3, embedding.embedding_dim))
        self.convolution = nn.Conv2d(250, 250, (3, 1))
        self.pool = nn.MaxPool2d((3, 1), 2)
        self.last = nn.Linear(250, classes)

    def twice(self, values: Any) -> Any:
        """Two convolutions, each after its ReLU."""
        for _ in range(2):
            values = self.convolution(functional.relu(functional.pad(values, (0, 0, 1, 1))))
        return values

    def forward(self, ids: Any) -> Any:
        values = self.twice(self.region(self.embedding(ids).unsqueeze(1)))
        while values.size(2) > 2:
            pooled = self.pool(functional.pad(values, (0, 0, 0, 1)))
            values = self.twice(pooled) + pooled
        return self.last(values[:, :, 0, 0])


class UsualTransformer(nn.Module):  # type: ignore[misc]
    """Two blocks of five heads, norms after them, sines as positions, padding read like text, all positions side by
    side into the last layer."""

    def __init__(self, embedding: Any, classes: int) -> None:
        super().__init__()
        size = embedding.embedding_dim
        self.embedding = embedding
        rates = 10_000.0 ** -(torch.arange(size) // 2 * 2 / size)
        angles = torch.arange(LENGTH)[:, None] * rates
        places = torch.where(torch.arange(size) % 2 == 0, angles.sin(), angles.cos())
        self.register_buffer("places", places)
        self.dropout = nn.Dropout(0.5)
        self.blocks = nn.ModuleList(_UsualBlock(size) for _ in range(2))
        self.last = nn.Linear(LENGTH * size, classes)

    def forward(self, ids: Any) -> Any:
        values = self.dropout(self.embedding(ids) + self.places)
        for block in self.blocks:
            values = block(values)
        return self.last(values.flatten(1))


class _UsualBlock(nn.Module):  # type: ignore[misc]
    def __init__(self, size: int, heads: int = 5) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(size, size) for _ in range(4))
        self.hidden, self.back = nn.Linear(size, 1024), nn.Linear(1024, size)
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(2))
        self.dropout = nn.Dropout(0.5)

    def forward(self, values: Any) -> Any:
        split = (len(values), values.size(1), self.heads, -1)
        query, key, value = (part(values).view(split).transpose(1, 2) for part in (self.query, self.key, self.value))
        fit = (query @ key.transpose(2, 3) / query.size(-1) ** 0.5).softmax(-1)
        mixed = (fit @ value).transpose(1, 2).flatten(2)
        values = self.norms[0](values + self.dropout(self.out(mixed)))
        return self.norms[1](values + self.dropout(self.back(functional.relu(self.hidden(values)))))


NETWORKS: dict[str, Any] = {
    "textcnn": UsualTextCNN,
    "recurrent": UsualBiLSTM,
    "dpcnn": UsualDPCNN,
    "transformer": UsualTransformer,
}


class Usual:
    """One of them in training, an epoch at a time; vectors: of characters, None for random ones; half: matrices are
    multiplied in bfloat16."""

    def __init__(
        self,
        name: str,
        texts: Sequence[str],
        labels: Sequence[str],
        *,
        seed: int,
        vectors: Any = None,
        device: str = "cpu",
        half: bool = False,
    ) -> None:
        self.device, self.half = torch.device(device), half
        counts = Counter(character for text in texts for character in text)
        self.places = {character: place for place, (character, _) in enumerate(counts.most_common(MOST))}
        self.labels = sorted(set(labels))
        self.rows, self.gold = self.ids(texts), torch.tensor([self.labels.index(label) for label in labels])
        torch.manual_seed(seed)
        self.order = np.random.default_rng(seed)
        size, padding = DIM if vectors is None else vectors.vector_size, len(self.places) + 1
        embedding = nn.Embedding(len(self.places) + 2, size, padding_idx=padding)
        if vectors is not None:
            with torch.no_grad():
                for character, place in self.places.items():
                    if (found := vectors.vector(character)) is not None:
                        embedding.weight[place] = torch.from_numpy(np.array(found))
        self.network: Any = NETWORKS[name](embedding, len(self.labels))
        for part, weight in self.network.named_parameters():
            if "embedding" not in part and name != "transformer":  # which keeps torch's own
                nn.init.constant_(weight, 0) if "bias" in part else nn.init.xavier_normal_(weight)
        self.network.to(self.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=RATES.get(name, _RATE))

    def ids(self, texts: Sequence[str]) -> Any:
        """int64[texts, LENGTH]"""
        unknown, padding = len(self.places), len(self.places) + 1
        rows = [[self.places.get(character, unknown) for character in text[:LENGTH]] for text in texts]
        return torch.tensor([row + [padding] * (LENGTH - len(row)) for row in rows])

    def _cast(self) -> Any:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def epoch(self) -> float:
        """Seconds."""
        began = time.perf_counter()
        self.network.train()
        order = torch.from_numpy(self.order.permutation(len(self.rows)))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            rows, gold = self.rows[batch].to(self.device), self.gold[batch].to(self.device)
            with self._cast():
                loss = functional.cross_entropy(self.network(rows), gold)
            self.network.zero_grad()
            loss.backward()
            self.optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter() - began

    def accuracy(self, texts: Sequence[str], labels: Sequence[str]) -> float:
        """The share of texts that get their label."""
        return float(np.mean([found == label for found, label in zip(self.predict(texts), labels, strict=True)]))

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The label of each text."""
        self.network.eval()
        with torch.inference_mode(), self._cast():
            parts = [self.network(part.to(self.device)).argmax(1) for part in self.ids(texts).split(1024)]
        return [self.labels[place] for place in torch.cat(parts).tolist()]
