"""Classifiers by what a user calls them."""

from __future__ import annotations

from textpipe.models import Classifier
from textpipe.models.files import load_classifier
from textpipe.operations.open_artifact import artifact_of_kind
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, verified
from textpipe.store.refs import LATEST

KIND = "classifier"
_HINT = "textpipe train-classifier LABELLED.tsv makes one, then: textpipe classify PATHS"


def classifier_artifact(store: Store, name: str = LATEST) -> Artifact:
    """The artifact of a classifier that a user means. Raises ArtifactError, with what makes one, when there is none."""
    return artifact_of_kind(store, name, kind=KIND, what="classifiers", use="textpipe classify PATHS", hint=_HINT)


def open_classifier(store: Store, name: str = LATEST, *, device: str | None = None) -> tuple[Classifier, Artifact]:
    """(the classifier, its artifact), every byte checked. Raises ArtifactError when there is none or it is damaged."""
    artifact = verified(classifier_artifact(store, name))
    return load_classifier(artifact.folder, device=device), artifact
