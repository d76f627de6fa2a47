"""Classifiers by name, and what each of them must be able to do.

An architecture is one file. Packages add their own by entry points of the group `textpipe.classifiers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, cast

from textpipe.corpus.document import Document
from textpipe.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    import numpy as np
    import numpy.typing as npt

    from textpipe.embeddings.vectors import Vectors
    from textpipe.segment.tokenizer import Tokenizer
    from textpipe.training.log import TrainingLog

CLASSIFIERS = {  # name on the command line → where it lives
    "auto": "textpipe.models.auto:Auto",
    "linear": "textpipe.models.linear:Linear",
    "mlp": "textpipe.models.mlp:MLP",
    "textcnn": "textpipe.models.textcnn:TextCNN",
    "recurrent": "textpipe.models.recurrent:Recurrent",
}
_OF_TORCH = frozenset({"mlp", "textcnn", "recurrent"})
_GROUP = "textpipe.classifiers"


class Classifier(Protocol):
    """What a classifier is. `Config` is a frozen data class: its signature is what may be set.

    config: its settings; labels: the labels it knows, sorted, in the order of columns
    held_back: float32[valid, labels], the probabilities that `fit` gave to those documents of `valid` whose labels it
        knows, in order, before it may have learned from them; None without any, and after `load`
    thresholds: of each label the probability from which on a text has it, where a text may have several
        (`config.label_sep`: what stands between them in `Document.label`); None where it has one
    tokenizer: how its texts are cut; vectors: of words (or characters) to begin with, where it has embeddings
    workers: threads of training, None for all cores; device: `cpu`, `cuda` or `cuda:N`, None for the best
    """

    Config: ClassVar[type]
    config: Any
    labels: tuple[str, ...]
    held_back: npt.NDArray[np.float32] | None
    thresholds: tuple[float, ...] | None

    def __init__(
        self,
        config: Any = None,
        *,
        tokenizer: Tokenizer | None = None,
        vectors: Vectors | None = None,
        workers: int | None = None,
        device: str | None = None,
    ) -> None: ...

    def fit(
        self, documents: Sequence[Document], *, valid: Sequence[Document] = (), refit: bool = False, log: TrainingLog
    ) -> Self:
        """Learn from labelled documents.

        valid: what settings, epochs, probabilities and thresholds are chosen on, never learned from; refit: may be
        learned from as well, once all is chosen. Labels are those of `documents`; what of `valid` has none of them is
        passed over.
        Its scores on `valid` (`textpipe.metrics.classification.scores`) go to log.facts["valid"]; whether it learned
        from `valid` as well to log.facts["refit"], which is taken to be `refit` where it does not say.
        Raises InputError for fewer than two labels, ResourceError when memory runs out.
        """

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32[texts, labels], rows that sum to 1; of several labels a text each label's own probability. A text
        without anything known gets what labels get by chance."""

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text, of equally likely ones the first."""

    def predict_labels(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The labels of each text, the likeliest first: those whose probability is their threshold at least, none where
        none is; one where texts have one. `textpipe.models.label_sets.predicted_sets` says so of every classifier."""

    def save(self, folder: Path, *, prefix: str = "") -> None:
        """Everything that prediction needs, into files whose names begin with `prefix`, but for the tokenizer's."""

    @classmethod
    def load(cls, folder: Path, *, prefix: str = "", tokenizer: Tokenizer, device: str | None = None) -> Self:
        """What `save` wrote. Raises ArtifactError for anything else."""


def names() -> list[str]:
    """The architectures there are, our own first."""
    return [*CLASSIFIERS, *sorted({point.name for point in _points()} - CLASSIFIERS.keys())]


def classifier_class(name: str) -> type[Classifier]:
    """The architecture of that name, imported now. Raises UsageError when there is none, or it needs torch in vain."""
    place = CLASSIFIERS.get(name)
    if place is None:
        found = [point for point in _points() if point.name == name]
        if not found:
            message = f"no architecture {name!r}{did_you_mean(name, names())}"
            raise UsageError(message, hint=f"one of: {', '.join(names())}")
        return cast("type[Classifier]", found[0].load())
    if name in _OF_TORCH and find_spec("torch") is None:
        raise UsageError(f"{name} needs torch, which is not installed", hint="pip install 'textpipe-zh[torch]'")
    module, _, attribute = place.partition(":")
    return cast("type[Classifier]", getattr(import_module(module), attribute))


def _points() -> EntryPoints:
    from importlib.metadata import entry_points  # takes longer than to predict a line

    return entry_points(group=_GROUP)
