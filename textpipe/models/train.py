"""A classifier from labelled texts in memory, or from any iterable of them: the Python door of training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textpipe.corpus.document import Document
from textpipe.corpus.label_sets import joined_labels
from textpipe.errors import InputError, UsageError
from textpipe.models import Classifier, classifier_class
from textpipe.models.settings import setting_names, settings_of
from textpipe.models.training_data import training_data
from textpipe.settings import config_from
from textpipe.training.log import TrainingLog

if TYPE_CHECKING:
    from textpipe.embeddings.vectors import Vectors
    from textpipe.segment.tokenizer import Tokenizer

Labelled = Document | tuple[str, str | Sequence[str]]


def train_classifier(
    documents: Iterable[Labelled],
    *,
    valid: float | Iterable[Labelled] = 0.1,
    arch: str = "auto",
    tokenizer: Tokenizer | None = None,
    vectors: Vectors | None = None,
    seed: int = 0,
    drop_leaks: bool = False,
    workers: int | None = None,
    device: str | None = None,
    log: TrainingLog | None = None,
    **settings: Any,
) -> Classifier:
    """A classifier that has learned from documents with labels, or pairs (text, label); with label_sep="," among the
    settings from labels such as "sport,finance", or pairs (text, ["sport", "finance"]).

    valid: documents to be judged by, or the share of the others that is held back for it (and learned from in the end)
    arch: `auto`, `linear`, `mlp`, `textcnn`, `recurrent`, or one that a package adds; settings: those of its Config
    vectors: of words to begin with; drop_leaks: leave out of training the texts that are in `valid` too
    workers: threads, None for all cores; log: is told what is odd about the data, how training goes, and the scores
        on held-back documents, in `log.facts["valid"]`
    Raises UsageError for settings that make no sense, InputError for data that nothing can be learned from.

    >>> pairs = [("今晚的球赛", "体育"), ("球队赢了比赛", "体育"), ("股市今天大涨", "财经"), ("基金和股票", "财经")]
    >>> classifier = train_classifier(pairs * 5, arch="linear", unit="char", valid=0)
    >>> classifier.predict(["球队的比赛", "股票大涨"])
    ['体育', '财经']
    """
    architecture = classifier_class(arch)
    if vectors is not None and "freeze" not in setting_names(arch):
        raise UsageError(f"the architecture {arch} has no use for vectors", hint="textcnn, recurrent and mlp have")
    if workers is not None and workers < 1:
        raise UsageError(f"workers: a whole number from 1 is needed, not {workers}", hint="None takes all cores")
    config: Any = config_from(architecture.Config, settings_of(arch, settings, seed=seed))
    log = log or TrainingLog()
    separator = getattr(config, "label_sep", "")
    share = valid if isinstance(valid, int | float) else 0.0
    held = None if isinstance(valid, int | float) else [_document(one, separator) for one in valid]
    rows = [_document(one, separator) for one in documents]
    data = training_data(
        rows, held, share=share, seed=seed, drop_leaks=drop_leaks, label_sep=separator, where="documents"
    )
    for line in data.lines():
        log.note(line)
    classifier = architecture(config, tokenizer=tokenizer, vectors=vectors, workers=workers, device=device)
    return classifier.fit(data.train, valid=data.valid, refit=data.split, log=log)


def _document(one: Labelled, separator: str) -> Document:
    """Raises UsageError for what is neither a document nor a pair of texts, of several labels a text and labels."""
    if isinstance(one, Document):
        return one
    pair: Any = one if isinstance(one, tuple | list) and len(one) == 2 else (None, None)
    text, label = pair
    if separator and _are_texts(label):
        label = joined_labels(sorted(label), separator, where="documents", line=None)
    if isinstance(label, InputError):
        raise label
    if isinstance(text, str) and isinstance(label, str):
        return Document(id="", text=text, label=label)
    raise UsageError(f"not a document with a label: {one!r:.80}", hint='("a text", "its label") is one')


def _are_texts(labels: Any) -> bool:
    return isinstance(labels, list | tuple | set | frozenset) and all(isinstance(label, str) for label in labels)
