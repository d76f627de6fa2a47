"""Classifiers as files of ONNX, which other programs predict with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textpipe.errors import InputError
from textpipe.models.onnx import require_onnx
from textpipe.operations.open_classifier import open_classifier
from textpipe.segment.tokenizer_files import read_tokenizer
from textpipe.store.layout import Store

if TYPE_CHECKING:
    from textpipe.models.onnx.check import Check

MOST_TEXTS = 10_000  # to compare by


class Exported(NamedTuple):
    """content: of the file; check: how it was found to be the classifier; size_before: without int8, None otherwise"""

    content: bytes
    check: Check
    size_before: int | None


def export_classifier(store: Store, name: str, *, int8: bool = False, texts: Sequence[str] | None = None) -> Exported:
    """The file, held against the classifier on `texts`, else on sentences that come with this package.

    Raises UsageError for an architecture that cannot be written, and when the file gives anything else than the
    classifier does; ArtifactError for the artifact; InputError for no texts.
    """
    require_onnx()
    if texts is not None and not texts:
        raise InputError("no text to compare by", hint="leave out --check")
    from textpipe.models.files import read_description
    from textpipe.models.onnx import written
    from textpipe.models.onnx.about import write_about
    from textpipe.models.onnx.check import compared, require_equal, sample
    from textpipe.models.onnx.int8 import in_int8

    classifier, artifact = open_classifier(store, name, device="cpu")
    tokenizer = read_tokenizer(artifact.folder)
    model, about = written(classifier, arch=read_description(artifact.folder)["arch"], tokenizer=tokenizer)
    about |= {"artifact": artifact.address, "int8": int8}
    size_before = None
    if int8:
        write_about(model, about)
        size_before = model.ByteSize()
        model = in_int8(model)
    chosen = list(texts) if texts is not None else sample(about)
    check = compared(model.SerializeToString(), classifier, chosen, about=about, tokenizer=tokenizer)
    require_equal(check, int8=int8)
    write_about(model, {**about, "check": check.as_json()})
    return Exported(model.SerializeToString(), check, size_before)
