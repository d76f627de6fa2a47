"""`textpipe import`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from textpipe.cli.console import debug_option, note
from textpipe.cli.storing import stage_logs, uses_store

if TYPE_CHECKING:
    from textpipe.embeddings.formats import Errors, Format
    from textpipe.store.layout import Store

_FORMATS = ("word2vec-txt", "word2vec-bin", "glove")  # as embeddings.formats has them, which imports numpy


@click.command("import")
@click.argument("file", type=click.Path(path_type=str, readable=False))
@click.option("--format", type=click.Choice(_FORMATS), help="Format of FILE.  [default: by its content]")
@click.option("--name", metavar="NAME", help="What to call it, for similar --model NAME; latest means it anyway.")
@click.option(
    "--errors",
    type=click.Choice(("strict", "replace")),
    default="strict",
    show_default=True,
    help="At words that are not UTF-8: stop, or read on with U+FFFD.",
)
@click.option("-q", "--quiet", is_flag=True, help="No notes, no progress; errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was read.")
@uses_store
@debug_option
def import_(
    *, file: str, format: Format | None, name: str | None, errors: Errors, quiet: bool, verbose: bool, store: Store
) -> None:
    """Take a FILE of word vectors of another tool into the store, also a compressed one.

    It becomes an artifact like those of train-embeddings; prints its id. textpipe store import takes whole
    artifacts.

    \b
    Examples:
      textpipe import GoogleNews-vectors-negative300.bin.gz --name google
      textpipe import glove.6B.100d.txt --format glove --name glove
    """
    from textpipe.operations.exchange import import_vectors

    with stage_logs(shown=not quiet) as log_of:
        artifact = import_vectors(store, file, format=format, errors=errors, name=name, log_of=log_of)
    if verbose and not quiet:
        metrics, params = artifact.manifest.metrics, artifact.manifest.params
        note(f"{metrics['words']:,} words, {metrics['dimensions']:,} dimensions, read as {params['format']}")
    click.echo(artifact.address)
