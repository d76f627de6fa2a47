"""Training: the engines, behind one contract, and which of them is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from textpipe.embeddings.config import EmbeddingConfig, Engine
from textpipe.embeddings.tokens import TokenFile

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors

_ENGINES: dict[Engine, str] = {
    "native": "textpipe.embeddings.native",
    "gensim": "textpipe.embeddings.gensim_engine",
    "torch": "textpipe.embeddings.torch_engine",
}


class Progress(NamedTuple):
    """How far training is. done, total: tokens of the file, over all epochs; loss: mean of this epoch so far."""

    done: int
    total: int
    epoch: int
    loss: float | None


class EpochReport(NamedTuple):
    """An epoch that has ended: its number from 1, the mean loss of its pairs (None where an engine has none), how many
    pairs there were, how many tokens were read, and the seconds they took.

    The loss of a pair of words is -log σ(u·v) - Σ log σ(-u·v') over its negatives v', before the update it makes,
    summed in double precision; of hierarchical softmax -Σ log σ(±u·v) along the path. A pair is a word and one word of
    its window with skip-gram, a word and its whole window with CBOW.
    """

    epoch: int
    loss: float | None
    pairs: int
    tokens: int
    seconds: float


@dataclass
class TrainingLog:
    """Where an engine tells how it goes, and the folder where it may keep state to go on from when it is stopped."""

    progress: Callable[[Progress], None] = field(default=lambda _progress: None)
    epoch: Callable[[EpochReport], None] = field(default=lambda _report: None)
    note: Callable[[str], None] = field(default=lambda _message: None)
    work: Path | None = None
    facts: dict[str, object] = field(default_factory=dict)  # for the manifest: the instruction set and the like


class Train(Protocol):
    """What an engine's module has as `train`.

    vectors: where to begin instead of at random: words of the vocabulary that it has start at its rows (and at its
        context rows, if it has them)
    workers: threads; device: of torch alone, `cpu` or `cuda`, None for the best
    The vectors have the words of the vocabulary in its order, their counts, and context vectors.
    Raises InputError when a token is no UTF-8, ResourceError when memory runs out.
    """

    def __call__(
        self,
        tokens: TokenFile,
        config: EmbeddingConfig,
        *,
        vectors: Vectors | None = None,
        workers: int = 1,
        device: str | None = None,
        log: TrainingLog,
    ) -> Vectors: ...


def engine(name: Engine) -> Train:
    """The engine of that name, imported now."""
    return cast("Train", import_module(_ENGINES[name]).train)
