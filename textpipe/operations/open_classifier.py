"""Classifiers by what a user calls them."""

from __future__ import annotations

from textpipe.errors import ArtifactError
from textpipe.models import Classifier
from textpipe.models.files import load_classifier
from textpipe.store.layout import Store
from textpipe.store.objects import Artifact, verified
from textpipe.store.refs import LATEST, names, resolve

KIND = "classifier"
_HINT = "textpipe train-classifier LABELLED.tsv makes one, then: textpipe classify PATHS"


def classifier_artifact(store: Store, name: str = LATEST) -> Artifact:
    """The artifact of a classifier that a user means. Raises ArtifactError, with what makes one, when there is none."""
    if not store.exists:
        raise ArtifactError("there is no store", where=store.path, hint=f"{_HINT}; --store FOLDER names another store")
    if name == LATEST and (KIND, LATEST) not in names(store):
        raise ArtifactError("no classifier in the store", where=store.path, hint=_HINT)
    return resolve(store, name, kind=KIND)


def open_classifier(store: Store, name: str = LATEST, *, device: str | None = None) -> tuple[Classifier, Artifact]:
    """(the classifier, its artifact), every byte checked. Raises ArtifactError when there is none or it is damaged."""
    artifact = verified(classifier_artifact(store, name))
    return load_classifier(artifact.folder, device=device), artifact
