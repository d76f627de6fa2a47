"""Small networks and what they learn, and the digest of their weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="needs torch: pip install 'textpipe-zh[torch]'")

from textpipe.training.batches import bucketed  # noqa: E402
from textpipe.training.initialisation import seeded  # noqa: E402
from textpipe.training.loop import Task  # noqa: E402

nn: Any = torch.nn
_WORDS, _CLASSES, _LENGTH = 40, 3, 9


class Convolution(nn.Module):  # type: ignore[misc]
    """Embeddings, a convolution with a batch norm, the maximum; dropout before the last layer."""

    def __init__(self, *, sparse: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(_WORDS, 8, sparse=sparse)
        self.convolution = nn.Conv1d(8, 12, 3, padding=1)
        self.norm = nn.BatchNorm1d(12)
        self.dropout = nn.Dropout(0.3)
        self.last = nn.Linear(12, _CLASSES)

    def forward(self, words: Any) -> Any:
        hidden = self.norm(self.convolution(self.embedding(words).transpose(1, 2)))
        return self.last(self.dropout(hidden.relu().amax(dim=2)))


class Recurrence(nn.Module):  # type: ignore[misc]
    """Embeddings that are frozen, two layers of a two-way LSTM with dropout between them, the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(_WORDS, 8)
        self.embedding.weight.requires_grad_(False)
        self.lstm = nn.LSTM(8, 6, num_layers=2, dropout=0.3, bidirectional=True, batch_first=True)
        self.last = nn.Linear(12, _CLASSES)

    def forward(self, words: Any) -> Any:
        return self.last(self.lstm(self.embedding(words))[0].mean(dim=1))


def network(name: str, seed: int = 0) -> Any:
    makers: dict[str, Any] = {"cnn": Convolution, "lstm": Recurrence, "sparse": lambda: Convolution(sparse=True)}
    with seeded(seed):
        return makers[name]()


def examples(count: int, *, seed: int = 0) -> tuple[Any, Any]:
    """int64[count, 9] words, and the class: whether there are few, some or many of the first ten words."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(_WORDS, (count, _LENGTH), generator=generator)
    return words, ((words < 10).sum(dim=1) - 1).clamp(0, 2)


def cross_entropy(network: Any, batch: Mapping[str, Any]) -> tuple[Any, int]:
    return nn.functional.cross_entropy(network(batch["words"]), batch["classes"]), len(batch["classes"])


def task(network: Any, *, count: int = 60, batch_size: int = 16, scored: bool = True, seed: int = 0) -> Task:
    """60 examples of three classes in batches of 15, and 30 held-back ones."""
    words, classes = examples(count, seed=seed)
    held_words, held_classes = examples(30, seed=1000)

    def batches(epoch: int) -> list[dict[str, Any]]:
        found = bucketed([_LENGTH] * count, batch_size, seed=seed, epoch=epoch)
        return [{"words": words[indices], "classes": classes[indices]} for indices in map(torch.from_numpy, found)]

    def score(network: Any) -> dict[str, float]:
        scores = network(held_words)
        right = (scores.argmax(dim=1) == held_classes).double().mean()
        return {"accuracy": right, "loss": nn.functional.cross_entropy(scores, held_classes)}

    return Task(network=network, batches=batches, loss=cross_entropy, score=score if scored else None)


def digest(network: Any) -> str:
    """sha256 of all weights."""
    found = hashlib.sha256()
    for tensor in network.state_dict().values():
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
