"""The usual implementations of TextCNN and of a bidirectional LSTM for Chinese, as people copy them.

Characters, texts cut or padded to 32, batches of 128, Adam. Architecture, sizes, first weights and settings are of
649453932/Chinese-Text-Classification-Pytorch (TextCNN.py, TextRNN.py, utils.py), the code is our own.
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

LENGTH, BATCH, RATE, DIM, MOST = 32, 128, 1e-3, 300, 10_000


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


NETWORKS: dict[str, Any] = {"textcnn": UsualTextCNN, "recurrent": UsualBiLSTM}


class Usual:
    """One of them in training, an epoch at a time; vectors: of characters, None for random ones."""

    def __init__(
        self, name: str, texts: Sequence[str], labels: Sequence[str], *, seed: int, vectors: Any = None
    ) -> None:
        counts = Counter(character for text in texts for character in text)
        self.places = {character: place for place, (character, _) in enumerate(counts.most_common(MOST))}
        self.labels = sorted(set(labels))
        self.rows, self.gold = self.ids(texts), torch.tensor([self.labels.index(label) for label in labels])
        torch.manual_seed(seed)
        self.order = np.random.default_rng(seed)
        embedding = nn.Embedding(len(self.places) + 2, DIM if vectors is None else vectors.vector_size)
        if vectors is not None:
            with torch.no_grad():
                for character, place in self.places.items():
                    if (found := vectors.vector(character)) is not None:
                        embedding.weight[place] = torch.from_numpy(np.array(found))
        self.network: Any = NETWORKS[name](embedding, len(self.labels))
        for part, weight in self.network.named_parameters():
            if "embedding" not in part:
                nn.init.constant_(weight, 0) if "bias" in part else nn.init.xavier_normal_(weight)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=RATE)

    def ids(self, texts: Sequence[str]) -> Any:
        """int64[texts, LENGTH]"""
        unknown, padding = len(self.places), len(self.places) + 1
        rows = [[self.places.get(character, unknown) for character in text[:LENGTH]] for text in texts]
        return torch.tensor([row + [padding] * (LENGTH - len(row)) for row in rows])

    def epoch(self) -> float:
        """Seconds."""
        began = time.perf_counter()
        self.network.train()
        order = torch.from_numpy(self.order.permutation(len(self.rows)))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            loss = functional.cross_entropy(self.network(self.rows[batch]), self.gold[batch])
            self.network.zero_grad()
            loss.backward()
            self.optimizer.step()
        return time.perf_counter() - began

    def accuracy(self, texts: Sequence[str], labels: Sequence[str]) -> float:
        """The share of texts that get their label."""
        self.network.eval()
        with torch.inference_mode():
            found = torch.cat([self.network(part).argmax(1) for part in self.ids(texts).split(1024)]).tolist()
        return float(np.mean([self.labels[place] == label for place, label in zip(found, labels, strict=True)]))
