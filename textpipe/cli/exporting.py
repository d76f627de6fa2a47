"""`textpipe export`"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import click

from textpipe.cli.console import debug_option, note, show_account
from textpipe.cli.output import STDOUT, Destination
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import UsageError
from textpipe.files import check_writable

if TYPE_CHECKING:
    from textpipe.embeddings.formats import Format
    from textpipe.operations.export_classifier import Exported
    from textpipe.store.layout import Store

_VECTORS = ("word2vec-txt", "word2vec-bin", "glove")  # as embeddings.formats has them, which imports numpy
_FORMATS = (*_VECTORS, "onnx")
_BINARY = ("word2vec-bin", "onnx")


@click.command("export")
@click.argument("name", type=str, shell_complete=complete_artifact)
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    required=True,
    help="Of word vectors: word2vec's text or binary format, or GloVe's text, which has no first line. Of a "
    "classifier: onnx.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=str, readable=False),
    required=True,
    metavar="FILE",
    help="Write here; - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace an output file that exists.")
@click.option("--int8", is_flag=True, help="onnx: weights in 8 bits, a quarter of the size.")
@click.option(
    "--check",
    multiple=True,
    type=click.Path(path_type=str, readable=False),
    metavar="PATHS",
    help="onnx: compare file and classifier on these texts instead of those that come with textpipe; repeatable.",
)
@click.option("-q", "--quiet", is_flag=True, help="No notes; errors only.")
@uses_store
@debug_option
def export(
    *,
    name: str,
    format: Format | Literal["onnx"],
    output: str,
    force: bool,
    int8: bool,
    check: tuple[str, ...],
    quiet: bool,
    store: Store,
) -> None:
    """Write NAME to a file for other programs: word vectors, or a classifier as ONNX.

    In a file of word vectors white space inside a word becomes U+2581. A file of ONNX holds the classifier and all
    that is needed to predict with onnxruntime alone; it is compared with the classifier before it is kept.
    textpipe store export writes whole artifacts.

    \b
    Examples:
      textpipe export words --format word2vec-bin -o words.bin
      textpipe export latest --format glove -o - | gzip > vectors.txt.gz
      textpipe export news --format onnx --int8 --check test.tsv -o news.onnx
    """
    from textpipe.operations.exchange import check_kind, export_vectors

    if output == STDOUT and sys.stdout.isatty() and format in _BINARY:
        raise UsageError("a terminal cannot show a binary file", hint="-o FILE")
    if output.lower().endswith((".gz", ".bz2", ".xz")):
        raise UsageError("files are written as they are", where=output, hint="-o - | gzip > FILE.gz")
    if format != "onnx" and (int8 or check):
        option = "--int8" if int8 else "--check"
        raise UsageError(f"{option} is about classifiers", hint=f"--format onnx, or leave out {option}")
    if output != STDOUT:
        check_writable(output, force=force)
    check_kind(store, name, format)
    destination = Destination(path=output, given_format=format, formats=_FORMATS, force=force, bom=False)
    pieces: Iterable[bytes]
    if format == "onnx":
        pieces = _classifier(store, name, int8=int8, check=check, quiet=quiet)
    else:
        pieces = export_vectors(store, name, format)
    with destination.open_bytes(check) as write:
        for piece in pieces:
            write(piece)


def _classifier(store: Store, name: str, *, int8: bool, check: tuple[str, ...], quiet: bool) -> list[bytes]:
    """The file, when it was found to be the classifier."""
    from textpipe.operations.export_classifier import export_classifier

    exported = export_classifier(store, name, int8=int8, texts=_texts(check, quiet) if check else None)
    if not quiet:
        _tell(exported)
    return [exported.content]


def _texts(paths: tuple[str, ...], quiet: bool) -> list[str]:
    from textpipe.corpus.document import ReadLog
    from textpipe.corpus.read import read
    from textpipe.operations.export_classifier import MOST_TEXTS

    log = ReadLog()
    texts = [document.text for document in read(paths, log=log, limit=MOST_TEXTS)]
    show_account(log, quiet=quiet, verbose=False)
    return texts


def _tell(exported: Exported) -> None:
    check, size = exported.check, len(exported.content) / 1e6
    same = "all labels are the same" if check.agreement == 1 else f"{check.agreement:.2%} of labels are the same"
    smaller = "" if exported.size_before is None else f", {exported.size_before / 1e6:.2f} MB without int8"
    note(f"{size:.2f} MB{smaller}")
    note(f"compared on {check.texts:,} texts: probabilities differ by {check.difference:.1e} at most, {same}")
    note(f"onnxruntime {check.rate:,.0f} texts a second, the classifier {check.rate_before:,.0f}, on these texts")
