"""`textpipe export`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from textpipe.cli.console import debug_option
from textpipe.cli.output import STDOUT, Destination
from textpipe.cli.storing import complete_artifact, uses_store
from textpipe.errors import UsageError
from textpipe.files import check_writable

if TYPE_CHECKING:
    from textpipe.embeddings.formats import Format
    from textpipe.store.layout import Store

_FORMATS = ("word2vec-txt", "word2vec-bin", "glove")  # as embeddings.formats has them, which imports numpy


@click.command("export")
@click.argument("name", type=str, shell_complete=complete_artifact)
@click.option(
    "--format",
    type=click.Choice(_FORMATS),
    required=True,
    help="word2vec's text or binary format, or GloVe's text, which has no first line.",
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
@uses_store
@debug_option
def export(*, name: str, format: Format, output: str, force: bool, store: Store) -> None:
    """Write the word vectors NAME to a file that other tools read.

    White space inside a word becomes U+2581. textpipe store export writes whole artifacts.

    \b
    Examples:
      textpipe export news --format word2vec-bin -o news.bin
      textpipe export latest --format glove -o - | gzip > vectors.txt.gz
    """
    from textpipe.operations.exchange import export_vectors

    if output == STDOUT and sys.stdout.isatty() and format == "word2vec-bin":
        raise UsageError("a terminal cannot show a binary file", hint="-o FILE")
    if output.lower().endswith((".gz", ".bz2", ".xz")):
        raise UsageError("files are written as they are", where=output, hint="-o - | gzip > FILE.gz")
    if output != STDOUT:
        check_writable(output, force=force)
    pieces = export_vectors(store, name, format)
    destination = Destination(path=output, given_format=format, formats=_FORMATS, force=force, bom=False)
    with destination.open_bytes() as write:
        for piece in pieces:
            write(piece)
